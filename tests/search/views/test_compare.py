"""The page that compares encoders, and what is said on it."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from search.models import Asset, Embedding, Encoder, JudgedQuery, Judgement, Preference
from tests.support.factories import make_asset, make_user
from tests.support.side_by_side import answered, let_words_point, make_encoders, put

pytestmark = pytest.mark.django_db
COMPARE, FITS, PREFER = reverse("compare"), reverse("judgements"), reverse("preferences")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def example():
    """An asset that two encoders answer differently."""
    return Asset.objects.get(pk=answered(fake="abc", second="cab").like[0].asset)


def text(response):
    return " ".join(response.content.decode().split())


def columns(page: str) -> dict[str, list[str]]:
    """The titles under each encoder's name."""
    parts = re.split(r'<h2 id="column-([\w-]+)">', page)[1:]
    by_name = zip(parts[::2], parts[1::2], strict=True)
    return {name: re.findall(r'tile__title" dir="auto">(\w+)<', part) for name, part in by_name}


def marks(page: str) -> list[str]:
    return re.findall(r'class="mark[^>]*>([^<]+)', page)


# The page


def test_two_encoders_answer_side_by_side(staff_client, example):
    page = text(staff_client.get(COMPARE, {"like": example.pk}))

    assert columns(page) == {"fake": ["a", "b", "c"], "second": ["c", "a", "b"]}


def test_what_moved_is_marked_without_any_script(staff_client, example):
    put_only_here = make_asset(title="d")
    put(Embedding.objects.get(asset=example, encoder__slug="second").encoder, put_only_here, 60)

    page = text(staff_client.get(COMPARE, {"like": example.pk}))

    assert marks(page) == ["▲ 2", "▼ 1", "▼ 1", "only here"]


def test_overlap_and_times_are_shown(staff_client, example):
    page = text(staff_client.get(COMPARE, {"like": example.pk}))

    assert "have 3 of 3 in common" in page
    assert "overlap@3 1.00" in page
    assert len(re.findall(r"vector \d+ ms, search \d+ ms", page)) == 2
    assert "Scores can be compared within a column only." in page


def test_encoders_are_chosen_in_the_url(staff_client):
    example = Asset.objects.get(pk=answered(fake="abc", second="cab", third="bca").like[0].asset)

    page = text(staff_client.get(f"{COMPARE}?like={example.pk}&encoder=third&encoder=fake"))

    assert list(columns(page)) == ["third", "fake"]


def test_filters_stay(staff_client, example):
    make_asset(title="other", collection="market")

    page = text(staff_client.get(COMPARE, {"like": example.pk, "collection": "market"}))

    assert "Nothing matches." in page
    assert '<input type="hidden" name="collection" value="market">' in page


def test_a_column_without_a_vector_says_so_and_the_others_go_on(staff_client, example):
    Embedding.objects.filter(asset=example, encoder__slug="second").delete()

    page = text(staff_client.get(COMPARE, {"like": example.pk}))

    assert columns(page) == {"fake": ["a", "b", "c"], "second": []}
    assert "This asset is still being embedded" in page
    assert marks(page) == []


def test_an_encoder_that_could_not_be_loaded_says_why(staff_client, example):
    Embedding.objects.filter(asset=example, encoder__slug="second").delete()
    Encoder.objects.filter(slug="second").update(problem="The file model.safetensors is cut.")

    page = text(staff_client.get(COMPARE, {"like": example.pk}))

    assert "try again in a moment. The file model.safetensors is cut." in page


def test_a_forgotten_picture_says_so_in_each_column(staff_client, example):
    page = text(staff_client.get(COMPARE, {"like": "0" * 32}))

    assert page.count("no longer kept; please choose it again") == 2
    assert "/query-pictures/0" not in page


def test_without_a_query_the_page_asks_for_one(staff_client, example):
    page = text(staff_client.get(COMPARE))

    assert "Describe a picture above" in page
    assert columns(page) == {}


def test_new_words_are_compared_too_by_the_same_encoders(staff_client, example):
    page = text(staff_client.get(COMPARE, {"like": example.pk}))

    assert f'role="search" method="get" action="{COMPARE}">' in page
    assert page.count('<input type="hidden" name="encoder" value="second">') == 2


def test_a_query_picture_chosen_here_comes_back_here(staff_client, example):
    with example.original.open() as original:
        picture = SimpleUploadedFile("mine.png", original.read())

    answer = staff_client.post(
        reverse("query_pictures"), {"picture": picture, "encoder": ["fake", "second"]}
    )

    assert answer.url.startswith(f"{COMPARE}?like=")
    assert answer.url.endswith("&encoder=fake&encoder=second")


def test_an_empty_library_says_so(staff_client, monkeypatch):
    make_encoders("fake", "second")
    let_words_point(monkeypatch)

    assert "No asset is embedded yet" in text(staff_client.get(COMPARE, {"q": "red"}))


@pytest.mark.parametrize("encoders", [[], ["fake"]])
def test_fewer_than_two_encoders_say_how_to_get_another(staff_client, encoders):
    make_encoders(*encoders)

    response = staff_client.get(COMPARE, {"q": "red"})

    assert response.status_code == 200
    assert "manage.py encoder add" in text(response)


@pytest.mark.parametrize(
    ("parameters", "status", "sentence"),
    [
        ("encoder=nowhere&encoder=fake", 400, "has to be ready or serving"),
        ("encoder=fake", 400, "Choose two or three encoders"),
        ("encoder=%00", 400, "has to be ready or serving"),
        (f"encoder={'a' * 5000}", 400, "has to be ready or serving"),
        (f"q={'a' * 1001}", 400, "This is too long"),
        ("q=a%00b", 400, "NUL"),
        ("like=barn", 400, "This is neither an asset nor a query picture"),
        ("like=00000000-0000-4000-8000-000000000001", 400, "This asset is not in the library."),
        ("like=../etc", 400, "This is neither an asset nor a query picture"),
        ("page=-1", 400, "Pages are counted from 1."),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(
    staff_client, example, parameters, status, sentence
):
    response = staff_client.get(f"{COMPARE}?{parameters}")

    assert response.status_code == status
    assert sentence in text(response)


def test_the_page_costs_a_fixed_number_of_queries(
    staff_client, example, django_assert_max_num_queries
):
    with django_assert_max_num_queries(28):
        staff_client.get(COMPARE, {"like": example.pk})


# Who may, and how to get there


@pytest.mark.parametrize("address", [COMPARE, FITS, PREFER])
def test_comparing_is_for_staff(reader_client, client, address):
    answer = reader_client.get if address == COMPARE else reader_client.post
    response = answer(address)

    assert response.status_code == 403
    assert "Only curators may" in text(response)


def test_strangers_sign_in_first(client):
    assert client.get(COMPARE).url.startswith("/sign-in/")


def test_the_search_page_leads_here_and_back_with_its_query(staff_client, example):
    page = text(staff_client.get("/", {"like": example.pk, "page": 1}))
    assert f'href="{COMPARE}?like={example.pk}"' in page

    page = text(staff_client.get(COMPARE, {"like": example.pk, "encoder": ["fake", "second"]}))
    assert f'href="/?like={example.pk}">' in page


def test_readers_see_no_link_to_it(reader_client, example):
    assert COMPARE not in text(reader_client.get("/", {"like": example.pk}))


# What is said


def say(client, address, example, headers=None, **fields):
    return client.post(f"{address}?like={example.pk}", fields, headers=headers)


def hit(title):
    return Embedding.objects.filter(asset__title=title)[0].asset


def pressed(page: str) -> list[tuple[str, str]]:
    return re.findall(r'name="(\w+)" value="(\w+)"[^>]* aria-pressed="true"', page)


def test_a_verdict_is_kept_and_shown_again(staff_client, example):
    response = say(staff_client, PREFER, example, left="fake", right="second", verdict="tie")

    assert response.url == f"{COMPARE}?like={example.pk}"
    assert pressed(text(staff_client.get(response.url))) == [("verdict", "tie")]


def test_a_judgement_is_kept_and_shown_in_every_column(staff_client, example):
    response = say(staff_client, FITS, example, hit=hit("a").pk, grade="0")

    assert response.url == f"{COMPARE}?like={example.pk}"
    assert pressed(text(staff_client.get(response.url))) == [("grade", "0")] * 2


def test_the_verdicts_of_others_are_not_shown(staff_client, example):
    say(staff_client, PREFER, example, left="fake", right="second", verdict="tie")
    staff_client.force_login(make_user("another", staff=True))

    assert pressed(text(staff_client.get(COMPARE, {"like": example.pk}))) == []


def test_with_htmx_a_verdict_answers_with_its_buttons(staff_client, example):
    response = say(staff_client, PREFER, example, HTMX, left="fake", right="second", verdict="left")

    assert text(response).startswith('<form class="verdict"')
    assert pressed(text(response)) == [("verdict", "left")]
    assert f'hx-post="{PREFER}?like={example.pk}"' in text(response)


def test_with_htmx_a_judgement_reaches_each_column(staff_client, example):
    asset = hit("b")

    page = text(say(staff_client, FITS, example, HTMX, hit=asset.pk, grade="1"))

    assert f"hx-swap-oob=\"outerHTML:[data-fits='{asset.pk}']\"" in page
    assert pressed(page) == [("grade", "1")]


def test_the_same_button_again_takes_it_back(staff_client, example):
    for _ in range(2):
        say(staff_client, FITS, example, hit=hit("a").pk, grade="1")
        say(staff_client, PREFER, example, left="fake", right="second", verdict="left")

    assert not Judgement.objects.exists()
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("address", "fields", "status"),
    [
        (FITS, {}, 400),
        (FITS, {"hit": "barn", "grade": "1"}, 400),
        (FITS, {"hit": "00000000-0000-4000-8000-000000000001", "grade": "1"}, 404),
        (FITS, {"hit": "a", "grade": "7"}, 400),
        (FITS, {"hit": "a", "grade": "\0"}, 400),
        (PREFER, {}, 400),
        (PREFER, {"left": "fake", "right": "nowhere", "verdict": "tie"}, 400),
        (PREFER, {"left": "fake", "right": "fake", "verdict": "tie"}, 400),
        (PREFER, {"left": "fake", "right": "second", "verdict": "both"}, 400),
        (PREFER, {"left": "fake", "right": "a\0b", "verdict": "tie"}, 400),
    ],
)
def test_what_is_no_judgement_is_refused_in_a_sentence(
    staff_client, example, address, fields, status
):
    fields = fields | ({"hit": hit("a").pk} if fields.get("hit") == "a" else {})

    response = say(staff_client, address, example, **fields)

    assert response.status_code == status
    assert "data-sentence" in text(response)
    assert not JudgedQuery.objects.exists()


@pytest.mark.parametrize("query", ["", "q=", f"q={'a' * 1001}", "like=barn", "page=0"])
def test_what_was_never_asked_is_not_judged(staff_client, example, query):
    response = staff_client.post(f"{FITS}?{query}", {"hit": hit("a").pk, "grade": "1"})

    assert response.status_code == 400


def test_a_forgotten_picture_is_not_judged(staff_client, example):
    response = staff_client.post(f"{FITS}?like={'0' * 32}", {"hit": hit("a").pk, "grade": "1"})

    assert response.status_code == 400
    assert "choose it again" in text(response)


def test_judging_needs_a_token(example):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("curator", staff=True))

    assert say(client, FITS, example, hit=hit("a").pk, grade="1").status_code == 403


def test_a_judgement_is_never_fetched(staff_client, example):
    assert staff_client.get(FITS).status_code == 405
    assert staff_client.get(PREFER).status_code == 405
