"""How the nearest assets are found: by the index or by comparing all, and that none is missed."""

import numpy as np
import pytest
from django.db import connection, transaction

from search.models import Asset
from search.query import nearest
from search.query.nearest import by_index, plan, searching
from search.query.query import Query
from search.query.sides import nearest_of_any
from search.query.vectors import EncodedQuery
from tests.support.factories import make_asset, make_encoder, make_user
from tests.support.fake_encoder import COLOURS, direction

pytestmark = pytest.mark.django_db
RED = direction(COLOURS["red"])


@pytest.fixture
def library():
    """Thirty assets, each of a direction of its own; every third is labelled."""
    encoder, random = make_encoder(), np.random.default_rng(7)
    for number in range(30):
        asset = make_asset(title=f"{number}", labels=("third",) if number % 3 == 0 else ())
        vector = random.normal(size=encoder.dimensions)
        assert asset.embeddings.get().fulfil(vector=vector / np.linalg.norm(vector))
    return encoder


@pytest.fixture
def never_few(monkeypatch):
    monkeypatch.setattr(nearest, "EXACT_BELOW", 5)


def visible():
    return Asset.objects.visible_to(make_user())


def planned(assets, encoder, kind="words", limit=20):
    return plan(assets, RED, encoder, kind, limit=limit)


def nearest_rows(how):
    with searching(how):
        return sorted(how.hits.values_list("distance", "pk"))


def exhaustive(assets, encoder, limit):
    return list(assets.exactly_nearest(RED, encoder).values_list("distance", "pk")[:limit])


def setting(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return cursor.fetchone()[0]


def test_few_assets_are_all_compared(library):
    assert planned(visible(), library).width is None


@pytest.mark.parametrize(("kind", "width"), [("words", 1000), ("picture", 200)])
def test_of_many_the_index_is_asked_at_the_width_of_the_kind(library, never_few, kind, width):
    assert planned(visible(), library, kind).width == width


def test_as_many_as_are_few_are_compared_and_one_more_are_not(library, monkeypatch):
    monkeypatch.setattr(nearest, "EXACT_BELOW", 10)
    assert planned(visible().labelled("third"), library).width is None
    monkeypatch.setattr(nearest, "EXACT_BELOW", 9)
    assert planned(visible().labelled("third"), library).width == 1000


def test_the_walk_keeps_at_least_as_many_as_are_wanted(library, never_few):
    assert planned(visible(), library, "picture", limit=500).width == 500


def test_more_than_the_index_can_keep_are_compared(library, never_few):
    assert planned(visible(), library, limit=1001).width is None


@pytest.mark.parametrize("limit", [3, 10, 20])
@pytest.mark.parametrize("kind", ["words", "picture"])
@pytest.mark.parametrize("below", [5, 20_000])
def test_a_filter_leaves_as_many_hits_as_pass_it_and_the_nearest(
    library, monkeypatch, below, kind, limit
):
    monkeypatch.setattr(nearest, "EXACT_BELOW", below)
    assets = visible().labelled("third")
    hits = nearest_rows(planned(assets, library, kind, limit))
    assert len(hits) == min(limit, 10)
    assert hits == exhaustive(assets, library, limit)


def test_a_filter_starves_no_walk_that_keeps_fewer_than_it_needs(library, monkeypatch, never_few):
    monkeypatch.setattr(nearest, "WIDTHS", {"words": 1})
    assets = visible().labelled("third")
    assert nearest_rows(planned(assets, library, limit=10)) == exhaustive(assets, library, 10)


@pytest.fixture
def large(monkeypatch, never_few):
    """A library so large that a walk for words goes on beyond its width."""
    monkeypatch.setattr(nearest.facets, "library_size", lambda: 100)
    monkeypatch.setattr(nearest.facets, "EXACT", 50)
    monkeypatch.setattr(nearest.facets, "SAMPLE", 100)
    monkeypatch.setattr(nearest, "REACH", 0.9)
    monkeypatch.setattr(nearest, "WIDEST", 5)


@pytest.mark.parametrize(("label", "reach"), [("", 27), ("third", 9)])
def test_of_very_many_a_walk_for_words_goes_on_and_the_nearest_count(library, large, label, reach):
    assets = visible().labelled(label) if label else visible()
    how = planned(assets, library, limit=3)
    assert len(nearest_rows(how)) == reach
    assert library.index_name in explained(how)
    assert nearest_rows(how)[:3] == exhaustive(assets, library, 3)


def test_of_what_a_walk_reached_as_many_as_are_asked_for_are_ranked(library, large):
    encoded = EncodedQuery(Query.of("red"), library, RED)
    plan, (sql, values) = nearest_of_any(encoded, visible(), limit=3)
    with searching(plan), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {sql}", values)
        walk = next(line for (line,) in cursor.fetchall() if "Index Scan using hnsw" in line)
        assert "rows=27" in walk  # Not only the three that it returns first.
        cursor.execute(sql, values)
        ranked = [(distance, pk) for pk, _, distance in cursor.fetchall()]
    assert ranked == exhaustive(visible(), library, 3)


def test_of_very_many_a_walk_for_a_picture_is_as_usual(library, large):
    assert len(nearest_rows(planned(visible(), library, "picture", limit=3))) == 3


@pytest.mark.parametrize(("few", "width"), [(9, 5), (10, None)])
def test_of_very_many_a_walk_goes_on_to_all_that_are_wanted_unless_few(
    library, large, monkeypatch, few, width
):
    monkeypatch.setattr(nearest, "FAR_EXACT_BELOW", few)
    how = planned(visible().labelled("third"), library, limit=8)
    assert how.width == width
    assert nearest_rows(how)[:8] == exhaustive(visible().labelled("third"), library, 8)


def explained(how):
    """The plan of the hits as one part of a larger statement."""
    sql, values = how.hits.values("pk", "distance").query.sql_with_params()
    ordered = f"WITH near AS MATERIALIZED ({sql}) SELECT * FROM near ORDER BY distance"
    with searching(how), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {ordered}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("label", ["", "third"])
def test_the_index_is_used_where_it_was_planned(library, never_few, label):
    assets = visible().labelled(label) if label else visible()
    assert library.index_name in explained(planned(assets, library))


@pytest.mark.parametrize("label", ["", "third"])
def test_no_index_is_used_where_all_are_compared(library, label):
    assets = visible().labelled(label) if label else visible()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")
    assert library.index_name not in explained(planned(assets, library))


@pytest.mark.django_db(transaction=True)
def test_the_width_holds_during_the_search_and_not_after(library):
    before = setting("hnsw.ef_search")
    with searching(by_index(visible(), RED, library, "picture", limit=321)):
        assert setting("hnsw.ef_search") == "321"
    assert setting("hnsw.ef_search") == before


def test_the_width_is_gone_after_an_error_too(library):
    before = setting("hnsw.ef_search")
    how = by_index(visible(), RED, library, "words", limit=20)
    with pytest.raises(ValueError), transaction.atomic(), searching(how):
        raise ValueError
    assert setting("hnsw.ef_search") == before


def test_nothing_permitted_is_no_hit(library):
    assert nearest_rows(planned(Asset.objects.none(), library)) == []
