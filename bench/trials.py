"""Searches of a library of drawn vectors, and what they find of an exhaustive comparison."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bench.gap import CHUNK, Gap, Vectors, units
from bench.vector_library import CLUSTERED

# Number of nearest assets that recall is of.
FIRST = 20
KINDS = ("words", "picture")
# A filter: what a person in ten of 200 groups sees of a library that is not open.
GROUPS = "ten groups"
# Maximum difference of two computations of one score.
AS_NEAR = 1e-6


class Trial(NamedTuple):
    """The recall, milliseconds and number of hits of each search in one way."""

    recalls: list[float]
    ms: list[float]
    hits: list[int]

    def cells(self) -> list[str]:
        """Mean recall and median time, for a table."""
        return [f"{np.mean(self.recalls):.3f}", f"{np.median(self.ms):.1f}"]


class Library:
    """The drawn vectors as the database has them, and what is right in an exhaustive comparison."""

    def __init__(self, drawn: Gap, encoder: Any, ids: list[Any]) -> None:
        self.encoder = encoder
        self.numbers = {pk: number for number, pk in enumerate(ids)}
        self.queries = {"words": drawn.words, "picture": drawn.pictures}
        self.scores = {kind: scores(each, drawn.library) for kind, each in self.queries.items()}
        self.mean = units(drawn.library.mean(axis=0, keepdims=True))[0]
        self.left: dict[str, Any] = {}

    def assets(self, label: str) -> Any:
        from search.models import Asset, User

        if label == GROUPS:
            return Asset.objects.visible_to(User.objects.get(username="viewer"))
        visible = Asset.objects.visible_to(User())
        if label == CLUSTERED:
            return visible.in_collection("clustered")
        return visible.labelled(label) if label else visible

    def permitted(self, label: str) -> Any:
        """The numbers of the assets that a filter leaves."""
        if label not in self.left:
            pks = self.assets(label).values_list("pk", flat=True)
            self.left[label] = np.array([self.numbers[pk] for pk in pks])
        return self.left[label]

    def recall(self, kind: str, query: int, ids: Sequence[Any], label: str = "") -> float:
        """The share of the nearest that these assets are."""
        scores = self.scores[kind][query]
        permitted = scores[self.permitted(label)]
        right = min(FIRST, len(permitted))
        least = np.partition(permitted, -right)[-right]
        hits = scores[[self.numbers[pk] for pk in ids[:FIRST]]]
        return float((hits >= least - AS_NEAR).sum()) / right


def scores(queries: Vectors, library: Vectors) -> Vectors:
    """The cosines of all queries with all vectors as they are stored, a chunk at a time."""
    chunks = (library[first : first + CHUNK] for first in range(0, len(library), CHUNK))
    return np.hstack([halved(queries) @ units(halved(chunk)).T for chunk in chunks])


def halved(vectors: Vectors) -> Vectors:
    return vectors.astype(np.float16).astype(np.float32)


def note(
    library: Library,
    trial: Trial,
    kind: str,
    number: int,
    started: float,
    ids: Sequence[Any],
    label: str = "",
) -> None:
    """Add a search that began at `started` to its trial."""
    trial.ms.append(1000 * (time.perf_counter() - started))
    trial.recalls.append(library.recall(kind, number, ids, label))
    trial.hits.append(len(ids))
