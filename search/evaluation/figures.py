"""Figures of a task: for each query its measures, by ir_measures, from the ranks of what is right.

R@k is the share of queries with a right answer among the first k, as retrieval papers have it
(trec_eval calls that success); where one answer is right, it is the recall too.
"""

from collections.abc import Iterator

import ir_measures
import numpy as np
from ir_measures import AP, RR, Measure, Success, nDCG
from numpy.typing import NDArray

from search.evaluation.dataset import PICTURES_TO_PICTURES, ZERO_SHOT, Right, Task
from workers.encoders.protocol import Vectors

Values = NDArray[np.float64]  # Of one figure, a value for each query.

RETRIEVAL: dict[str, Measure] = {
    "R@1": Success @ 1,
    "R@5": Success @ 5,
    "R@10": Success @ 10,
    "mAP": AP,
    "MRR": RR,
    "nDCG@10": nDCG @ 10,
}
CLASSIFICATION: dict[str, Measure] = {"top-1": Success @ 1, "top-5": Success @ 5}

# 1,024 queries against 25,000 captions: 100 MB of scores at a time.
QUERIES_AT_ONCE = 1024
# Two products of the same vectors may differ in their last bits, by their place in the matrix.
DECIMALS = 6
FIRST_RANKS = 16


def values(task: Task, queries: Vectors, candidates: Vectors) -> dict[str, Values]:
    """Each figure of the task, query by query."""
    measures = CLASSIFICATION if task.name == ZERO_SHOT else RETRIEVAL
    ranks = []
    for scores, own, right in zip(
        scored(queries, candidates), own_places(task), task.right, strict=True
    ):
        if own is not None:
            scores[own] = -np.inf
        ranks.append(ranked_right(scores, right))
    return measured(ranks, measures)


def own_places(task: Task) -> list[int | None]:
    """Where each query stands among the candidates: a picture is no answer to itself."""
    if task.name != PICTURES_TO_PICTURES:
        return [None] * len(task.queries)
    places = {number: place for place, number in enumerate(task.candidates)}
    return [places.get(number) for number in task.queries]


def scored(queries: Vectors, candidates: Vectors) -> Iterator[NDArray[np.float32]]:
    """For each query the scores of all candidates; only some rows are in memory at a time."""
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        yield from np.round(queries[start : start + QUERIES_AT_ONCE] @ candidates.T, DECIMALS)


def ranked_right(scores: NDArray[np.float32], right: Right) -> dict[int, int]:
    """The ranks, from 1, of the right answers, with their grades.

    Among equal scores the worse answers come first: an encoder that tells nothing apart finds
    nothing.
    """
    numbers, grades = np.array(list(right), int), np.array(list(right.values()), int)
    of_right = scores[numbers]
    order = np.lexsort((grades, -of_right))
    falling = of_right[order]
    as_near = len(scores) - np.searchsorted(np.sort(scores), falling, "left")
    right_as_near = np.searchsorted(-falling, -falling, "right")
    ranks = as_near - right_as_near + np.arange(1, len(right) + 1)
    return dict(zip(ranks.tolist(), grades[order].tolist(), strict=True))


def measured(ranks: list[dict[int, int]], measures: dict[str, Measure]) -> dict[str, Values]:
    """The measures of each query, given the grades of its right answers by their ranks.

    A right answer at rank 0 was not among the candidates.
    """
    names = {measure: name for name, measure in measures.items()}
    found = {name: np.zeros(len(ranks)) for name in measures}
    qrels = {str(query): named(right) for query, right in enumerate(ranks)}
    run = {str(query): hits(max(right, default=0)) for query, right in enumerate(ranks)}
    for metric in ir_measures.iter_calc(list(names), qrels, run):
        found[names[metric.measure]][int(metric.query_id)] = metric.value
    return found


def named(right: dict[int, int]) -> dict[str, int]:
    return {str(rank): grade for rank, grade in right.items()}


# By their lengths. All queries share them: a hit is called by its rank, and what comes after the
# last right answer changes no measure.
_RUNS: dict[int, dict[str, float]] = {}


def hits(last: int) -> dict[str, float]:
    """The hits of a query as far as its last right answer, the next power of two."""
    length = max(FIRST_RANKS, 1 << (last - 1).bit_length() if last else 0)
    if length not in _RUNS:
        _RUNS[length] = {str(rank): -float(rank) for rank in range(1, length + 1)}
    return _RUNS[length]
