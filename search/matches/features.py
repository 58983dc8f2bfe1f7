"""The statistic: what is known of a query before a hit is looked at, and a hit's log-odds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Numbers = NDArray[np.float64]

# Of each query: the mean and deviation of its scores with the sample, then its score with the
# nearest known title and with the second and third nearest known words. A query for what the
# library lacks has no such title, and one with a word that the encoder never learned has not
# enough such words. Not the very nearest word: any nonsense resembles one.
NEAREST_WORDS = (1, 2)
FEATURES = 3 + len(NEAREST_WORDS)
MEAN, DEVIATION = 0, 1
LEAST_DEVIATION = 0.002  # Half precision alone moves scores by as much.
# Nothing nearer to the background than this is shown, however well the words are known.
LEAST_HEIGHT = 1.5
# Where nothing can be fitted: so many deviations above the background.
STRONG_HEIGHT, POSSIBLE_HEIGHT = 4.0, 2.8


class Bank(NamedTuple):
    """Vectors of texts that the library is known to be described by."""

    titles: Vectors  # (titles, dimensions)
    words: Vectors  # (words, dimensions)


def features(queries: Vectors, sample: Vectors, bank: Bank) -> Numbers:
    """What is known of each query, of shape (queries, FEATURES)."""
    return described(queries @ sample.T, queries @ bank.titles.T, queries @ bank.words.T)


def scores(vectors: Vectors, query: Vectors) -> Vectors:
    """The score of each vector with one query.

    Without BLAS, which would wake up a second thread: on a busy machine that takes 6 ms for the
    sample of a library, and this 1 (bench/overhead.py).
    """
    return np.einsum("vd,d->v", vectors, query)


def described(sample: Vectors, titles: Vectors, words: Vectors) -> Numbers:
    """The same from each query's scores with all of those; 0 for what there is no text of."""
    columns = [sample.mean(axis=1), sample.std(axis=1)]
    columns += [*nearest(titles, (0,)), *nearest(words, NEAREST_WORDS)]
    return np.stack(columns, axis=1).astype(np.float64)


def nearest(scores: Vectors, places: tuple[int, ...]) -> Vectors:
    """The scores at these places in each row, the highest being at 0: of shape (places, rows)."""
    lacking = np.zeros((len(scores), max(places) + 1), np.float32)
    full = np.concatenate([scores, lacking], axis=1) if scores.shape[1] <= max(places) else scores
    return -np.partition(-full, places, axis=1)[:, list(places)].T


def at_height(height: float) -> list[float]:
    """Weights by which a hit passes so many deviations above the background."""
    return [1.0, -1.0, -height, *[0.0] * (FEATURES - 2), 0.0]


def cut(weights: list[float], known: Numbers) -> Numbers:
    """The score from which hits of each query pass: where their log-odds are 0."""
    score, *rest, bias = weights
    return -(known @ np.array(rest) + bias) / score


def floor(known: Numbers) -> Numbers:
    """The score below which nothing is a match."""
    return known[:, MEAN] + LEAST_HEIGHT * known[:, DEVIATION]
