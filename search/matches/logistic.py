"""Logistic regression, in plain numpy: a few numbers of some thousand examples."""

import numpy as np

from search.matches.features import Numbers

# Shrinks the weights: queries that people type differ from those that titles suggest.
RIDGE = 0.1
# Of log-odds for each unit of score. A bar that a higher score does not pass would be none.
LEAST_SLOPE = 1.0
STEPS = 30


def rising(known: Numbers, fits: Numbers, weight: Numbers) -> Numbers:
    """The same, but the first column, the score, never counts for less than `LEAST_SLOPE`."""
    found = fitted(known, fits, weight)
    if found[0] >= LEAST_SLOPE:
        return found
    given = LEAST_SLOPE * known[:, 0]
    return np.r_[LEAST_SLOPE, fitted(known[:, 1:], fits, weight, given=given)]


def fitted(
    known: Numbers, fits: Numbers, weight: Numbers, *, given: Numbers | float = 0.0
) -> Numbers:
    """The weight of each column, and the bias: log-odds that an example fits, beyond those given.

    By Newton's method, with a ridge on the columns in units of their deviation.
    """
    mean, deviation = known.mean(axis=0), known.std(axis=0)
    # A column that is the same everywhere tells nothing, and is given nothing.
    scale = np.where(deviation > 1e-6, deviation, np.inf)
    columns = np.c_[(known - mean) / scale, np.ones(len(known))]
    weight = weight / weight.sum()
    ridge = np.r_[np.full(known.shape[1], RIDGE), 1e-9]
    found = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(columns @ found + given, -30, 30)))
        slope = columns.T @ (weight * (chance - fits)) + ridge * found
        curve = (columns * (weight * chance * (1 - chance))[:, None]).T @ columns + np.diag(ridge)
        found -= np.linalg.solve(curve, slope)
    plain = found[:-1] / scale
    return np.r_[plain, found[-1] - plain @ mean]


def odds(weights: Numbers, known: Numbers) -> Numbers:
    return known @ weights[:-1] + weights[-1]


def even(odds: Numbers, fits: Numbers, weight: Numbers) -> float:
    """The log-odds from which as many are wrong as are lost below, each of its own kind."""
    order = np.argsort(odds)
    right = (weight * fits)[order]
    wrong = (weight * (1 - fits))[order]
    lost = (np.cumsum(right) - right) / right.sum()
    passed = (wrong.sum() - np.cumsum(wrong) + wrong) / wrong.sum()
    return float(odds[order][np.abs(lost - passed).argmin()])


def precise(heights: Numbers, fits: Numbers, weight: Numbers, precision: float) -> float | None:
    """The lowest height from which so large a share fits, or None where none does."""
    order = np.argsort(-heights)
    share = np.cumsum((weight * fits)[order]) / np.cumsum(weight[order])
    reached = np.flatnonzero(share >= precision)
    return float(heights[order][reached[-1]]) if len(reached) else None
