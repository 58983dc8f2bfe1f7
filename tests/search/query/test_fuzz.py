"""Whatever stands in an address, the page answers with hits or a sentence."""

from urllib.parse import quote

import pytest

from bench import fuzz
from search.models import Asset
from search.query import Example
from tests.support.factories import picture
from tests.support.promises import only_in_full

pytestmark = pytest.mark.django_db

PART = 125


@pytest.fixture
def client(fake_encoder):
    return fuzz.furnish()


# A quarter of them in `make check`, the others in `make chaos`.
@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=only_in_full) for n in (1, 2, 3))])
def test_five_hundred_random_requests_are_answered(client, part):
    several = list(fuzz.requests(500, seed=part))[part * PART : (part + 1) * PART]
    answers = ((request, fuzz.complaint(fuzz.ask(client, request))) for request in several)
    wrong = [(request, complaint) for request, complaint in answers if complaint]
    assert wrong == []


# What can't be read, and the sentence about it ---------------------------------------------------

MALFORMED = {
    "like=nosuch": "neither an asset nor a query picture",
    f"like={fuzz.UNSEEN}": "not in the library",
    f"like={fuzz.ASSETS[0]}@0.5,0.5,0.6,0.6": "outside of the picture",
    f"like={fuzz.ASSETS[0]}@0,0,0.001,1": "too small",
    f"like={fuzz.ASSETS[0]}@0,0,nan,1": "four numbers",
    f"like={fuzz.ASSETS[0]}*nan": "A weight is a number",
    f"like={fuzz.ASSETS[0]}*inf": "A weight is a number",
    "unlike=" + "&unlike=".join(fuzz.FORGED[:30] + f"{n:02}" for n in range(41)): "At most 40 pict",
    "balance=nan": "a number from 0 to 1",
    "balance=2": "a number from 0 to 1",
    "sort=colour": "can be sorted by",
    "everything=yes": "A switch is 1",
    "page=x": "The page must be a number",
    "page=0": "counted from 1",
    "page=99999999999": "no page as far",
    "label=nosuch": "no label “nosuch”",
    "label=" + "a" * 10_000: "too long",
    "label=" + "&label=house" * 21: "At most 20",
    "label=a%00b": "a character that no text has",
    "collection=nosuch": "no collection",
    "owner=nobody": "Nobody here is called",
    "format=PDF": "is no format",
    "colour=mauve": "is no colour",
    "size=huge": "is no size",
    "state=lost": "is no state",
    "year=20": "is no year",
    "before=2024-02-30": "is no date",
    "after=0000": "is no date",
    "new_since=now": "is no moment",
    "label=house&not_label=house": "both asked for and left out",
    "after=2024&before=2023": "contradict each other",
    f"region_of={fuzz.ASSETS[0]}&left=0": "four numbers",
    f"region_of={fuzz.ASSETS[0]}&left=50&top=0&width=60&height=10": "outside of the picture",
}


@pytest.mark.parametrize("path", ["/", "/compare/"])
def test_what_can_not_be_read_gets_a_sentence(client, path):
    answers = {malformed: ask(client, path, malformed) for malformed in MALFORMED}
    assert {m: r.status_code for m, r in answers.items() if r.status_code != 400} == {}
    assert [m for m, r in answers.items() if MALFORMED[m] not in r.content.decode()] == []


@pytest.mark.parametrize("path", ["/", "/compare/"])
def test_beside_what_can_not_be_read_the_rest_is_kept(client, path):
    for malformed, sentence in MALFORMED.items():
        query = ask(client, path, malformed).context["query"]
        assert (query.text, query.diversity) == ("red", True), malformed
        if "unlike" in malformed or "like" not in malformed:
            assert Example.parse(fuzz.ASSETS[1]) in query.like, malformed
        if "contradict" not in sentence and "both" not in sentence:
            assert ("colour", "blue") in query.filters, malformed


def ask(client, path, malformed):
    return client.get(f"{path}?q=red&colour=blue&like={fuzz.ASSETS[1]}&diversity=1&{malformed}")


@pytest.mark.parametrize(
    ("box", "sentence"),
    [
        ("red" + " -y" * 50, "At most 10 words"),
        ("a" * 10_000, "too long"),
        ("red label:nosuch", "no label “nosuch”"),
        ("red before:soon", "is no date"),
        ("red -before:2024", "only a label can be left out"),
        ("red\0", "a character that no text has"),
    ],
)
def test_a_box_that_can_not_be_read_stays_as_it_was_typed(client, box, sentence):
    response = client.get("/", {"q": box, "colour": "blue"})

    page = response.content.decode()
    assert response.status_code == 400
    assert sentence in page
    assert response.context["query"].filters == (("colour", "blue"),)
    if "label" not in sentence and "date" not in sentence:
        assert box[:30].strip("\0") in page


def test_of_several_examples_those_that_are_there_are_kept(client):
    response = client.get("/", {"like": [fuzz.ASSETS[0], fuzz.UNSEEN, "nosuch"]})
    assert response.context["query"].like == (Example.parse(fuzz.ASSETS[0]),)


def test_of_several_labels_those_that_are_there_are_kept(client):
    response = client.get("/", {"label": ["house", "nosuch"]})
    assert response.context["query"].filters == (("label", "house"),)


def test_each_thing_that_can_not_be_read_gets_its_sentence(client):
    page = client.get("/", {"label": ["one", "two"], "balance": "x"}).content.decode()
    assert all(words in page for words in ("“one”", "“two”", "from 0 to 1"))


def test_a_forged_token_gets_a_sentence(client):
    page = client.get("/", {"like": fuzz.FORGED}).content.decode()
    assert "no longer kept" in page


def test_the_picture_of_another_person_is_not_asked_by(client, reader_client):
    import io

    data = io.BytesIO()
    picture("red").save(data, "PNG")
    data.seek(0)
    data.name = "red.png"
    address = client.post("/query-pictures/", {"picture": data}).url

    assert client.get(address).context["answer"].hits
    response = reader_client.get(address)
    assert response.context["answer"].hits == ()
    assert "no longer kept" in response.content.decode()


def test_a_part_of_a_picture_that_can_not_be_decoded_gets_a_sentence(client):
    broken = f"{fuzz.ASSETS[-1]}@0,0,0.5,0.5"
    response = client.get("/", {"like": broken})
    assert response.status_code == 200
    assert "This picture can&#x27;t be read" in response.content.decode()


def test_a_part_of_a_picture_whose_original_is_gone_gets_a_sentence(client):
    asset = Asset.objects.get(pk=fuzz.ASSETS[0])
    asset.original.storage.delete(asset.original.name)
    page = client.get("/", {"like": f"{asset.pk}@0,0,0.5,0.5"}).content.decode()
    assert "missing from the storage" in page


def test_a_picture_is_added_to_what_can_be_read_of_the_query(client):
    import io

    data = io.BytesIO()
    picture("red").save(data, "PNG")
    data.seek(0)
    data.name = "red.png"
    fields = {"picture": data, "q": "red", "label": ["house", "nosuch"], "balance": "nan"}
    response = client.post("/query-pictures/", fields)
    assert response.status_code == 302
    assert "q=red" in response.url and "label=house" in response.url


@pytest.mark.parametrize("name", ["q", "like", "label", "sort", "page", "left", "encoder"])
def test_bytes_that_are_no_text_are_answered(client, name):
    addresses = [
        f"{path}?{name}={raw}" for raw in fuzz.RAW for path in ("/", "/completions/", "/saved/")
    ]
    statuses = {address: client.get(address).status_code for address in addresses}
    assert {a: status for a, status in statuses.items() if status not in fuzz.ALLOWED} == {}


def test_what_ends_a_year_past_all_dates_is_answered(client):
    assert client.get("/", {"year": "9999"}).status_code == 200


def test_digits_of_another_script_are_no_year(client):
    assert client.get(f"/?year=1{quote('٢٣٤')}").status_code == 400
