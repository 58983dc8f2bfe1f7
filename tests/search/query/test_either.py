"""OR between two descriptions, and between two values of a filter."""

import pytest
from django.db import connection

from search.forms import SearchForm, data_of
from search.matches import thresholds
from search.models import Asset
from search.query import Query, answer
from search.query.filters import read_box
from search.query.permitted import permitted
from search.query.sides import limits_of, nearest_of_any
from search.query.vectors import encode
from search.query.words import Words
from tests.support.factories import make_asset, make_encoder, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def library(fake_encoder):
    make_asset(title="barn", colour="red", embedded=True, labels=("farm",), collection="land")
    make_asset(title="sea", colour="blue", embedded=True, labels=("water",), collection="coast")
    make_asset(title="meadow", colour="green", embedded=True, labels=("farm", "grass"))


@pytest.fixture
def only_near(monkeypatch, library):
    near = thresholds.Thresholds(strong=0.1, possible=0.3)
    monkeypatch.setattr(thresholds, "thresholds_of", lambda *args: near)


def form_of(text: str) -> SearchForm:
    form = SearchForm(data_of({"q": [text]}), make_user())
    form.is_valid()
    return form


def titles(text: str) -> set[str]:
    form = form_of(text)
    assert form.sentences() == []
    return {hit.asset.title for hit in answer(form.query(), make_user()).hits}


def sides(text: str) -> list[str]:
    return [str(side) for side in Words.parse(text).alternatives]


# What is read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "alternatives"),
    [
        ("cat OR dog", ["cat", "dog"]),
        ("a cat on a sofa OR a dog", ["a cat on a sofa", "a dog"]),
        ('"old barn" OR sea OR red', ['"old barn"', "sea", "red"]),
        ("cat OR dog -snow", ["cat -snow", "dog -snow"]),
        *(
            (text, [text])
            for text in ("cat or dog", "OR gate", "Portland OR", "OR", '"cat OR dog"')
        ),
    ],
)
def test_an_or_in_capitals_stands_between_descriptions(text, alternatives):
    assert sides(text) == alternatives


def test_no_side_of_an_or_reaches_the_encoder_with_it(library, encoded):
    answer(Query.of("red OR blue"), make_user())
    assert sorted(encoded) == ["blue", "red"]


@pytest.mark.parametrize(
    "text", ["cat OR label:farm", "label:farm OR cat", "cat OR -dog", "label:farm OR colour:red"]
)
def test_an_or_that_joins_nothing_says_so(library, text):
    [sentence] = form_of(text).sentences()
    assert (
        "OR stands between two descriptions, or between two values of the same filter" in sentence
    )


def test_so_many_descriptions_are_too_many():
    assert form_of("a OR b OR c OR d OR e").sentences() == [
        "At most 4 descriptions can be joined by OR."
    ]


def test_values_are_joined_in_one_place_only(library):
    text = "label:farm OR label:water label:grass OR label:water"
    assert form_of(text).sentences() == [
        "The values of “label” can be joined by OR in one place only."
    ]


def test_a_page_of_any_label_is_called_after_them(library, reader_client):
    page = reader_client.get("/", {"q": "label:farm OR label:water"}).content.decode()
    assert '<h1 class="aside">farm, water</h1>' in page


def test_values_of_a_filter_are_joined_in_the_canonical_form(library):
    query = form_of("red label:farm OR label:water collection:land OR collection:coast").query()
    assert query.url() == (
        "q=red&any_collection=coast&any_collection=land&any_label=farm&any_label=water"
    )


@pytest.mark.parametrize(
    "text", ["cat OR dog -snow", "label:farm OR label:water OR", "OR OR a OR b"]
)
def test_what_is_written_again_is_read_the_same(library, text):
    query = form_of(text).query()
    form = SearchForm(data_of(query.parameters()), make_user())
    assert form.is_valid() and form.query() == query
    assert read_box(str(query.words)) == query.words


# What is found -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("red OR blue", {"barn", "sea"}),
        ("red OR green", {"barn", "meadow"}),
        ("barn OR nothing", {"barn"}),
        ("red OR blue -sea", {"barn"}),
        ('"barn" OR blue', {"barn", "sea"}),
        ("red", {"barn"}),
    ],
)
def test_a_hit_fits_one_of_the_descriptions(only_near, text, hits):
    assert titles(text) == hits


def test_labels_and_collections_that_an_or_stands_between_leave_what_has_any(library):
    assert titles("label:grass OR label:water") == {"meadow", "sea"}
    assert titles("collection:land OR collection:coast") == {"barn", "sea"}
    assert titles("format:png OR format:jpg") == {"barn", "sea", "meadow"}


def test_control_labels_without_an_or_leave_what_has_each(library):
    assert titles("label:grass label:water") == set()


def test_quoted_words_bind_their_own_side(library):
    make_asset(title="old barn", colour="blue", embedded=True)
    both = permitted(Query.of('"old barn" OR "sea"'), make_user())
    assert {asset.title for asset in both} == {"old barn", "sea"}
    assert permitted(Query.of('"old barn" OR red'), make_user()).count() == 4


def test_words_of_either_are_found_where_no_encoder_answers():
    make_asset(title="red barn")
    make_asset(title="blue sea")
    make_asset(title="red sea")
    result = answer(Query.of("red barn OR blue sea"), make_user())
    assert {hit.asset.title for hit in result.hits} == {"red barn", "blue sea"}


def test_distances_to_each_side_are_measured_by_its_own_thresholds(library, monkeypatch):
    red, blue = thresholds.Thresholds(0.1, 0.3), thresholds.Thresholds(0.5, 0.9)
    monkeypatch.setattr(
        thresholds, "thresholds_of", lambda vector, *args: red if vector[0] > 0 else blue
    )
    encoded = encode(Query.of("red OR blue"), make_encoder(), make_user())
    _, (sql, values) = nearest_of_any(encoded, Asset.objects.all(), limit=10)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        distances = {str(pk): distance for pk, _, distance in cursor.fetchall()}
    sea = distances[str(Asset.objects.get(title="sea").pk)]
    # To blue it is 0: as far before "strong" as 0.5, in widths of "possible" half as wide.
    assert limits_of(encoded) == red
    assert sea == pytest.approx(0.3 - 0.9 * 0.5, abs=0.01)
    assert len(distances) == 3
