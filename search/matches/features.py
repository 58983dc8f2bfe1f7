"""The statistic: features of a query, by which a hit's score becomes log-odds that it fits."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Numbers = NDArray[np.float64]

# Places of the words that count, the nearest being at 0. The features of a query are the mean and
# deviation of its scores with the sample, its score with the nearest title of the bank, and those
# with the second and third nearest words. A query for what the library lacks has no such title,
# and one with a word that the encoder never learned has not enough such words. Not the very
# nearest word: any nonsense resembles one.
NEAREST_WORDS = (1, 2)
FEATURES = 3 + len(NEAREST_WORDS)
MEAN, DEVIATION = 0, 1
# Minimum deviation: half precision alone moves scores by as much.
LEAST_DEVIATION = 0.002
# Minimum height of a match above the background, in deviations, however near its words are.
LEAST_HEIGHT = 1.5
# Heights where nothing can be fitted, in deviations above the background.
STRONG_HEIGHT, POSSIBLE_HEIGHT = 4.0, 2.8


class Bank(NamedTuple):
    """Vectors of texts that describe the library."""

    titles: Vectors  # (titles, dimensions)
    words: Vectors  # (words, dimensions)


def features(queries: Vectors, sample: Vectors, bank: Bank) -> Numbers:
    """The features of each query, of shape (queries, FEATURES)."""
    return features_of_scores(queries @ sample.T, queries @ bank.titles.T, queries @ bank.words.T)


def scores(vectors: Vectors, query: Vectors) -> Vectors:
    """The score of each vector with one query.

    Without BLAS, which would wake up a second thread: on a busy machine that takes 6 ms for the
    sample of a library, and this 1 (bench/overhead.py).
    """
    return np.einsum("vd,d->v", vectors, query)


def features_of_scores(sample: Vectors, titles: Vectors, words: Vectors) -> Numbers:
    """The same from each query's scores with the sample and the bank; 0 where texts lack.

    Each of shape (queries, what is scored).
    """
    columns = [sample.mean(axis=1), sample.std(axis=1)]
    columns += [*nearest(titles, (0,)), *nearest(words, NEAREST_WORDS)]
    return np.stack(columns, axis=1).astype(np.float64)


def nearest(scores: Vectors, places: tuple[int, ...]) -> Vectors:
    """The scores at these places in each row, the highest being at 0: of shape (places, rows)."""
    if scores.shape[1] <= max(places):
        scores = np.pad(scores, [(0, 0), (0, max(places) + 1)])
    return -np.partition(-scores, places, axis=1)[:, list(places)].T


def weights_at_height(height: float) -> list[float]:
    """Weights by which a match begins at this height, in deviations above the background."""
    return [1.0, -1.0, -height, *[0.0] * (FEATURES - 2), 0.0]


def threshold(weights: list[float], features: Numbers) -> Numbers:
    """The score from which hits of each query pass: where their log-odds are 0."""
    score, *rest, bias = weights
    return -(features @ np.array(rest) + bias) / score


def lowest_match(features: Numbers) -> Numbers:
    """The score of each query below which nothing is a match."""
    return features[:, MEAN] + LEAST_HEIGHT * features[:, DEVIATION]
