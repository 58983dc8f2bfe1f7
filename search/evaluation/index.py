"""How many of the nearest assets the index and the whole search find, and how soon."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from search.evaluation.chance import SEED, estimate
from search.evaluation.dataset import COST, Dataset, NoDataset
from search.evaluation.encoding import stored_vectors, text_vectors
from search.evaluation.figures import Values
from search.models import Asset, Encoder, Evaluation, User
from search.models.asset import AssetQuerySet
from search.query import nearest
from search.query.nearest import PICTURE, WORDS, Plan
from workers.encoders.protocol import LoadedEncoder, Vectors

NEAREST = 10
# Number of queries of each kind; the interval tells what a sample of this size leaves open.
QUERIES = 200
# Maximum difference of two computations of one distance; so near, one hit is as good as another.
AS_NEAR = 1e-6


def recalls_of(
    row: Encoder, encoder: LoadedEncoder, assets: Sequence[UUID], words: Sequence[str]
) -> dict[str, Values]:
    """Of queries in words, which are far from all pictures, and of pictures, which are near some.

    Apart, since the index serves the two unlike each other: at a width of 200, recall@20 is 0.87
    and 1.00 among 100,000 (bench/results/recall.md).
    """
    texts = text_vectors(Dataset("", sample(words), [], []), encoder)
    pictures = stored_vectors(row, sample(assets))
    return {
        "recall@10 of words": recalls(row, texts, WORDS),
        "recall@10 of pictures": recalls(row, pictures, PICTURE),
    }


def sample(things: Sequence[Any], most: int = QUERIES) -> list[Any]:
    return Random(SEED).sample(list(things), min(most, len(things)))  # noqa: S311


def recalls(row: Encoder, vectors: Vectors, kind: str) -> Values:
    """For each vector, the share of its nearest that the index finds."""
    everything = Asset.objects.all()
    return np.array([recall(row, everything, vector, kind) for vector in vectors], float)


def recall(row: Encoder, assets: AssetQuerySet, vector: Vectors, kind: str) -> float:
    query = (assets, vector.tolist(), row, kind)
    exact = distances(nearest.by_comparison(*query, limit=NEAREST))
    return share_of(exact, distances(nearest.by_index(*query, limit=NEAREST))[:NEAREST])


def distances(how: Plan) -> list[float]:
    with nearest.searching(how):
        return sorted(how.hits.values_list("distance", flat=True))  # type: ignore[misc]


def share_of(exact: Sequence[float], distances: Sequence[float]) -> float:
    """The share of the nearest, by exact distance, that hits reach; 1 where there are none."""
    return sum(d <= exact[-1] + AS_NEAR for d in distances) / len(exact) if exact else 1.0


# The whole search --------------------------------------------------------------------------------

FIRST = 20
# Shares of the library that a filter leaves.
SHARES = (1, 0.3, 0.1, 0.01, 0.001, 0.0001)
SEARCHES = "searches of the library"
RECALL = "recall of searches"
KINDS = {WORDS: "words", PICTURE: "pictures"}


@dataclass(slots=True)
class Searches:
    """The searches of one kind among a share of the library: recall@20 and ms of each query."""

    kind: str
    share: float
    recalls: list[float] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    width: int | None = None

    @property
    def title(self) -> str:
        """What the filter leaves, for a person."""
        return f"{100 * self.share:g} %"

    @property
    def names(self) -> tuple[str, str]:
        """Those of its two figures, recall and time."""
        kind = KINDS[self.kind]
        return f"{kind}, {self.title}", f"{kind} ms, {self.title}"

    @property
    def way(self) -> str:
        return f"the index, {self.width} wide" if self.width else "comparing all"

    def ask(self, row: Encoder, assets: AssetQuerySet, vector: list[float]) -> None:
        """One query as people's are answered, then against an exhaustive comparison."""
        started = time.perf_counter()
        how = nearest.plan(assets, vector, row, self.kind, limit=FIRST)
        hits = distances(how)[:FIRST]
        self.ms.append(1000 * (time.perf_counter() - started))
        exact = distances(nearest.by_comparison(assets, vector, row, self.kind, limit=FIRST))
        self.recalls.append(share_of(exact, hits))
        self.width = how.width


def refuse_if_few(row: Encoder, assets: Sequence[UUID]) -> None:
    """Raises NoDataset."""
    if len(assets) <= FIRST:
        figures = {"first": FIRST, "encoder": str(row), "assets": len(assets)}
        raise NoDataset("too_few_assets_for_recall", **figures)


def searches_of(
    row: Encoder, encoder: LoadedEncoder, assets: Sequence[UUID], words: Sequence[str], most: int
) -> Iterator[Searches]:
    """Of each kind, among each share that still has enough assets. Raises NoDataset."""
    examples = sample(assets, most)
    texts = text_vectors(Dataset("", sample(words, most), [], []), encoder)
    pictures = stored_vectors(row, examples)
    for share in (share for share in SHARES if share * len(assets) >= FIRST):
        left = share_of_library(share)
        yield measure(row, Searches(WORDS, share), [(text, left) for text in texts])
        # A picture is no answer to itself.
        others = [left.exclude(pk=asset) for asset in examples]
        yield measure(row, Searches(PICTURE, share), zip(pictures, others, strict=True))


def measure(
    row: Encoder, searches: Searches, queries: Iterable[tuple[Vectors, AssetQuerySet]]
) -> Searches:
    for vector, assets in queries:
        searches.ask(row, assets, vector.tolist())
    return searches


def share_of_library(share: float) -> AssetQuerySet:
    """A random share of the library, as somebody who sees all of it searches it."""
    visible = Asset.objects.visible_to(User(is_superuser=True))
    # The hashes of originals are as good as random.
    return visible.filter(sha256__lt=f"{int(share * 16**8):08x}") if share < 1 else visible


def store(row: Encoder, searches: Sequence[Searches]) -> None:
    """Store the recalls and the times for the admin."""
    recalls = {s.names[0]: estimate(np.array(s.recalls)) for s in searches}
    times = {s.names[1]: estimate(np.array(s.ms), np.median) for s in searches}
    queries = max(len(s.ms) for s in searches)
    run = uuid4()
    Evaluation.objects.bulk_create(
        Evaluation(
            encoder=row, run=run, dataset=SEARCHES, task=task, queries=queries, figures=figures
        )
        for task, figures in ((RECALL, recalls), (COST, times))
    )
