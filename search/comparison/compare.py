"""The same query, answered by several encoders side by side."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from search.models import Asset, Encoder, User
from search.query import NoVector, Query, vector_of
from search.query.answer import by_meaning

SHOWN = 12
LEAST, MOST = 2, 3
TOO_FEW = (
    "Comparing takes two encoders. Add another with “manage.py encoder add CHECKPOINT”: once it is"
    " ready, the two answer here side by side."
)
UNKNOWN = "An encoder has to be ready or serving to answer here: choose among those in the menu."


class NotComparable(Exception):
    """These encoders can't be set side by side; the text is a sentence for the person."""


@dataclass(slots=True)
class Spot:
    """A hit in its column, and where it lies in the others."""

    asset: Asset
    rank: int
    rose: int | None = None  # By how many ranks, against the reference; None if it is not there.
    only_here: bool = False
    grade: int | None = None  # What the person who looks has said of it.

    @property
    def fell(self) -> int:
        return -(self.rose or 0)


@dataclass(slots=True)
class Column:
    """What one encoder answers, and how long that took."""

    encoder: Encoder
    spots: list[Spot] = field(default_factory=list)
    sentence: str = ""
    vector_ms: float = 0
    search_ms: float = 0

    def ranks(self) -> dict[Asset, int]:
        return {spot.asset: spot.rank for spot in self.spots}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns, and how many of their hits they have in common."""

    left: Encoder
    right: Encoder
    common: int
    shown: int
    are_neighbours: bool

    @property
    def overlap(self) -> float:
        return self.common / self.shown if self.shown else 0


@dataclass(slots=True)
class Comparison:
    """A query and the columns that answer it; moves are told against the reference."""

    query: Query
    columns: list[Column] = field(default_factory=list)
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


def offered() -> list[Encoder]:
    """The encoders that can be compared: the serving one, then the newest."""
    newest = Encoder.objects.complete().order_by("-created", "-pk")
    return sorted(newest, key=lambda encoder: encoder.state != Encoder.State.SERVING)


def chosen(slugs: Sequence[str], encoders: Sequence[Encoder]) -> list[Encoder]:
    """The encoders of these slugs, in this order, or the first ones. Raises NotComparable."""
    if len(encoders) < LEAST:
        raise NotComparable(TOO_FEW)
    known = {encoder.slug: encoder for encoder in encoders}
    asked = list(dict.fromkeys(slugs)) or list(known)[:MOST]
    if not known.keys() >= set(asked):
        raise NotComparable(UNKNOWN)
    if not LEAST <= len(asked) <= MOST:
        raise NotComparable("Choose two or three encoders in the menu.")
    return [known[slug] for slug in asked]


def compare(query: Query, user: User, encoders: Sequence[Encoder]) -> Comparison:
    """Let each encoder answer, one after the other, so that none slows another down."""
    columns = [_column(query, user, encoder) for encoder in encoders]
    reference = next((column for column in columns if column.spots), None)
    if reference:
        for column in columns:
            _mark(column, columns, reference)
    return Comparison(query, columns, reference)


def _column(query: Query, user: User, encoder: Encoder) -> Column:
    started = time.perf_counter()
    try:
        encoded_query = vector_of(query, encoder, user)
        encoded = time.perf_counter()
        # By meaning alone: what the words say is the same for every encoder.
        hits = by_meaning(query, user, encoder, size=SHOWN)
    except NoVector as error:
        return Column(encoder, sentence=str(error))
    ended = time.perf_counter()
    spots = [Spot(asset, rank) for rank, asset in enumerate(hits, start=1)]
    times = 1000 * (encoded - started), 1000 * (ended - encoded)
    return Column(encoder, spots, encoded_query.sentence if spots else "", *times)


def _mark(column: Column, columns: Sequence[Column], reference: Column) -> None:
    """Say of each hit how it moved against the reference, and whether the others lack it."""
    before = reference.ranks()
    others = [other.ranks() for other in columns if other.spots and other is not column]
    for spot in column.spots:
        if spot.asset in before:
            spot.rose = before[spot.asset] - spot.rank
        spot.only_here = bool(others) and not any(spot.asset in ranks for ranks in others)


def _pair(left: Column, right: Column, *, are_neighbours: bool) -> Pair:
    common = len(left.ranks().keys() & right.ranks().keys())
    shown = max(len(left.spots), len(right.spots))
    return Pair(left.encoder, right.encoder, common, shown, are_neighbours)
