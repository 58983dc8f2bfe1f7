"""Facets: what the matched assets are, counted."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection

from search.models.asset import AssetQuerySet
from search.query.asked import Query

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


FACETS = ("label", "collection", "colour", "format", "year")


def _counted(among: AssetQuerySet | Sequence[UUID]) -> tuple[str, tuple[Any, ...]]:
    if isinstance(among, AssetQuerySet):
        sql, values = among.order_by().values("pk").query.sql_with_params()
        return _COUNTED.format(among=sql), values
    return _COUNTED.format(among="SELECT unnest(%s::uuid[])"), (list(among),)


# All facets in one statement over one set of rows, so that their counts agree.
_COUNTED = """
WITH among (id) AS MATERIALIZED ({among}),
facts AS MATERIALIZED (
    SELECT asset.id, colour_name, format,
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
ORDER BY place, assets DESC, name
"""
