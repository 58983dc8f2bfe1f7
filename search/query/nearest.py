"""The nearest assets to a vector: by the index or by comparing all of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection, transaction

from search.models import Encoder
from search.models.asset import AssetQuerySet
from search.query import facets

WORDS, PICTURE = "words", "picture"
# Maximum of assets that are compared all, which misses none: of 10,000 in about 80 ms. PostgreSQL's
# own choice was the index at recall 0.53 for 1,000 (docs/architecture.md, Facts).
EXACT_BELOW = 20_000
# Number of candidates that the walk through the index holds. Words are strangers to a graph built
# on pictures: recall@20 of words among 100,000 is 0.87 at 200 and 0.98 at 1,000, of pictures 1 at
# either (bench/results/recall.md).
WIDTHS = {WORDS: 1000, PICTURE: 200}
# Maximum width: pgvector takes no more.
WIDEST = 1000
# The same where more than the widest are wanted: 10,001 of a million take 4 s, and 0.5 s by a walk,
# which finds 0.93 of those of words and all of those of pictures.
FAR_EXACT_BELOW = 250_000
# Share of the assets that a walk for words goes on to, where these are more than it holds; of them
# the nearest count. At a width of 1,000 alone recall@20 is 0.86 among a million, so 0.98
# (bench/results/recall.md).
REACH = 0.004
# Settings of the walk. Relaxed, since what it reaches late is nearer than some of what it has
# returned, and strict would leave that out. It goes on until enough assets have passed the filter,
# however many that takes. Sorting is what PostgreSQL would do instead.
_BY_INDEX = """
SET LOCAL hnsw.ef_search = {width};
SET LOCAL hnsw.iterative_scan = relaxed_order;
SET LOCAL hnsw.max_scan_tuples = 2147483647;
SET LOCAL hnsw.scan_mem_multiplier = 64;
SET LOCAL enable_sort = off;
SET LOCAL jit = off
"""
# Settings of the comparison. To start parallel workers takes longer than to compare 20,000: 10 rows
# 20 ms against 5.
_BY_COMPARISON = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off"


class Plan(NamedTuple):
    """How the hits are found: at this width of the walk through the index, or with None by all.

    By the index they come in about the order of distance, and may be more than are wanted: sort
    them by it, and take the first.
    """

    hits: AssetQuerySet
    width: int | None


def plan(
    assets: AssetQuerySet,
    vector: Sequence[float],
    encoder: Encoder,
    kind: str,
    *,
    limit: int,
) -> Plan:
    """How to find the `limit` nearest of these assets; `kind` is "words" or "picture".

    Decided here, from the number of assets: PostgreSQL's costs know nothing of recall.
    """
    way = by_comparison if _are_few(assets, limit) else by_index
    return way(assets, vector, encoder, kind, limit=limit)


def _are_few(assets: AssetQuerySet, limit: int) -> bool:
    most = EXACT_BELOW if limit <= WIDEST else FAR_EXACT_BELOW
    if facets.library_size() > facets.EXACT:
        # About how many is enough: to count the 22,000 that one of 200 groups sees takes 10 ms.
        return facets.library_size() <= most or facets.count(assets)[0] <= most
    return limit > WIDEST or assets[: most + 1].count() <= most


def by_comparison(
    assets: AssetQuerySet, vector: Sequence[float], encoder: Encoder, kind: str, *, limit: int
) -> Plan:
    return Plan(assets.exactly_nearest(vector, encoder)[:limit], None)


def by_index(
    assets: AssetQuerySet, vector: Sequence[float], encoder: Encoder, kind: str, *, limit: int
) -> Plan:
    width = min(max(WIDTHS[kind], limit), WIDEST)
    return Plan(assets.nearest(vector, encoder)[: max(limit, reach(assets, kind))], width)


def reach(assets: AssetQuerySet, kind: str) -> int:
    """How many of the nearest a walk goes on to at least; 0 where a usual one suffices."""
    if kind != WORDS or REACH * facets.library_size() <= WIDEST:
        return 0
    return round(REACH * facets.count(assets)[0])


@contextmanager
def searching(plan: Plan) -> Iterator[None]:
    """A transaction in which the hits of a plan are found as planned."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_COMPARISON if plan.width is None else _BY_INDEX.format(width=plan.width))
        yield
