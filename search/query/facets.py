"""Facets: what the matched assets are, counted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection

from search.models.asset import AssetQuerySet
from search.query.filters import FILTERS, MEGAPIXELS, PANORAMA, SQUARE
from search.query.query import Query

# Maximum of choices of one facet.
MOST = 12


class Choice(NamedTuple):
    """A value that narrows what is shown to so many assets."""

    facet: str
    value: str
    name: str
    assets: int


class Facets(NamedTuple):
    """How many assets there are, and what narrows them down, by facet."""

    assets: int
    choices: dict[str, list[Choice]]


FACETS = ("label", "collection", "colour", "orientation", "size", "format", "year")


def facets(query: Query, among: AssetQuerySet | Sequence[str]) -> Facets:
    """For each facet the values that some of these assets have, the most frequent first.

    Values of the query's own filters and those that all assets share would narrow nothing.
    """
    choices: dict[str, list[Choice]] = {}
    with connection.cursor() as cursor:
        try:
            cursor.execute(*_statement(among))
        except EmptyResultSet:
            return Facets(0, {})
        (*_, total, _), *rows = cursor.fetchall()
    for *choice, _ in rows:
        facet, value, _, assets = choice
        if assets < total and (facet, value) not in query.filters and _narrows(facet, query):
            choices.setdefault(facet, []).append(Choice(*choice))
    return Facets(total, {facet: choices[facet][:MOST] for facet in FACETS if facet in choices})


def _narrows(facet: str, query: Query) -> bool:
    """Whether one more value leaves less: beside another one, most filters leave what has any."""
    return FILTERS[facet].all_of or not query.values(facet)


def _statement(among: AssetQuerySet | Sequence[str]) -> tuple[str, tuple[Any, ...]]:
    if isinstance(among, AssetQuerySet):
        sql, values = among.order_by().values(*_FACTS).query.sql_with_params()
        return _COUNT.format(among=sql, facts=", ".join(_FACTS), **_BOUNDS), values
    # As one text: to adapt thousands of ids one by one takes longer than to count them.
    ids = f"{{{','.join(among)}}}"
    return _COUNT.format(among=_OF_IDS, facts=", ".join(_FACTS), **_BOUNDS), (ids,)


_FACTS = ("id", "colour_name", "format", "width", "height", "taken", "created")
_OF_IDS = f"SELECT {', '.join(_FACTS)} FROM search_asset WHERE id = ANY(%s::uuid[])"  # noqa: S608
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
        FROM among JOIN search_assetlabel ON asset_id = among.id GROUP BY label_id
    ) AS labelled ON label.id = labelled.label_id
)
SELECT '' AS facet, '' AS value, '' AS name, COALESCE(sum(assets), 0)::int AS assets, 0 AS place
    FROM alike
UNION ALL SELECT facet, value, value, assets::int, 1 FROM counted
UNION ALL SELECT 'collection', slug, name, assets, 1
FROM search_collection AS collection JOIN (
    SELECT collection_id, count(*)::int AS assets
    FROM among JOIN search_collection_assets ON asset_id = among.id GROUP BY collection_id
) AS held ON collection.id = held.collection_id
ORDER BY place, assets DESC, name
"""
