"""The same query, answered by several encoders side by side."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from uuid import UUID

from search.models import Asset, Encoder, User
from search.query import Hit, NoVector, Query, encode
from search.query.answer import nearest_hits
from search.refusals import Refusal

# Number of hits in a column.
HITS = 12
LEAST, MOST = 2, 3


class NotComparable(Refusal):
    """These encoders can't be set side by side."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A hit in its column, and where it lies in the others."""

    hit: Hit
    rank: int
    rose: int | None = None  # By how many ranks, against the reference; None if it is not there.
    only_here: bool = False
    grade: int | None = None  # What the person who looks says of it.

    @property
    def fell(self) -> int:
        return -(self.rose or 0)


@dataclass(frozen=True, slots=True)
class Column:
    """What one encoder answers, and how long that took."""

    encoder: Encoder
    spots: tuple[Spot, ...] = ()
    sentence: str = ""
    vector_ms: float = 0
    search_ms: float = 0

    def ranks(self) -> dict[Asset, int]:
        return {spot.hit.asset: spot.rank for spot in self.spots}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns, and how many of their hits they have in common."""

    left: Encoder
    right: Encoder
    common: int
    hits: int  # Of the longer column.
    are_neighbours: bool

    @property
    def overlap(self) -> float:
        return self.common / self.hits if self.hits else 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A query and the columns that answer it; moves are counted against the reference."""

    query: Query
    columns: tuple[Column, ...] = ()
    reference: Column | None = None

    @property
    def ranked(self) -> bool:
        return self.reference is not None

    @property
    def says_something(self) -> bool:
        return any(column.spots or column.sentence for column in self.columns)

    @property
    def pairs(self) -> list[Pair]:
        """Each two of the columns that have an answer, neighbours first."""
        answering = [column for column in self.columns if column.spots]
        apart = combinations(answering, 2)
        beside = list(pairwise(answering))
        pairs = [_pair(*two, are_neighbours=two in beside) for two in apart]
        return sorted(pairs, key=lambda pair: not pair.are_neighbours)


def comparable() -> list[Encoder]:
    """The encoders that can be compared: the serving one, then the newest."""
    newest = Encoder.objects.complete().order_by("-created", "-pk")
    return sorted(newest, key=lambda encoder: encoder.state != Encoder.State.SERVING)


def choose(slugs: Sequence[str], encoders: Sequence[Encoder]) -> list[Encoder]:
    """The encoders of these slugs, in this order, or the first ones. Raises NotComparable."""
    if len(encoders) < LEAST:
        raise NotComparable("too_few_encoders")
    by_slug = {encoder.slug: encoder for encoder in encoders}
    chosen = list(dict.fromkeys(slugs)) or list(by_slug)[:MOST]
    if not by_slug.keys() >= set(chosen):
        raise NotComparable("encoder_can_not_answer")
    if not LEAST <= len(chosen) <= MOST:
        raise NotComparable("two_or_three_encoders")
    return [by_slug[slug] for slug in chosen]


def compare(query: Query, user: User, encoders: Sequence[Encoder]) -> Comparison:
    """Let each encoder answer, one after the other, so that none slows another down."""
    columns = [_column(query, user, encoder) for encoder in encoders]
    reference = next((column for column in columns if column.spots), None)
    if reference is None:
        return Comparison(query, tuple(columns))
    marked = tuple(_mark(column, columns, reference) for column in columns)
    return Comparison(query, marked, marked[columns.index(reference)])


def with_grades(comparison: Comparison, grades: Mapping[UUID, int]) -> Comparison:
    """The comparison, each spot with the grade of its asset."""

    def graded(column: Column) -> Column:
        spots = (replace(spot, grade=grades.get(spot.hit.asset.pk)) for spot in column.spots)
        return replace(column, spots=tuple(spots))

    return replace(comparison, columns=tuple(graded(column) for column in comparison.columns))


def _column(query: Query, user: User, encoder: Encoder) -> Column:
    start = time.perf_counter()
    try:
        encoded = encode(query, encoder, user)
    except NoVector as refusal:
        return Column(encoder, sentence=str(refusal))
    between = time.perf_counter()
    # By meaning alone: what the words say is the same for every encoder.
    hits = nearest_hits(encoded, user, limit=HITS)
    times = 1000 * (between - start), 1000 * (time.perf_counter() - between)
    spots = tuple(Spot(hit, rank) for rank, hit in enumerate(hits, start=1))
    return Column(encoder, spots, encoded.sentence if spots else "", *times)


def _mark(column: Column, columns: Sequence[Column], reference: Column) -> Column:
    """The column, each spot with its move against the reference, and whether the others lack it."""
    before = reference.ranks()
    others = [other.ranks() for other in columns if other.spots and other is not column]
    return replace(column, spots=tuple(_marked(spot, before, others) for spot in column.spots))


def _marked(spot: Spot, before: Mapping[Asset, int], others: Sequence[Mapping[Asset, int]]) -> Spot:
    asset = spot.hit.asset
    rose = before[asset] - spot.rank if asset in before else None
    only_here = bool(others) and not any(asset in ranks for ranks in others)
    return replace(spot, rose=rose, only_here=only_here)


def _pair(left: Column, right: Column, *, are_neighbours: bool) -> Pair:
    common = len(left.ranks().keys() & right.ranks().keys())
    hits = max(len(left.spots), len(right.spots))
    return Pair(left.encoder, right.encoder, common, hits, are_neighbours)
