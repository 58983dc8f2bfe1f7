"""The HNSW index against an exhaustive comparison: how many of the ten nearest assets it finds."""

from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from search.evaluation.chance import SEED
from search.evaluation.dataset import Dataset
from search.evaluation.encoding import stored_vectors, text_vectors
from search.evaluation.figures import Values
from search.models import Asset, Encoder
from search.models.asset import AssetQuerySet
from workers.encoders.base import Encoder as LoadedEncoder
from workers.encoders.base import Vectors

NEAREST = 10
QUERIES = 200  # Of each kind; the interval says what a sample of this size leaves open.
# Two computations of one distance may differ by this much; so near, one hit is as good as another.
AS_NEAR = 1e-6


def recalls_of(
    row: Encoder, encoder: LoadedEncoder, assets: Sequence[UUID], words: Sequence[str]
) -> dict[str, Values]:
    """Of queries in words, which are far from all pictures, and of pictures, which are near some.

    Apart, since the index serves the two unlike each other: recall@10 0.80 and 0.99 of 100,000
    (design.md, section 7).
    """
    texts = text_vectors(Dataset("", sampled(words), [], []), encoder)
    pictures = stored_vectors(row, sampled(assets))
    return {
        "recall@10 of words": recalls(row, texts),
        "recall@10 of pictures": recalls(row, pictures),
    }


def sampled(things: Sequence[Any]) -> list[Any]:
    return Random(SEED).sample(list(things), min(QUERIES, len(things)))  # noqa: S311


def recalls(row: Encoder, vectors: Vectors) -> Values:
    """For each vector, the share of its nearest that the index finds."""
    return np.array([recall(row, vector) for vector in vectors], float)


def recall(row: Encoder, vector: Vectors) -> float:
    exact = distances(Asset.objects.exactly_nearest(vector.tolist(), row))
    with transaction.atomic(), connection.cursor() as cursor:
        # A small library is faster to compare in full, and PostgreSQL would.
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
        by_index = distances(Asset.objects.nearest(vector.tolist(), row))
    return sum(distance <= exact[-1] + AS_NEAR for distance in by_index) / len(exact)


def distances(hits: AssetQuerySet) -> list[float]:
    return [hit.distance for hit in hits.only("pk")[:NEAREST]]
