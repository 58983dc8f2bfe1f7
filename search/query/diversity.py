"""Diversity: like is followed by unlike."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from search.models import Embedding, Encoder
from search.query.fusion import Candidate

# Number of the first hits that are reordered.
POOL = 200
# Share of the place in the ranking; the other half is unlikeness to what stands before.
RELEVANCE = 0.5


def diversify(candidates: Sequence[Candidate], encoder: Encoder) -> list[Candidate]:
    """The candidates, the first POOL of them reordered by maximal marginal relevance.

    Carbonell & Goldstein, "The use of MMR, diversity-based reranking for reordering documents and
    producing summaries", SIGIR 1998; the relevance is the place in the ranking that is reordered.
    """
    pool, rest = candidates[:POOL], candidates[POOL:]
    vectors = _vectors([candidate.pk for candidate in pool], encoder)
    embedded = [candidate for candidate in pool if candidate.pk in vectors]
    others = [candidate for candidate in pool if candidate.pk not in vectors]
    order = marginal(np.array([vectors[candidate.pk] for candidate in embedded]))
    return [*(embedded[place] for place in order), *others, *rest]


def marginal(vectors: np.ndarray) -> list[int]:
    """The order of ranked unit vectors, one a row, by maximal marginal relevance."""
    count = len(vectors)
    relevance = 1 - np.arange(count) / max(count, 1)
    nearest, order, left = np.zeros(count), [], np.ones(count, bool)
    for _ in range(count):
        worth = RELEVANCE * relevance - (1 - RELEVANCE) * nearest
        best = int(np.argmax(np.where(left, worth, -np.inf)))
        order.append(best)
        left[best] = False
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return order


def _vectors(assets: Sequence[str], encoder: Encoder) -> dict[str, np.ndarray]:
    ids = [UUID(pk) for pk in assets]
    stored = Embedding.objects.filter(encoder=encoder, asset__in=ids, fulfilled__isnull=False)
    rows = stored.values_list("asset", "vector")
    return {str(pk): np.asarray(vector, float) for pk, vector in rows}
