"""How much of a figure, or of the difference of two, is chance: always the same answer twice."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEED = 2026
RESAMPLES = 1999
CONFIDENCE = 0.95
# Maximum random numbers in memory at a time.
CELLS = 4_000_000

Estimate = list[float]  # The value, and the ends of its interval.


def estimate(values: NDArray[np.float64], figure: Callable[..., Any] = np.mean) -> Estimate:
    """The figure of these values with its bootstrap interval."""
    # Not at the top: web processes import this module, and scipy takes 0.6 s of a processor.
    from scipy import stats

    value = float(figure(values))
    if len(values) < 2 or np.ptp(values) == 0:
        return [value, value, value]
    interval = stats.bootstrap(
        (values,),
        figure,
        n_resamples=RESAMPLES,
        batch=max(1, CELLS // len(values)),
        vectorized=True,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return [value, float(interval.low), float(interval.high)]


def text_of(estimate: Sequence[float], *, scale: float = 100) -> str:
    """An estimate for a person, in percent: "52.1 (51.5 to 52.7)"."""
    value, low, high = (f"{scale * number:.1f}" for number in estimate)
    return value if low == high else f"{value} ({low} to {high})"


def p_value(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """How often chance alone parts the two means this far: a paired randomisation test.

    For each query it is drawn at random which of the two values is whose. 8,000 queries take
    0.05 s; by scipy's permutation_test 2.7 s.
    """
    differences = (ours - theirs)[ours != theirs]
    if not len(differences):
        return 1.0
    rng = np.random.default_rng(SEED)
    total, as_far, left = differences.sum(), 0, RESAMPLES
    while left:
        draws = min(left, max(1, CELLS // len(differences)))
        signs = rng.integers(0, 2, (draws, len(differences)), np.int8).astype(float)
        # Where it is 0 the difference changes its sign; a rounding error is no difference.
        as_far += int((np.abs(2 * (signs @ differences) - total) >= abs(total) - 1e-9).sum())
        left -= draws
    return (as_far + 1) / (RESAMPLES + 1)
