"""The nearest assets to a vector: by the index or by comparing all of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection, transaction

from search.models import Encoder
from search.models.asset import AssetQuerySet

# An exhaustive comparison costs about 1 ms per 1,000 rows and misses nothing; PostgreSQL's own
# choice was the index, at recall 0.53, for a filter that kept 1,000 rows (design.md, section 7).
EXACT_BELOW = 20_000
# How many candidates the index walk keeps, by kind of query (bench/results/recall.md).
WIDTHS = {"words": 1000, "picture": 200}
WIDEST = 1000  # pgvector's own limit.


class Plan(NamedTuple):
    """The hits, nearest first, and the width of the index walk; None compares all."""

    hits: AssetQuerySet
    width: int | None


def plan(
    assets: AssetQuerySet,
    vector: Sequence[float],
    encoder: Encoder,
    kind: str,
    *,
    limit: int,
    filtered: bool,
) -> Plan:
    """How to find the `limit` nearest of the permitted assets; `kind` is "words" or "picture"."""
    if assets[: EXACT_BELOW + 1].count() <= EXACT_BELOW:
        return Plan(assets.exactly_nearest(vector, encoder)[:limit], None)
    width = min(max(WIDTHS[kind], limit), WIDEST)
    return Plan(assets.nearest(vector, encoder)[:limit], width)


@contextmanager
def searching(plan: Plan) -> Iterator[None]:
    """A transaction in which the hits of a plan are found as planned."""
    with transaction.atomic(), connection.cursor() as cursor:
        if plan.width is not None:
            cursor.execute(
                f"SET LOCAL hnsw.ef_search = {plan.width};"
                " SET LOCAL hnsw.iterative_scan = strict_order"
            )
        yield
