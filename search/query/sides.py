"""The sides of a query's ORs: what is nearest to any of them, on one scale."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from search.matches import thresholds
from search.matches.thresholds import Thresholds
from search.models.asset import AssetQuerySet
from search.query import nearest
from search.query.nearest import Plan
from search.query.permitted import with_phrases
from search.query.vectors import PICTURE, WORDS, EncodedQuery, kind_of

Sql = tuple[str, tuple[Any, ...]]


def limits_of(encoded: EncodedQuery) -> Thresholds | None:
    """The thresholds of this query, as distances; of a mixed one, the more lenient ones. With ORs,
    those of its first side."""
    limits = thresholds.thresholds_of(encoded.vector, encoded.encoder, kind_of(encoded.query))
    if limits and encoded.query.is_mixed:
        other = thresholds.thresholds_of(encoded.vector, encoded.encoder, WORDS)
        return Thresholds(*map(max, limits, other)) if other else limits
    return limits


def nearest_of_any(
    encoded: EncodedQuery, assets: AssetQuerySet, *, limit: int, with_all_reached: bool = False
) -> tuple[Plan, Sql]:
    """The `limit` assets nearest to any side: how they are found, and their ids, clusters and
    distances as SQL. Perhaps with what else was reached, which costs nothing more."""
    sides = encoded.sides or (encoded,)
    plans = [_plan(side, assets, limit) for side in sides]
    if len({plan.width is None for plan in plans}) > 1:  # The settings are those of a transaction.
        plans = [_plan(side, assets, limit, compare=True) for side in sides]
    columns = "pk", "cluster", "distance"
    most = "ALL" if with_all_reached else limit
    each = [_first(most, *sql_of(plan.hits.values(*columns))) for plan in plans]
    return plans[0], each[0] if len(sides) == 1 else _any_of(sides, each, most)


def reach(encoded: EncodedQuery, assets: AssetQuerySet) -> int:
    """How many of the nearest are reached whatever is wanted."""
    return nearest.reach(assets, _kind(encoded))


def sql_of(rows: QuerySet[Any, Any]) -> Sql:
    """A query as SQL and its values, also one that can have no rows."""
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        return _NO_ROWS, ()


def _plan(side: EncodedQuery, assets: AssetQuerySet, limit: int, *, compare: bool = False) -> Plan:
    way = nearest.by_comparison if compare else nearest.plan
    among = with_phrases(assets, side.query)
    return way(among, side.vector, side.encoder, _kind(side), limit=limit)


def _kind(side: EncodedQuery) -> str:
    return PICTURE if kind_of(side.query) == PICTURE and not side.query.text else WORDS


def _first(limit: int | str, sql: str, values: tuple[Any, ...]) -> Sql:
    """The nearest of what a walk has reached, which may be more."""
    return _FIRST.format(near=sql, limit=limit), values


def _any_of(sides: tuple[EncodedQuery, ...], nearest_sql: list[Sql], limit: int | str) -> Sql:
    """The same of several sides: of each asset the smallest distance."""
    first = limits_of(sides[0])
    scaled = " UNION ALL ".join(
        _SCALED.format(near=sql, scale=_scale(limits_of(side), first))
        for side, (sql, _) in zip(sides, nearest_sql, strict=True)
    )
    values = tuple(value for _, several in nearest_sql for value in several)
    return _SMALLEST.format(scaled=scaled, limit=limit), values


def _scale(limits: Thresholds | None, first: Thresholds | None) -> str:
    """A distance in SQL, such that both thresholds fall on those of the first side.

    Distances to different texts are not comparable; how far a match they are is.
    """
    if not limits or not first:
        return "distance"
    width = limits.possible - limits.strong
    factor = (first.possible - first.strong) / width if width > 0 else 1
    return f"{first.possible!r} + (distance - {limits.possible!r}) * {factor!r}"


_NO_ROWS = "SELECT NULL::uuid, NULL::uuid, NULL::int, NULL::boolean, NULL::float WHERE false"
# "+ 0", since PostgreSQL takes what a walk returns for sorted by distance, and would end it early.
_FIRST = """
SELECT id, cluster, distance FROM ({near}) AS reached (id, cluster, distance)
ORDER BY distance + 0, id LIMIT {limit}
"""
_SCALED = "SELECT id, cluster, {scale} AS distance FROM ({near}) AS side (id, cluster, distance)"
_SMALLEST = """
SELECT id, cluster, LEAST(min(distance), 2) AS distance FROM ({scaled}) AS sides
GROUP BY id, cluster ORDER BY distance, id LIMIT {limit}
"""
