"""The statistic: what is known of a query before a hit is looked at, and a hit's log-odds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Numbers = NDArray[np.float64]

# Of each query: the mean and deviation of its scores with the sample, then its nearest known
# title, and its three nearest known words. A query for what the library lacks has no such title,
# and one with a word that the encoder never learned has not enough such words.
NEAREST_WORDS = 3
FEATURES = 3 + NEAREST_WORDS
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


def described(sample: Vectors, titles: Vectors, words: Vectors) -> Numbers:
    """The same from each query's scores with all of those; 0 for what there is no text of."""
    columns = [sample.mean(axis=1), sample.std(axis=1)]
    columns += [*nearest(titles, 1), *nearest(words, NEAREST_WORDS)]
    return np.stack(columns, axis=1).astype(np.float64)


def nearest(scores: Vectors, count: int) -> Vectors:
    """The highest scores of each row, of shape (count, rows)."""
    lacking = np.zeros((len(scores), max(0, count - scores.shape[1])), np.float32)
    full = np.concatenate([scores, lacking], axis=1)
    return -np.partition(-full, range(count), axis=1)[:, :count].T


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
