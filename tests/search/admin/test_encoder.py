from subprocess import CompletedProcess

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError as MessageNotSent

from search.admin import encoder as encoder_admin
from search.models import Encoder
from tests.support.factories import make_asset, make_encoder
from workers import add_encoder

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:search_encoder_changelist"), reverse("admin:search_encoder_add")


@pytest.fixture
def asked(monkeypatch):
    """What the workers were asked to add."""
    requests = []
    monkeypatch.setattr(encoder_admin.add_encoder, "delay", lambda *given: requests.append(given))
    return requests


@pytest.fixture
def added_apart(monkeypatch):
    """Lets `encoder add` end in a way, and keeps how it was called."""

    def ends(returncode, stderr=""):
        done = CompletedProcess([], returncode, "", stderr)
        monkeypatch.setattr(
            add_encoder.subprocess,
            "run",
            lambda command, **options: commands.append(command) or done,
        )
        return commands

    commands = []
    return ends


@pytest.fixture
def two():
    make_encoder(slug="old", revision="0")
    return make_encoder(slug="new", revision="2", state="ready")


def run(client, action, encoder, **fields):
    return client.post(LIST, {"action": action, "_selected_action": [encoder.pk]} | fields)


def said(client) -> str:
    return client.get(LIST).content.decode()


def test_the_list_says_how_far_each_is(staff_client):
    make_encoder(problem="Its files are gone.")
    make_asset(embedded=True)
    make_asset()

    page = said(staff_client)

    for words in ("1 of 2", "0.0", "60 s", "SigLIP, 4 dimensions", "Its files are gone."):
        assert words in page


def test_it_takes_a_few_queries(staff_client, two, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        said(staff_client)


def test_a_curator_adds_an_encoder(staff_client, asked):
    assert staff_client.get(ADD).status_code == 200

    answer = staff_client.post(ADD, {"checkpoint": "google/tiny", "slug": "mine"})

    assert answer.url == LIST
    assert asked == [("google/tiny", "", None, "mine")]
    assert "<strong>google/tiny</strong>: A worker is to load it" in said(staff_client)


def test_it_is_added_by_the_command(added_apart):
    commands = added_apart(0)
    add_encoder.note("google/tiny", "A worker is to load it.")

    add_encoder.add_apart("google/tiny", "", 256, "mine")

    options = ["--revision=", "--slug=mine", "--patches=256", "--", "google/tiny"]
    assert commands[0][1:] == ["manage.py", "encoder", "add", *options]
    assert add_encoder.notes() == {}


def test_what_could_not_be_added_says_why_on_the_list(staff_client, added_apart):
    added_apart(1, "Loading ...\nCommandError: It has its weights as pickle only.\n")

    add_encoder.add_apart("google/tiny", "", None, "")

    assert "<strong>google/tiny</strong>: It has its weights as pickle only." in said(staff_client)


def test_one_that_was_killed_while_it_was_loaded_says_so_too(staff_client, added_apart):
    added_apart(-9)
    add_encoder.add_apart("google/tiny", "", None, "")
    assert "is there the memory?" in said(staff_client)


def test_without_redis_a_curator_is_told_so(staff_client, monkeypatch):
    def unsent(*given):
        raise MessageNotSent("Redis is away")

    monkeypatch.setattr(encoder_admin.add_encoder, "delay", unsent)

    page = staff_client.post(ADD, {"checkpoint": "google/tiny"}).content.decode()

    assert "Redis does not answer" in page


@pytest.mark.parametrize("fields", [{}, {"checkpoint": "a/b", "patches": "many"}])
def test_a_form_that_will_not_do_is_shown_again(staff_client, asked, fields):
    answer = staff_client.post(ADD, fields)

    assert 'role="alert"' in answer.content.decode()
    assert asked == []


@pytest.mark.parametrize("action", ["promote", "retire", "remove"])
def test_nothing_happens_before_it_is_confirmed(staff_client, two, action):
    answer = run(staff_client, action, two)

    assert f"{action.capitalize()} new?" in answer.content.decode()
    two.refresh_from_db()
    assert (two.state, two.promote_when_ready, two.removal_asked) == ("ready", False, None)


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
    assert "being removed" in said(staff_client)


@pytest.mark.parametrize("action", ["retire", "remove"])
def test_the_serving_encoder_stays_and_the_curator_reads_why(staff_client, two, action):
    old = Encoder.objects.get(slug="old")
    run(staff_client, action, old, confirmed="yes")
    assert "old serves" in said(staff_client)
    assert Encoder.objects.get(slug="old").state == "serving"


def test_one_at_a_time(staff_client, two):
    chosen = [encoder.pk for encoder in Encoder.objects.all()]
    staff_client.post(LIST, {"action": "retire", "_selected_action": chosen, "confirmed": "yes"})
    assert "Choose one encoder." in said(staff_client)


def test_who_is_not_staff_adds_nothing(reader_client):
    assert reader_client.post(ADD, {"checkpoint": "google/tiny"}, follow=True).status_code == 403
