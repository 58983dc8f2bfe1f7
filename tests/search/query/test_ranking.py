"""The matched set: what is in it, in which order, and how it comes in pages."""

from itertools import count, product

import pytest

from search.query import Example, Query, Sort, answer, diversity, fusion, ranking
from tests.support.factories import make_asset, make_user
from tests.support.placed import put, put_all, set_thresholds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def knows_colours(fake_encoder):
    pass


@pytest.fixture
def calibrated(monkeypatch):
    """Strong up to 0.2, possible up to 0.5; one asset for each."""
    set_thresholds(monkeypatch, 0.2, 0.5)
    put_all({"at 0.1": 0.1, "at 0.4": 0.4, "at 0.9": 0.9})


def ask(text: str = "red", *, page: int = 1, size: int = 48, with_facets: bool = True, **parts):
    query = Query.of(text, **parts)
    return answer(query, make_user(), page=page, size=size, with_facets=with_facets)


def titles(result) -> list[str]:
    return [hit.asset.title for hit in result.hits]


def pages(text: str = "red", *, size: int, **parts) -> list[str]:
    """The titles of all pages, one after the other."""
    all_titles = []
    for page in count(1):
        result = ask(text, page=page, size=size, with_facets=False, **parts)
        all_titles += titles(result)
        if not result.has_more:
            return all_titles


def spread(number: int, **fields) -> list[str]:
    """So many assets, evenly from near to far; their titles in this order."""
    distances = [(place + 1) / (number + 1) for place in range(number)]
    return [asset.title for asset in put_all({f"at {d:g}": d for d in distances}, **fields)]


# Words and meaning -------------------------------------------------------------------------------


def test_a_file_name_comes_first_however_far_it_is():
    spread(5)
    put(1.9, title="trip", filename="IMG_4711.jpg")
    assert titles(ask("IMG_4711.jpg"))[0] == "trip"


def test_a_file_name_comes_first_also_without_its_ending():
    spread(5)
    put(1.9, title="trip", filename="IMG_4711.jpg")
    assert titles(ask("img_4711"))[0] == "trip"


def test_an_id_comes_first_however_far_it_is():
    spread(5)
    far = put(1.9, title="trip")
    assert titles(ask(str(far.pk)))[0] == "trip"


def test_a_hit_without_a_word_in_common_still_comes():
    put(0.1, title="barn")
    put(0.8, title="red sea")
    assert set(titles(ask("red"))) == {"barn", "red sea"}


def test_who_has_both_meaning_and_words_comes_before_who_has_one():
    put(0.1, title="sea")
    put(0.2, title="barn", description="all red")
    put(1.5, title="sun", description="all red")
    assert titles(ask("red"))[0] == "barn"


def test_a_hit_says_where_its_words_are():
    put(0.1, title="sea")
    put(0.2, title="barn", labels=("red",))
    why = {hit.asset.title: hit.why for hit in ask("red").hits}
    assert why == {"barn": ("label",), "sea": ()}


def test_an_asset_that_is_not_embedded_is_found_by_its_words():
    put(0.1, title="sea")
    make_asset(title="red barn")
    assert set(titles(ask("red"))) == {"sea", "red barn"}


def test_quoted_words_must_occur():
    put(0.1, title="sea")
    put(0.5, title="old red barn")
    put(0.5, title="red old barn")
    assert titles(ask('"red barn"')) == ["old red barn"]


# Thresholds ---------------------------------------------------------------------------------------


def test_what_does_not_match_is_not_shown_and_not_counted(calibrated):
    result = ask()
    assert [hit.match for hit in result.hits] == ["strong", "possible"]
    assert (result.count, result.has_rest, result.has_more) == (2, True, False)


def beginnings(result) -> list[tuple[str, str]]:
    return [(hit.asset.title, hit.begins) for hit in result.hits if hit.begins]


def test_strong_matches_come_before_possible_ones_and_each_begins_once(calibrated):
    put(0.3, title="red barn")  # Nearer than some, and with the word: possible all the same.
    put(0.15)
    result = ask(everything=True)
    assert [hit.match for hit in result.hits] == ["strong"] * 2 + ["possible"] * 2 + ["none"]
    assert beginnings(result) == [
        ("at 0.1", "strong"),
        ("red barn", "possible"),
        ("at 0.9", "none"),
    ]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_over_all_pages_each_match_begins_once(calibrated, size):
    for distance in (0.15, 0.45):
        put(distance)
    of_pages = [beginnings(ask(everything=True, page=page, size=size)) for page in range(1, 6)]
    assert [match for page in of_pages for _, match in page] == ["strong", "possible", "none"]


@pytest.mark.parametrize("parts", [{"sort": Sort.NEWEST}, {"diversity": True}])
def test_in_another_order_than_that_of_matches_none_begins(calibrated, parts):
    assert beginnings(ask(**parts)) == []


def test_where_nothing_matches_what_does_not_has_no_heading(monkeypatch):
    set_thresholds(monkeypatch, 0.01, 0.02)
    spread(3)
    assert beginnings(ask(everything=True)) == []


def test_everything_is_shown_when_it_is_asked_for(calibrated):
    result = ask(everything=True)
    assert [hit.match for hit in result.hits] == ["strong", "possible", "none"]
    assert (result.count, result.has_rest) == (3, False)


def test_words_in_common_are_a_match(calibrated):
    put(1.2, title="red barn")
    assert "red barn" in titles(ask("red"))


def test_the_beginning_of_another_word_is_no_match_and_the_first_of_the_rest(calibrated):
    put(1.2, title="redoubt")
    assert "redoubt" not in titles(ask("red"))
    assert titles(ask("red", everything=True))[2:] == ["redoubt", "at 0.9"]


def test_without_thresholds_the_beginning_of_a_word_is_found():
    put(0.1, title="sea")
    make_asset(title="redoubt")
    assert set(titles(ask("red"))) == {"sea", "redoubt"}


def test_who_is_called_just_so_is_a_strong_match(calibrated):
    put(1.2, title="red")
    assert [hit.match for hit in ask("red").hits if hit.asset.title == "red"] == ["strong"]


def test_where_nothing_matches_the_nearest_are_below(monkeypatch):
    set_thresholds(monkeypatch, 0.01, 0.02)
    nearest_first = spread(20)
    result = ask()
    assert (result.hits, result.count) == ((), 0)
    assert [hit.asset.title for hit in result.nearest] == nearest_first[:12]


def test_without_thresholds_everything_is_shown_and_nothing_is_called_a_match():
    spread(3)
    result = ask()
    assert (result.count, result.has_thresholds, result.has_rest) == (3, False, False)
    assert {hit.match for hit in result.hits} == {""}


@pytest.mark.parametrize("text", ["red", "red -blue", "at"])
def test_raising_the_bar_never_adds(monkeypatch, text):
    spread(20)
    titles_of = []
    for possible in (1.0, 0.7, 0.4, 0.2, 0.01):
        set_thresholds(monkeypatch, possible / 2, possible)
        titles_of.append(set(titles(ask(text))))
    assert all(higher <= lower for lower, higher in zip(titles_of, titles_of[1:], strict=False))


def test_the_number_shown_is_the_number_of_hits(monkeypatch):
    set_thresholds(monkeypatch, 0.2, 0.5)
    spread(30)
    assert ask(size=4).count == len(pages(size=4))


def test_a_mixed_query_is_judged_by_the_more_lenient_of_its_kinds(monkeypatch):
    from search.matches.thresholds import Thresholds

    of_kind = {"words": Thresholds(0.2, 0.9), "picture": Thresholds(0.1, 0.3)}
    monkeypatch.setattr(
        "search.matches.thresholds.thresholds_of", lambda vector, encoder, kind: of_kind[kind]
    )
    like = put(0.0, title="like")
    put(0.8)
    assert titles(ask("red", like=(Example(asset=like.pk),))) == ["at 0.8"]


# Pages -------------------------------------------------------------------------------------------


@pytest.fixture
def small_pool(monkeypatch):
    monkeypatch.setattr(fusion, "POOL", 6)
    monkeypatch.setattr(diversity, "POOL", 4)


@pytest.fixture
def mixed_library():
    """Some are near, some hold the words, or begin like them, some both; each title is another."""
    put_all(
        {f"near {number}": (number + 1) / 13 for number in range(12)}
        | {f"red {number}": 1.9 - number / 13 for number in range(12)}
        | {f"redoubt {number}": 1.8 - number / 13 for number in range(12)}
        | {f"red near {number}": number / 13 for number in range(4)}
    )


@pytest.mark.parametrize("thresholds", [None, (0.2, 0.5), (0.9, 2)])
def test_pages_hold_each_hit_once_and_in_one_order(
    small_pool, mixed_library, monkeypatch, thresholds
):
    if thresholds:
        set_thresholds(monkeypatch, *thresholds)
    for values in product(Sort, (True, False), (True, False)):
        parts = dict(zip(("sort", "everything", "diversity"), values, strict=True))
        whole, one_by_one = pages(size=1000, **parts), pages(size=9, **parts)
        assert len(one_by_one) == len(set(one_by_one)) == ask(size=9, **parts).count, parts
        assert whole == one_by_one, parts


def test_everything_begins_like_the_matches(small_pool, mixed_library, monkeypatch):
    set_thresholds(monkeypatch, 0.1, 0.3)
    matches = pages(size=5)
    assert pages(size=5, everything=True)[: len(matches)] == matches


def test_more_than_the_pool_may_match(small_pool, monkeypatch):
    set_thresholds(monkeypatch, 0.2, 1)
    nearest_first = spread(20)
    assert pages(size=5) == nearest_first
    assert (ask(size=5).count, ask(size=5).is_whole) == (20, True)


def test_more_than_the_pool_may_hold_the_words(small_pool, monkeypatch):
    set_thresholds(monkeypatch, 0.01, 0.02)
    spread(20, description="all red")
    assert ask(size=5).count == len(pages(size=5)) == 20


def test_of_very_many_with_a_word_those_that_are_near_or_called_so_are_ranked(monkeypatch):
    monkeypatch.setattr(fusion, "COMMON", 2)
    monkeypatch.setattr(fusion.facets, "library_size", lambda: 100)
    monkeypatch.setattr(fusion, "POOL", 10)
    set_thresholds(monkeypatch, 0.2, 0.5)
    put_all({f"red {number}": 1.5 for number in range(100)})
    put(0.4, title="red barn")
    put(1.9, title="red")
    result = ask()
    whys = {hit.asset.title: hit.why for hit in result.hits}
    assert titles(result)[0] == "red"
    assert "title" in whys["red barn"]
    assert result.count < 60  # The 50 nearest, and some of the others.


def test_of_more_than_are_looked_through_the_count_says_so(small_pool, monkeypatch):
    monkeypatch.setattr(ranking, "MOST", 10)
    set_thresholds(monkeypatch, 0.2, 1)
    nearest_first = spread(20)
    result = ask(size=48)
    assert (titles(result), result.count, result.is_whole) == (nearest_first[:10], 10, False)


@pytest.mark.parametrize("everything", [True, False])
def test_pages_go_on_where_near_duplicates_have_collapsed(small_pool, everything):
    first = put(0.01)
    for number in range(10):
        put(0.02 + number / 100, title=f"copy {number}", cluster=first.pk)
    type(first).objects.filter(pk=first.pk).update(cluster=first.pk)
    others = [put(0.3 + number / 100).title for number in range(10)]
    assert pages(size=4, everything=everything) == [first.title, *others]


# Sorts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (Sort.NEWEST, ["at 0.3", "at 0.1", "at 0.2"]),
        (Sort.OLDEST, ["at 0.2", "at 0.1", "at 0.3"]),
        (Sort.NAME, ["at 0.1", "at 0.2", "at 0.3"]),
        (Sort.RELEVANCE, ["at 0.1", "at 0.2", "at 0.3"]),
    ],
)
def test_sorts_are_inside_the_matched_set(monkeypatch, sort, expected):
    set_thresholds(monkeypatch, 0.2, 0.5)
    for distance in (0.2, 0.1, 0.9, 0.3):
        put(distance)
    assert titles(ask(sort=sort)) == expected


@pytest.mark.parametrize("text", ["red", ""])
@pytest.mark.parametrize(
    ("sort", "expected"),
    [(Sort.LARGEST, ["large", "middle", "small"]), (Sort.SMALLEST, ["small", "middle", "large"])],
)
def test_the_size_is_that_of_the_original(text, sort, expected):
    for title, size in (("middle", (40, 40)), ("large", (900, 900)), ("small", (2, 2))):
        put(0.1, title=title, size=size)
    assert titles(ask(text, sort=sort)) == expected


@pytest.mark.parametrize("text", ["red", ""])
def test_the_latest_taken_come_first_and_those_of_an_unknown_day_last(text):
    from datetime import UTC, datetime

    put(0.1, title="unknown")
    put(0.2, title="early", taken=datetime(2001, 1, 1, tzinfo=UTC))
    put(0.3, title="late", taken=datetime(2020, 1, 1, tzinfo=UTC))
    assert titles(ask(text, sort=Sort.TAKEN)) == ["late", "early", "unknown"]


@pytest.mark.parametrize("text", ["red", ""])
def test_names_are_sorted_whether_in_capitals_or_not(text):
    for title in ("barn", "Zoo", "apple", "IMG_10", "eagle"):
        put(0.1, title=title)
    expected = ["apple", "barn", "eagle", "IMG_10", "Zoo"]
    assert titles(ask(text, sort=Sort.NAME)) == expected


# Near-duplicates ---------------------------------------------------------------------------------


@pytest.fixture
def copies():
    first, second = put(0.1, title="original"), put(0.2, title="copy")
    put(0.3, title="another")
    type(first).objects.filter(pk__in=[first.pk, second.pk]).update(cluster=first.pk)


def test_near_duplicates_collapse_into_the_best_with_their_number(copies):
    result = ask()
    assert [(hit.asset.title, hit.duplicates) for hit in result.hits] == [
        ("original", 1),
        ("another", 0),
    ]
    assert result.count == 3


def test_near_duplicates_are_shown_each_by_itself_when_asked_for(copies):
    assert titles(ask(duplicates=True)) == ["original", "copy", "another"]


def test_assets_that_have_not_been_compared_do_not_collapse():
    put(0.1)
    put(0.2)
    assert len(ask().hits) == 2
