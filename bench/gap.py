"""Vectors of pictures and of words with the gap between the two that SigLIP's have.

Pictures lie in one cone, in 2,000 clusters; what they show fills 128 of the 768 dimensions, the
first of them most. Words lie in a cone of their own, at a right angle to the first. Each is drawn
for one picture, and has a small share of what that shows, beside much that no picture has.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 768
SHOWN = 128  # Dimensions of what pictures show.
CLUSTERS = 2_000
DECAY = 0.7  # The deviation of the nth of them is n to the power of minus this.
GRAIN = 0.55  # What else there is to a picture, in all dimensions, in lengths of the cone's axis.
SAID = 0.068  # How much of what a picture shows is in its words, likewise,
MISSED = 1.0  # how much they deviate from it in the same dimensions,
OTHER = 0.6  # and how much they have of their own.

Vectors = NDArray[np.float32]


class Gap(NamedTuple):
    """Unit vectors: of the library, its clusters, and queries by new pictures and by words."""

    library: Vectors
    clusters: NDArray[np.int64]
    pictures: Vectors
    words: Vectors
    true: NDArray[np.int64]  # The picture of the library that each of the words was drawn for.


def gap(size: int, queries: int, seed: int) -> Gap:
    random = np.random.default_rng(seed)
    axes = np.linalg.qr(random.normal(size=(DIMENSIONS, SHOWN + 2)))[0].T
    deviation = np.arange(1, SHOWN + 1) ** -DECAY
    deviation /= np.linalg.norm(deviation)
    centres = random.normal(size=(CLUSTERS, SHOWN)) * deviation

    def grain(count: int, length: float) -> Vectors:
        return length / DIMENSIONS**0.5 * random.normal(size=(count, DIMENSIONS))

    def pictures(shown: Vectors) -> Vectors:
        return units(axes[0] + shown @ axes[2:] + grain(len(shown), GRAIN))

    clusters = random.integers(CLUSTERS, size=size + queries)
    shown = centres[clusters] + random.normal(size=(size + queries, SHOWN)) * deviation
    true = random.choice(size, queries, replace=False)
    said = shown[true] + MISSED * random.normal(size=(queries, SHOWN)) * deviation
    words = units(axes[1] + SAID * said @ axes[2:] + grain(queries, OTHER))
    library = pictures(shown[:size])
    return Gap(library, clusters[:size], pictures(shown[size:]), words, true)


def units(vectors: Vectors) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
