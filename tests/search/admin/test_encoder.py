import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError as MessageNotSent

from search.admin import encoder as encoder_admin
from search.models import Encoder, EncoderRequest
from search.models.vector_index import VectorIndex
from tests.support.factories import make_asset, make_encoder
from workers.encoders.protocol import CheckpointError

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:search_encoder_changelist"), reverse("admin:search_encoder_add")


@pytest.fixture
def rung(monkeypatch):
    """The rings of the bell that no worker hears."""
    bells = []
    monkeypatch.setattr(encoder_admin, "ring", lambda: bells.append(True))
    return bells


@pytest.fixture
def two():
    make_encoder(slug="old", revision="0")
    return make_encoder(slug="new", revision="2", state="ready")


def run(client, action, encoder, **fields):
    return client.post(LIST, {"action": action, "_selected_action": [encoder.pk]} | fields)


def text_of_list(client) -> str:
    return client.get(LIST).content.decode()


def test_the_list_says_how_far_each_is(staff_client):
    make_encoder(problem="Its files are gone.")
    make_asset(embedded=True)
    make_asset()

    page = text_of_list(staff_client)

    for words in ("1 of 2", "0.0", "60 s", "SigLIP, 4 dimensions", "Its files are gone."):
        assert words in page


def test_it_says_how_far_an_index_is(staff_client, monkeypatch):
    encoder = make_encoder()
    assert "missing" not in text_of_list(staff_client)

    encoder.drop_index()
    assert "missing" in text_of_list(staff_client)

    monkeypatch.setattr(VectorIndex, "progress", lambda self: "loading tuples, 40 %")
    assert "loading tuples, 40 %" in text_of_list(staff_client)


def test_it_takes_a_few_queries(staff_client, two, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        text_of_list(staff_client)


def test_a_curator_asks_for_an_encoder(staff_client, rung, django_capture_on_commit_callbacks):
    assert staff_client.get(ADD).status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        answer = staff_client.post(ADD, {"checkpoint": "google/tiny", "slug": "mine"})

    assert answer.url == LIST and rung == [True]
    wish = EncoderRequest.objects.values("checkpoint", "revision", "patches", "slug").get()
    assert wish == {"checkpoint": "google/tiny", "revision": "", "patches": None, "slug": "mine"}
    assert EncoderRequest.objects.get().person.username == "curator"
    assert "<strong>google/tiny</strong>: A worker is to load it" in text_of_list(staff_client)


@pytest.mark.parametrize(("fields", "precision"), [({}, "fp32"), ({"precision": "int8"}, "int8")])
def test_a_curator_may_ask_for_8_bits(staff_client, rung, fields, precision):
    staff_client.post(ADD, {"checkpoint": "google/tiny"} | fields)
    assert EncoderRequest.objects.get().precision == precision


def test_the_list_says_what_8_bits_cost(staff_client):
    proof = {"recall": 0.912, "before": 0.914, "kind": "words", "same": 0.98, "moved": 0.02}
    make_encoder(precision="int8", proof=proof)
    assert "8 bits: recall@10 0.912, in single precision 0.914" in text_of_list(staff_client)


def test_while_it_is_added_the_list_says_so(staff_client):
    EncoderRequest.objects.ask(checkpoint="google/tiny")
    EncoderRequest.objects.claim()
    assert "<strong>google/tiny</strong>: A worker loads it" in text_of_list(staff_client)


def test_what_could_not_be_added_says_why_on_the_list(staff_client):
    EncoderRequest.objects.ask(checkpoint="google/tiny")
    EncoderRequest.objects.claim().fail(CheckpointError("weights_as_pickle", name="google/tiny"))
    assert (
        "<strong>google/tiny</strong>: google/tiny has its weights as pickle only"
        in text_of_list(staff_client)
    )


def test_without_redis_the_request_waits_for_a_worker(
    staff_client, monkeypatch, settings, django_capture_on_commit_callbacks
):
    def unsent(*given, **options):
        raise MessageNotSent("Redis is away")

    settings.CELERY_TASK_ALWAYS_EAGER = False
    monkeypatch.setattr("celery.canvas.Signature.apply_async", unsent)
    with django_capture_on_commit_callbacks(execute=True):
        staff_client.post(ADD, {"checkpoint": "google/tiny"})
    assert EncoderRequest.objects.claimable().exists()


@pytest.mark.parametrize("fields", [{}, {"checkpoint": "a/b", "patches": "many"}])
def test_a_form_that_will_not_do_is_shown_again(staff_client, fields):
    answer = staff_client.post(ADD, fields)

    assert 'role="alert"' in answer.content.decode()
    assert not EncoderRequest.objects.exists()


@pytest.mark.parametrize("action", ["promote", "retire", "remove"])
def test_nothing_happens_before_it_is_confirmed(staff_client, two, action):
    answer = run(staff_client, action, two)

    assert f"{action.capitalize()} new?" in answer.content.decode()
    two.refresh_from_db()
    assert (two.state, two.promote_when_ready, two.removal_requested) == ("ready", False, None)


def test_promoting_is_left_to_who_can_see_that_a_query_worker_has_it(staff_client, two):
    run(staff_client, "promote", two, confirmed="yes")
    two.refresh_from_db()
    assert two.promote_when_ready


def test_retiring(staff_client, two):
    run(staff_client, "retire", two, confirmed="yes")
    two.refresh_from_db()
    assert two.state == "retired"


def test_removing(staff_client, two):
    run(staff_client, "remove", two, confirmed="yes")
    assert "being removed" in text_of_list(staff_client)


@pytest.mark.parametrize("action", ["retire", "remove"])
def test_the_serving_encoder_stays_and_the_curator_reads_why(staff_client, two, action):
    old = Encoder.objects.get(slug="old")
    run(staff_client, action, old, confirmed="yes")
    assert "old serves" in text_of_list(staff_client)
    assert Encoder.objects.get(slug="old").state == "serving"


def test_one_at_a_time(staff_client, two):
    chosen = [encoder.pk for encoder in Encoder.objects.all()]
    staff_client.post(LIST, {"action": "retire", "_selected_action": chosen, "confirmed": "yes"})
    assert "Choose one encoder." in text_of_list(staff_client)


def test_who_is_not_staff_adds_nothing(reader_client):
    assert reader_client.post(ADD, {"checkpoint": "google/tiny"}, follow=True).status_code == 403
