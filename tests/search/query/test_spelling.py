"""What is offered instead of words that no asset has."""

import pytest
from django.db import connection

from search.models import Asset, Word
from search.query import Query, spelling
from search.query.spelling import mistakes
from tests.support.factories import make_asset, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def library():
    make_asset(title="Bicycle, against a wall", filename="IMG_4711.jpg", labels=("street lamp",))
    make_asset(title="horse", description="A giraffe stands behind.", collection="Schwimmbäder")


def meant(text: str) -> str:
    query = spelling.correction(Query.of(text), make_user())
    return str(query.words) if query else ""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        *(("bicycel", "bicycle"), ("bycicle", "bicycle"), ("bicyle", "bicycle")),
        *(("Bicycel", "bicycle"), ("hosre", "horse"), ("lmap", "lamp"), ("girafe", "giraffe")),
        ("a bicycel by the wall", "a bicycle by the wall"),
        ('"bicycel wall" -horse', '"bicycle wall" -horse'),
        ("schwimbader", "schwimmbader"),
    ],
)
def test_a_misspelled_word_is_offered_as_an_asset_has_it(library, typed, offered):
    assert meant(typed) == offered


@pytest.mark.parametrize(
    "typed",
    [
        "bicycle",
        "bicyc",
        "horse",
        "unicorn",
        "bicycle unicorn",
        "IMG_4712",
        "hors",
        "the",
        "",
        "🐎",
    ],
)
def test_control_what_assets_have_and_what_is_like_nothing_is_left_as_it_is(library, typed):
    assert meant(typed) == ""


def test_a_word_to_leave_out_is_none_that_was_meant(library):
    assert meant("wall -bicycel") == ""


def test_the_rest_of_the_query_stays(library):
    query = Query.of("bicycel", filters=(("colour", "red"),), everything=True)
    corrected = spelling.correction(query, make_user())
    assert corrected.url() == "q=bicycle&colour=red"


def test_of_two_words_as_near_the_one_that_more_assets_have_is_offered(library):
    for title in ("mouse", "moose", "moose"):
        make_asset(title=title)
    assert meant("mooose") == "moose"
    assert meant("moise") == "moose"


def test_a_word_that_no_asset_has_any_more_is_not_offered(library):
    Asset.objects.filter(title="horse").delete()
    assert Word.objects.filter(word="horse").exists()
    assert meant("hosre") == ""


def test_a_word_that_only_others_may_see_is_not_offered(library, monkeypatch):
    from search.models.asset import AssetQuerySet

    monkeypatch.setattr(AssetQuerySet, "visible_to", lambda assets, user: assets.none())
    assert meant("hosre") == ""


def test_each_word_is_noted_once_and_numbers_and_names_are_not(library):
    make_asset(title="bicycle")
    words = list(Word.objects.values_list("word", flat=True))
    assert len(words) == len(set(words))
    assert {"bicycle", "against", "lamp", "giraffe", "schwimmbader", "img", "jpg"} < set(words)
    assert not any(set(word) & set("0123456789@= ") for word in words)


def test_words_that_no_asset_has_any_more_are_removed_in_their_turn(library):
    Word.objects.create(word="bicycle")
    Asset.objects.filter(title="horse").delete()
    for part in range(24):
        Word.objects.remove_stale(part)
    words = sorted(Word.objects.values_list("word", flat=True))
    assert words == ["against", "bicycle", "img", "jpg", "lamp", "street", "wall"]


def test_words_are_found_by_indexes(library):
    with connection.cursor() as cursor:
        # Of a few words, any other plan is as good.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        assert "using words on" in Word.objects.filter(word__startswith="bicy").explain()
        cursor.execute("SET LOCAL enable_bitmapscan = on")
        cursor.execute("DROP INDEX words")
        cursor.execute("EXPLAIN SELECT FROM search_word WHERE word %% %s", ["bicycel"])
        assert "words_by_trigrams" in str(cursor.fetchall())


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        *(
            ("horse", "horse", 0),
            ("hosre", "horse", 1),
            ("hrse", "horse", 1),
            ("hoorse", "horse", 1),
        ),
        *(
            ("house", "horse", 1),
            ("bycicle", "bicycle", 2),
            ("dog", "giraffe", 7),
            ("ca", "abc", 3),
        ),
    ],
)
def test_mistakes_are_letters_that_differ_and_neighbours_that_change_places(one, other, number):
    assert mistakes(one, other) == mistakes(other, one) == number


# On the page -------------------------------------------------------------------------------------


def test_the_page_offers_it_where_nothing_surely_fits(library, reader_client, fake_encoder):
    page = reader_client.get("/", {"q": "bicycel"}).content.decode()
    assert 'Did you mean <a href="/?q=bicycle"><bdi>bicycle</bdi></a>?' in page


def test_control_the_page_offers_nothing_for_words_that_assets_have(library, reader_client):
    assert "Did you mean" not in reader_client.get("/", {"q": "bicycle"}).content.decode()
