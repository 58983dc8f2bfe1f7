"""Facets: what the matched assets are, counted."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection

from search.models.asset import AssetQuerySet
from search.query.asked import Query
from search.query.filters import MEGAPIXELS, PANORAMA, SQUARE

SHOWN = 12


class Choice(NamedTuple):
    """A value that narrows what is shown to so many assets."""

    facet: str
    value: str
    name: str
    assets: int


def facets(query: Query, among: AssetQuerySet | Sequence[UUID]) -> dict[str, list[Choice]]:
    """For each facet the values that some of these assets have, the most frequent first.

    Values that are chosen already and those that all assets share would narrow nothing.
    """
    found: dict[str, list[Choice]] = {}
    with connection.cursor() as cursor:
        try:
            cursor.execute(*_counted(among))
        except EmptyResultSet:
            return {}
        total, *rows = cursor.fetchall()
    for facet, value, name, assets, _ in rows:
        choice = Choice(facet, value, name, assets)
        if assets < total[3] and (choice.facet, choice.value) not in query.filters:
            found.setdefault(choice.facet, []).append(choice)
    return {facet: found[facet][:SHOWN] for facet in FACETS if facet in found}


FACETS = ("label", "collection", "colour", "orientation", "size", "format", "year")


def _counted(among: AssetQuerySet | Sequence[UUID]) -> tuple[str, tuple[Any, ...]]:
    if isinstance(among, AssetQuerySet):
        sql, values = among.order_by().values("pk").query.sql_with_params()
        return _COUNTED.format(among=sql, **_BOUNDS), values
    # As one text: to adapt thousands of ids one by one takes longer than to count them.
    ids = f"{{{','.join(map(str, among))}}}"
    return _COUNTED.format(among="SELECT unnest(%s::uuid[])", **_BOUNDS), (ids,)


# Where the filters draw their lines.
_BOUNDS = {
    "square": SQUARE,
    "panorama": PANORAMA,
    "small": MEGAPIXELS["small"][1],
    "medium": MEGAPIXELS["medium"][1],
}


# All facets in one statement over one set of rows, so that their counts agree.
_COUNTED = """
WITH among (id) AS MATERIALIZED ({among}),
facts AS MATERIALIZED (
    SELECT asset.id, colour_name, format, width, height,
        width * height::bigint / 1000000.0 AS megapixels,
        greatest(width, height) <= least(width, height) * (1 + {square}) AS square,
        extract(year FROM COALESCE(taken, created) AT TIME ZONE 'UTC')::int::text AS year
    FROM among JOIN search_asset AS asset USING (id)
), labels AS (
    SELECT label.name, count(DISTINCT given.asset_id) AS assets
    FROM among JOIN search_assetlabel AS given ON given.asset_id = among.id
    JOIN search_label AS label ON label.id = given.label_id GROUP BY label.name
), collections AS (
    SELECT collection.slug, collection.name, count(*) AS assets
    FROM among JOIN search_collection_assets AS member ON member.asset_id = among.id
    JOIN search_collection AS collection ON collection.id = member.collection_id
    GROUP BY collection.slug, collection.name
)
SELECT '' AS facet, '' AS value, '' AS name, count(*) AS assets, 0 AS place FROM facts
UNION ALL SELECT 'label', name, name, assets, 1 FROM labels
UNION ALL SELECT 'collection', slug, name, assets, 1 FROM collections
UNION ALL SELECT 'colour', colour_name, colour_name, count(*), 1 FROM facts GROUP BY colour_name
UNION ALL SELECT 'format', format, format, count(*), 1 FROM facts GROUP BY format
UNION ALL SELECT 'year', year, year, count(*), 1 FROM facts GROUP BY year
UNION ALL SELECT 'orientation', shape, shape, count(*), 1 FROM (
    SELECT CASE WHEN square THEN 'square' WHEN width > height THEN 'landscape' ELSE 'portrait' END
    FROM facts
    UNION ALL SELECT 'panorama' FROM facts WHERE width >= height * {panorama}
) AS shapes (shape) GROUP BY shape
UNION ALL SELECT 'size', size, size, count(*), 1 FROM (
    SELECT CASE WHEN megapixels < {small} THEN 'small' WHEN megapixels < {medium} THEN 'medium'
        ELSE 'large' END FROM facts
) AS sizes (size) GROUP BY size
ORDER BY place, assets DESC, name
"""
