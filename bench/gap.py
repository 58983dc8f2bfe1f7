"""Vectors of pictures and of words with the gap between the two that SigLIP's have.

Pictures lie in one cone, in 2,000 clusters; what they show fills 128 of the 768 dimensions, the
first of them most. Words lie in a cone of their own, at a right angle to the first. Each is drawn
for one picture, and has a small share of what that shows, beside much that no picture has.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 768
# Number of vectors that are drawn at once: a million would take 6 GB in double precision.
CHUNK = 50_000
# Number of dimensions of the contents of pictures, and of clusters of contents.
CONTENTS, CLUSTERS = 128, 2_000
# Minus the power of n that is the deviation of the nth of these dimensions.
DECAY = 0.7
# Length of the rest of a picture, in all dimensions, in lengths of the cone's axis.
GRAIN = 0.55
# Likewise, the share of a picture's contents in its words, their deviation from it in the same
# dimensions, and what they have of their own.
SHARE, MISSED, OTHER = 0.068, 1.0, 0.6

Vectors = NDArray[np.float32]


class Gap(NamedTuple):
    """Unit vectors: of the library, its clusters, and queries by new pictures and by words."""

    library: Vectors
    clusters: NDArray[np.int64]
    pictures: Vectors
    words: Vectors
    true: NDArray[np.int64]  # The picture of the library that each of the words was drawn for.


def gap(size: int, queries: int, seed: int) -> Gap:
    """A library of this size with as many queries of each kind."""
    random = np.random.default_rng(seed)
    axes = np.linalg.qr(random.normal(size=(DIMENSIONS, CONTENTS + 2)))[0].T
    deviation = np.arange(1, CONTENTS + 1) ** -DECAY
    deviation /= np.linalg.norm(deviation)
    centres = random.normal(size=(CLUSTERS, CONTENTS)) * deviation

    def grain(count: int, length: float) -> Vectors:
        return length / DIMENSIONS**0.5 * random.normal(size=(count, DIMENSIONS))

    def pictures(contents: Vectors) -> Vectors:
        drawn = np.empty((len(contents), DIMENSIONS), np.float32)
        for first in range(0, len(contents), CHUNK):
            some = contents[first : first + CHUNK]
            drawn[first : first + CHUNK] = units(
                axes[0] + some @ axes[2:] + grain(len(some), GRAIN)
            )
        return drawn

    clusters = random.integers(CLUSTERS, size=size + queries)
    contents = random.normal(size=(size + queries, CONTENTS))
    contents *= deviation
    contents += centres[clusters]
    true = random.choice(size, queries, replace=False)
    in_words = contents[true] + MISSED * random.normal(size=(queries, CONTENTS)) * deviation
    words = units(axes[1] + SHARE * in_words @ axes[2:] + grain(queries, OTHER))
    library = pictures(contents[:size])
    return Gap(library, clusters[:size], pictures(contents[size:]), words, true)


def units(vectors: Vectors) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
