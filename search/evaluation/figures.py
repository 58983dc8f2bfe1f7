"""Figures of a task: for each query its measures, from the ranks of its right answers.

R@k is the share of queries with a right answer among the first k, as retrieval papers have it
(trec_eval calls that success); where one answer is right, it is the recall too. The others are
as trec_eval defines them.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from search.evaluation.dataset import PICTURES_TO_PICTURES, ZERO_SHOT, Right, Task
from workers.encoders.protocol import Vectors

Values = NDArray[np.float64]  # Of one figure, a value for each query.
Integers = NDArray[np.int_]
# Of one query, the ranks of its right answers, from 1, and their grades; 0 is the rank of one that
# is not among the candidates.
Ranks = tuple[Integers, Integers]
Measure = Callable[[Integers, Integers], float]

# Maximum queries whose scores are in memory: against 25,000 captions they take 100 MB.
QUERIES_AT_ONCE = 1024
# Decimals of a score: two products of the same vectors may differ in their last bits, by their
# place in the matrix.
DECIMALS = 6


def success(ranks: Integers, grades: Integers, *, k: int) -> float:
    """Whether a right answer is among the first k."""
    return float(((ranks > 0) & (ranks <= k)).any())


def average_precision(ranks: Integers, grades: Integers) -> float:
    """The mean, over the right answers, of the precision down to each."""
    reached = np.sort(ranks[ranks > 0])
    return float((np.arange(1, len(reached) + 1) / reached).sum() / len(ranks))


def reciprocal_rank(ranks: Integers, grades: Integers) -> float:
    """One over the rank of the first right answer."""
    return float(max(1 / ranks[ranks > 0], default=0))


def ndcg(ranks: Integers, grades: Integers, *, k: int) -> float:
    """The grades among the first k, discounted by rank, as a share of the most possible."""

    def gain(ranks: Integers, grades: Integers) -> float:
        first = (ranks > 0) & (ranks <= k)
        return float((grades[first] / np.log2(ranks[first] + 1)).sum())

    return gain(ranks, grades) / gain(np.arange(1, len(ranks) + 1), -np.sort(-grades))


RETRIEVAL: dict[str, Measure] = {
    "R@1": partial(success, k=1),
    "R@5": partial(success, k=5),
    "R@10": partial(success, k=10),
    "mAP": average_precision,
    "MRR": reciprocal_rank,
    "nDCG@10": partial(ndcg, k=10),
}
CLASSIFICATION: dict[str, Measure] = {
    "top-1": partial(success, k=1),
    "top-5": partial(success, k=5),
}


def values(task: Task, queries: Vectors, candidates: Vectors) -> dict[str, Values]:
    """Each figure of the task, query by query."""
    measures = CLASSIFICATION if task.name == ZERO_SHOT else RETRIEVAL
    ranks = []
    for scores, own, right in zip(
        scores_of(queries, candidates), own_places(task), task.right, strict=True
    ):
        if own is not None:
            scores[own] = -np.inf
        ranks.append(ranks_of(scores, right))
    return measure(ranks, measures)


def own_places(task: Task) -> list[int | None]:
    """Where each query stands among the candidates: a picture is no answer to itself."""
    if task.name != PICTURES_TO_PICTURES:
        return [None] * len(task.queries)
    places = {number: place for place, number in enumerate(task.candidates)}
    return [places.get(number) for number in task.queries]


def scores_of(queries: Vectors, candidates: Vectors) -> Iterator[NDArray[np.float32]]:
    """For each query the scores of all candidates; only some rows are in memory at a time."""
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        yield from np.round(queries[start : start + QUERIES_AT_ONCE] @ candidates.T, DECIMALS)


def ranks_of(scores: NDArray[np.float32], right: Right) -> Ranks:
    """The ranks of the right answers, with their grades.

    Among equal scores the worse answers come first: an encoder that tells nothing apart finds
    nothing.
    """
    numbers, grades = np.array(list(right), int), np.array(list(right.values()), int)
    of_right = scores[numbers]
    order = np.lexsort((grades, -of_right))
    falling = of_right[order]
    as_near = len(scores) - np.searchsorted(np.sort(scores), falling, "left")
    right_as_near = np.searchsorted(-falling, -falling, "right")
    return as_near - right_as_near + np.arange(1, len(right) + 1), grades[order]


def measure(ranks: Sequence[Ranks], measures: dict[str, Measure]) -> dict[str, Values]:
    """The measures of each query."""
    return {
        name: np.array([of_query(*each) for each in ranks], float)
        for name, of_query in measures.items()
    }
