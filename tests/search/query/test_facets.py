"""The counts beside the hits, and what is there after one of them was chosen."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from search.models import Asset
from search.query import Query, answer, facets
from search.query.facets import FACETS, MOST
from tests.support.factories import make_asset, make_assets, make_user
from tests.support.placed import place, put, set_thresholds

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def knows_colours(fake_encoder):
    pass


def ask(query: Query):
    return answer(query, make_user(), with_facets=True)


def counts(result) -> dict[tuple[str, str], int]:
    choices = (choice for choices in result.facets.values() for choice in choices)
    return {(choice.facet, choice.value): choice.assets for choice in choices}


@pytest.fixture
def library():
    """Assets at many distances that share labels, collections, colours, formats and years."""
    each = [
        {
            "title": f"{'red ' * (number % 5 == 0)}{number}",
            "colour": ("red", "blue", "green")[number % 3],
            "size": ((60, 40), (40, 60), (50, 50), (90, 30), (52, 50))[number % 5],
            "labels": (("house", "old"), ("house",), (), ("new",))[number % 4],
            "collection": ("water", "farm", "")[number % 3],
            "taken": datetime(2018 + number % 4, 12, 31, 23, 30, tzinfo=UTC)
            if number % 2
            else None,
        }
        for number in range(24)
    ]
    assets = place({fields["title"]: (n + 1) / 25 for n, fields in enumerate(each)}, each)
    Asset.objects.filter(pk__in=[asset.pk for asset in assets[::3]]).update(format="JPEG")


THRESHOLDS = [None, (0.2, 0.5), (0.3, 0.31)]
QUERIES = ["", "red", "red -blue", "-blue", '"red"']


@pytest.mark.parametrize("thresholds", THRESHOLDS)
@pytest.mark.parametrize("everything", [True, False])
def test_a_count_is_the_number_of_hits_once_it_is_chosen(
    library, monkeypatch, thresholds, everything
):
    if thresholds:
        set_thresholds(monkeypatch, *thresholds)
    for text in QUERIES:
        query = Query.of(text, everything=everything)
        offered = counts(ask(query))
        assert offered, text
        chosen = {choice: ask(query.plus(*choice)) for choice in offered}
        assert {choice: result.count for choice, result in chosen.items()} == offered, text
        assert {choice: len(result.hits) for choice, result in chosen.items()} == offered, text


@pytest.mark.parametrize("text", ["", "red"])
def test_the_counts_after_a_choice_are_those_of_both_choices(library, monkeypatch, text):
    set_thresholds(monkeypatch, 0.2, 0.7)
    query = Query.of(text).plus("label", "house")
    for choice, assets in counts(ask(query)).items():
        assert ask(query.plus(*choice)).count == assets


def test_a_choice_that_would_change_nothing_is_not_offered():
    put(0.1, labels=("house",))
    put(0.2, labels=("house", "old"))
    assert counts(ask(Query.of("red"))) == {("label", "old"): 1}


def test_what_was_chosen_is_not_offered_again(library):
    result = ask(Query.of("red").plus("label", "house"))
    assert ("label", "house") not in counts(result)


def test_beside_a_chosen_shape_no_other_is_offered_since_both_leave_more():
    for size in ((300, 100), (120, 100), (100, 200)):
        put(0.1, size=size)
    offered = counts(ask(Query().plus("orientation", "landscape")))
    assert not {value for facet, value in offered if facet == "orientation"}


def test_the_most_frequent_come_first_and_no_more_than_a_dozen():
    for number in range(MOST + 3):
        put(0.1, labels=("many", f"label {number:02}") if number else ("many",))
    put(0.2)
    labels = ask(Query.of("red")).facets["label"]
    assert [choice.value for choice in labels][:2] == ["many", "label 01"]
    assert len(labels) == MOST


def test_the_facets_come_in_one_order(library):
    assert list(ask(Query.of("red")).facets) == [name for name in FACETS if name != "size"]


def test_a_collection_is_offered_by_its_name(library):
    asset = Asset.objects.filter(collections__slug="water").first()
    asset.collections.update(name="The Water")
    [water] = [c for c in ask(Query()).facets["collection"] if c.value == "water"]
    assert water.name == "The Water"


def test_where_nothing_matches_nothing_is_offered(library, monkeypatch):
    set_thresholds(monkeypatch, 0.001, 0.002)
    assert ask(Query.of("purple")).facets == {}


def test_an_asset_that_nobody_may_see_is_not_counted(library):
    from django.contrib.auth.models import AnonymousUser

    assert answer(Query(), AnonymousUser(), with_facets=True).facets == {}


def test_an_asset_that_is_not_embedded_yet_is_not_counted_among_hits():
    put(0.1, labels=("house",))
    put(0.2)
    make_asset(title="new", labels=("house",))
    result = ask(Query.of("red"))
    assert (result.count, counts(result)) == (2, {("label", "house"): 1})


def test_facets_are_left_away_where_no_one_asked_for_them(library):
    assert answer(Query.of("red"), make_user()).facets == {}


# Of a large library a sample


@pytest.fixture
def sampled(monkeypatch):
    """Of 64 assets whose ids are spread evenly, one in four is counted."""
    make_assets(
        [
            {
                "id": UUID(int=number << 122),
                "title": f"{number}",
                "colour": ("red", "blue")[number % 4 == 0],
                "labels": ("rare",) if number == 63 else (),
            }
            for number in range(64)
        ]
    )
    monkeypatch.setattr(facets, "_share", lambda: 0.25)
    monkeypatch.setattr(facets, "LEAST_SAMPLE", 10)


def test_a_sample_tells_how_many_there_are_in_two_digits(sampled):
    result = ask(Query())

    assert (result.count, result.is_sampled) == (64, True)
    assert counts(result)["colour", "red"] == 48
    assert facets.scale(1234, 0.01) == 120_000


def test_of_what_few_assets_have_all_are_counted(sampled):
    result = ask(Query().plus("label", "rare"))

    assert (result.count, result.is_sampled) == (1, False)


def test_without_facets_the_same_is_counted(sampled):
    assert facets.count(Asset.objects.all()) == (64, True)
    assert facets.count(Asset.objects.labelled("rare")) == (1, False)


def test_a_library_of_usual_size_is_counted_as_a_whole():
    assert facets._share() == 1
    assert facets.scale(1234, 1) == 1234
