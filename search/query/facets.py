"""Facets: what the matched assets are, counted."""

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import EmptyResultSet
from django.db import connection

from search.models import Collection, User
from search.models.asset import FACTS, AssetQuerySet
from search.query.filters import FILTERS, MEGAPIXELS, PANORAMA, SQUARE
from search.query.query import Query

# Maximum of choices of one facet.
MOST = 12
# Maximum number of assets of a library that are all counted: of 100,000 that takes 0.3 s.
EXACT = 50_000
# Number of assets that are looked at for a sample; below how many that are counted a second, larger
# one is taken; and how many that one counts: it tells a half to 1 %, a tenth to 3 %.
SAMPLE, LEAST_SAMPLE, SECOND_SAMPLE = 10_000, 500, 2_000
# Seconds until the size of the library is looked up again. Of another size a share tells as much.
SIZE_SECONDS = 600


Person = User | AnonymousUser
Sql = tuple[str, tuple[Any, ...]]


class Choice(NamedTuple):
    """A value that narrows what is shown to so many assets."""

    facet: str
    value: str
    name: str
    assets: int


class Facets(NamedTuple):
    """How many assets there are, and what narrows them down, by facet; counted in a sample where
    the library is large."""

    assets: int
    choices: dict[str, list[Choice]]
    is_sampled: bool = False


FACETS = ("label", "collection", "colour", "orientation", "size", "format", "year")


def facets(query: Query, among: AssetQuerySet | Sequence[str], user: Person) -> Facets:
    """For each facet the values that some of these assets have, the most frequent first.

    Values of the query's own filters and those that all assets share would narrow nothing. Of the
    collections those that this person may see.
    """
    share = _share() if isinstance(among, AssetQuerySet) else 1.0
    rows = _rows(among, share, user)
    if share < 1 and rows[0][3] < LEAST_SAMPLE:
        share = _larger(share, rows[0][3])
        rows = _rows(among, share, user)
    (*_, total, _), *others = rows
    choices: dict[str, list[Choice]] = {}
    for facet, value, name, assets, _ in others:
        if assets < total and (facet, value) not in query.filters and _narrows(facet, query):
            choice = Choice(facet, value, name, scale(assets, share))
            choices.setdefault(facet, []).append(choice)
    most = {facet: choices[facet][:MOST] for facet in FACETS if facet in choices}
    return Facets(scale(total, share), most, share < 1)


def count(among: AssetQuerySet) -> tuple[int, bool]:
    """How many assets these are, and whether that is of a sample."""
    share = _share()
    assets = _sample(among, share).count()
    if share < 1 and assets < LEAST_SAMPLE:
        share = _larger(share, assets)
        assets = _sample(among, share).count()
    return scale(assets, share), share < 1


def scale(assets: int, share: float) -> int:
    """The number in the library of so many in a sample, in the digits that it tells."""
    if share == 1:
        return assets
    whole = round(assets / share)
    return round(whole, 2 - len(str(whole)))


def library_size() -> int:
    """About how many assets there are, as PostgreSQL has counted them last."""
    return _size_during(int(time.monotonic() // SIZE_SECONDS))


@lru_cache(maxsize=1)
def _size_during(period: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'search_asset'::regclass")
        return int(cursor.fetchone()[0])


def _share() -> float:
    """The share of the library that is counted."""
    assets = library_size()
    return SAMPLE / assets if assets > EXACT else 1.0


def _larger(share: float, assets: int) -> float:
    """The share that would have led to a second sample, rather than to so many assets."""
    return min(share * SECOND_SAMPLE / max(assets, 1), 1.0)


def _sample(among: AssetQuerySet, share: float) -> AssetQuerySet:
    # Ids are random, and their index leads to those of a sample.
    return among.filter(pk__lt=_end(share)) if share < 1 else among


def _end(share: float) -> UUID:
    """The first id beyond a sample."""
    return UUID(int=int(share * 2**128))


def _rows(
    among: AssetQuerySet | Sequence[str], share: float, user: Person
) -> list[tuple[Any, ...]]:
    """All that is counted; first of all how many assets there are."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(*_statement(among, share, user))
        except EmptyResultSet:
            return [("", "", "", 0, 0)]
        return cursor.fetchall()


def _narrows(facet: str, query: Query) -> bool:
    """Whether one more value leaves less: beside another one, most filters leave what has any."""
    return FILTERS[facet].all_of or not query.values(facet)


def _statement(among: AssetQuerySet | Sequence[str], share: float, user: Person) -> Sql:
    visible = Collection.objects.visible_to(user).order_by().values("pk", "slug", "name")
    collections, theirs = visible.query.sql_with_params()
    among, values = _facts(among, share)
    # So that their indexes lead to what the sample has: else all labels are read.
    within = f"AND asset_id < '{_end(share)}'" if share < 1 else ""
    parts = {"among": among, "within": within, "collections": collections}
    return _COUNT.format(**parts, facts=", ".join(_FACTS), **_BOUNDS), (*values, *theirs)


def _facts(among: AssetQuerySet | Sequence[str], share: float) -> Sql:
    if isinstance(among, AssetQuerySet):
        return _sample(among, share).order_by().values(*_FACTS).query.sql_with_params()
    # As one text: to adapt thousands of ids one by one takes longer than to count them.
    return _OF_IDS, (f"{{{','.join(among)}}}",)


_FACTS = ("id", *FACTS)
_OF_IDS = f"SELECT {', '.join(_FACTS)} FROM search_asset WHERE id = ANY(%s::uuid[])"  # noqa: S608
_OF_IDS += " AND trashed IS NULL"
# Where the filters draw their lines, in whole numbers: PostgreSQL takes fractions for numeric.
_BOUNDS = {
    "square": round(100 * (1 + SQUARE)),
    "panorama": PANORAMA,
    "medium": MEGAPIXELS["medium"][0] * 1_000_000,
    "large": MEGAPIXELS["large"][0] * 1_000_000,
}


# All facets in one statement over one set of rows, so that their counts agree. Assets that have all
# their facts in common are counted first: all of 100,000 take 160 ms; one facet after the other
# took 280.
_COUNT = """
WITH among ({facts}) AS MATERIALIZED ({among}),
alike AS MATERIALIZED (
    SELECT colour_name, format, width >= height * {panorama} AS is_panorama,
        CASE WHEN 100 * greatest(width, height) <= {square} * least(width, height) THEN 'square'
            WHEN width > height THEN 'landscape' ELSE 'portrait' END AS shape,
        CASE WHEN width * height::bigint >= {large} THEN 'large'
            WHEN width * height::bigint >= {medium} THEN 'medium' ELSE 'small' END AS size,
        date_part('year', COALESCE(taken, created) AT TIME ZONE 'UTC') AS year,
        count(*) AS assets
    FROM among GROUP BY 1, 2, 3, 4, 5, 6
), counted (facet, value, assets) AS (
    SELECT 'colour', colour_name, sum(assets) FROM alike GROUP BY colour_name
    UNION ALL SELECT 'format', format, sum(assets) FROM alike GROUP BY format
    UNION ALL SELECT 'year', year::text, sum(assets) FROM alike GROUP BY year
    UNION ALL SELECT 'size', size, sum(assets) FROM alike GROUP BY size
    UNION ALL SELECT 'orientation', shape, sum(assets) FROM alike GROUP BY shape
    UNION ALL SELECT 'orientation', 'panorama', sum(assets) FROM alike WHERE is_panorama
        HAVING sum(assets) > 0
    UNION ALL SELECT 'label', label.name, labelled.assets
    FROM search_label AS label JOIN (
        SELECT label_id, count(DISTINCT asset_id) AS assets
        FROM among JOIN search_assetlabel ON asset_id = among.id {within} GROUP BY label_id
    ) AS labelled ON label.id = labelled.label_id
)
SELECT '' AS facet, '' AS value, '' AS name, COALESCE(sum(assets), 0)::int AS assets, 0 AS place
    FROM alike
UNION ALL SELECT facet, value, value, assets::int, 1 FROM counted
UNION ALL SELECT 'collection', slug, name, assets, 1
FROM ({collections}) AS collection (id, slug, name) JOIN (
    SELECT collection_id, count(*)::int AS assets
    FROM among JOIN search_collection_assets ON asset_id = among.id {within} GROUP BY collection_id
) AS held ON collection.id = held.collection_id
ORDER BY place, assets DESC, name
"""
