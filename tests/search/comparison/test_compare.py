"""One query, several encoders: their columns, what moved and what they have in common."""

import pytest
from kombu.exceptions import OperationalError as MessageNotSent

from search.comparison.compare import HITS, NotComparable, choose, comparable, compare
from search.models import Embedding, Encoder
from search.query import Query
from tests.support.factories import make_asset, make_encoder, make_user
from tests.support.side_by_side import Pointing, answered, let_words_point, make_encoders

pytestmark = pytest.mark.django_db


def comparison(**orders: str):
    return compare(answered(**orders), make_user(), choose(list(orders), comparable()))


def titles(column) -> str:
    return "".join(spot.hit.asset.title for spot in column.spots)


# Columns


def test_each_encoder_answers_in_its_own_order():
    result = comparison(fake="abc", second="cab")

    assert [titles(column) for column in result.columns] == ["abc", "cab"]


def test_scores_and_ranks_are_each_encoder_s_own():
    first, second = comparison(fake="ab", second="b").columns

    assert [spot.rank for spot in first.spots] == [1, 2]
    assert second.spots[0].hit.score == pytest.approx(0.996, abs=0.001)


def test_as_many_hits_as_the_page_shows():
    letters = "abcdefghijklmnopq"

    (first, _) = comparison(fake=letters, second="a").columns

    assert titles(first) == letters[:HITS]


def test_vector_and_search_are_timed():
    for column in comparison(fake="a", second="a").columns:
        assert column.vector_ms > 0
        assert column.search_ms > 0


def test_an_asset_that_one_encoder_has_not_embedded_is_said_there_alone():
    query = answered(fake="abc", second="cab")
    Embedding.objects.filter(asset=query.like[0].asset, encoder__slug="second").delete()

    first, second = compare(query, make_user(), comparable()).columns

    assert titles(first) == "abc"
    assert (titles(second), second.sentence[:36]) == ("", "This asset is still being embedded; ")


def test_without_a_reference_the_next_column_is_one():
    query = answered(fake="abc", second="cab", third="abc")
    Embedding.objects.filter(asset=query.like[0].asset, encoder__slug="fake").delete()

    result = compare(query, make_user(), comparable())

    assert result.reference is result.columns[1]


def test_where_no_encoder_answers_no_hit_passes_for_one(monkeypatch):
    def unsent(*args):
        raise MessageNotSent

    make_encoders("fake", "second")
    make_asset(title="barn")
    monkeypatch.setattr("search.query.vectors.encode_text.delay", unsent)

    result = compare(Query.of("barn"), make_user(), comparable())

    assert [column.spots for column in result.columns] == [(), ()]
    (sentence,) = {column.sentence for column in result.columns}
    assert "The encoder is not answering" in sentence


def test_words_are_asked_of_each_encoder_in_its_own_space(monkeypatch):
    answered(fake="abc", second="cab")
    let_words_point(monkeypatch)

    result = compare(Query.of("red"), make_user(), comparable())

    orders = [[spot.hit.asset.title for spot in c.spots[1:]] for c in result.columns]
    assert orders == [[*"abc"], [*"cab"]]


def test_words_that_an_encoder_cuts_off_are_said_above_its_hits(monkeypatch):
    answered(fake="abc", second="cab")
    let_words_point(monkeypatch)
    monkeypatch.setattr(Pointing, "truncates", lambda encoder, text: encoder.row.slug == "second")

    first, second = compare(Query.of("red"), make_user(), comparable()).columns

    assert (first.sentence, second.sentence[:18]) == ("", "Only the first 64 ")
    assert len(second.spots) == 4


# What moved


def moves(column) -> list[tuple[str, int | None]]:
    return [(spot.hit.asset.title, spot.rose) for spot in column.spots]


def test_a_move_is_told_against_the_first_column():
    _, second = comparison(fake="abcd", second="cabd").columns

    assert moves(second) == [("c", 2), ("a", -1), ("b", -1), ("d", 0)]


def test_what_the_first_column_lacks_has_not_moved():
    _, second = comparison(fake="ab", second="xa").columns

    assert moves(second) == [("x", None), ("a", -1)]


def test_a_hit_that_no_other_column_has_is_only_there():
    columns = comparison(fake="abz", second="axy", third="xab").columns

    alone = [[s.hit.asset.title for s in column.spots if s.only_here] for column in columns]
    assert alone == [["z"], ["y"], []]


def test_beside_a_silent_column_nothing_is_only_here():
    query = answered(fake="abc", second="a")
    Embedding.objects.filter(asset=query.like[0].asset, encoder__slug="second").delete()

    first, _ = compare(query, make_user(), comparable()).columns

    assert not any(spot.only_here for spot in first.spots)


# What they have in common


@pytest.mark.parametrize(
    ("first", "second", "common", "overlap"),
    [("abcd", "dcba", 4, 1), ("abcd", "abxy", 2, 0.5), ("ab", "xy", 0, 0), ("abcd", "a", 1, 0.25)],
)
def test_overlap_at_k_of_a_pair(first, second, common, overlap):
    (pair,) = comparison(fake=first, second=second).pairs

    assert (pair.common, pair.overlap) == (common, overlap)


def test_every_two_columns_are_a_pair_and_neighbours_come_first():
    pairs = comparison(fake="ab", second="ab", third="ab").pairs

    assert [{pair.left.slug, pair.right.slug} for pair in pairs] == [
        {"fake", "second"},
        {"second", "third"},
        {"fake", "third"},
    ]
    assert [pair.are_neighbours for pair in pairs] == [True, True, False]


def test_a_silent_column_has_nothing_in_common_with_any():
    query = answered(fake="abc", second="a")
    Embedding.objects.filter(asset=query.like[0].asset, encoder__slug="second").delete()

    assert compare(query, make_user(), comparable()).pairs == []


# Which encoders


def slugs(encoders) -> list[str]:
    return [encoder.slug for encoder in encoders]


def test_the_serving_encoder_is_offered_first_and_then_the_newest():
    make_encoders("fake", "second", "third")

    assert slugs(comparable()) == ["fake", "third", "second"]


@pytest.mark.parametrize("state", ["building", "retired"])
def test_only_ready_and_serving_encoders_are_offered(state):
    make_encoders("fake", "second")
    make_encoder(slug="third", revision="third", state=state)

    assert slugs(comparable()) == ["fake", "second"]


def test_three_at_most_are_compared_unless_others_are_choose():
    make_encoders("fake", "second", "third")
    make_encoder(slug="fourth", revision="fourth", state=Encoder.State.READY)

    assert slugs(choose([], comparable())) == ["fake", "fourth", "third"]
    assert slugs(choose(["second", "fake"], comparable())) == ["second", "fake"]


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (["fake"], "Choose two or three"),
        (["fake", "fake"], "Choose two or three"),
        (["fake", "second", "third", "fourth"], "ready or serving"),
        (["fake", "nowhere"], "ready or serving"),
        (["fake", "a\0b"], "ready or serving"),
        (["", "fake"], "ready or serving"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(choice, sentence):
    make_encoders("fake", "second", "third")

    with pytest.raises(NotComparable, match=sentence):
        choose(choice, comparable())


@pytest.mark.parametrize("number", [0, 1])
def test_one_encoder_alone_is_told_how_to_get_another(number):
    make_encoders(*["fake"][:number])

    with pytest.raises(NotComparable, match="manage.py encoder add"):
        choose([], comparable())
