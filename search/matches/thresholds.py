"""Calibrations as a process keeps them, and what they say of a query."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from search.matches.features import Bank, Vectors, cut, described, floor, scores
from search.models import Calibration, Embedding, Encoder

SAMPLE = 2000


class Background(NamedTuple):
    """Mean and deviation of the scores of one query with a sample of the library."""

    mean: float
    deviation: float


class Cuts(NamedTuple):
    """The largest distances at which a hit of this query is in each band."""

    strong: float
    possible: float


class Kept(NamedTuple):
    """The calibrations of an encoder, by kind of query, with the sample they were made of."""

    stamps: list[tuple[int, datetime]]
    weights: dict[str, dict[str, list[float]]]
    banks: dict[str, Bank]
    sample: Vectors  # (assets, dimensions)


_kept: dict[int, Kept] = {}


def background(vector: Sequence[float], encoder: Encoder) -> Background | None:
    """What this query scores with the library at large; None before it is calibrated."""
    kept = kept_of(encoder)
    if kept is None:
        return None
    found = scores(kept.sample, np.asarray(vector, np.float32))
    return Background(float(found.mean()), float(found.std()))


def cuts(vector: Sequence[float], encoder: Encoder, kind: str) -> Cuts | None:
    """Where the bands end for this query; None where none are calibrated for its kind."""
    kept = kept_of(encoder)
    if kept is None or kind not in kept.weights:
        return None
    query = np.asarray(vector, np.float32)
    known = described(*(scores(part, query)[None] for part in (kept.sample, *kept.banks[kind])))
    weights = kept.weights[kind]
    possible = max(cut(weights["possible"], known)[0], floor(known)[0])
    strong = max(cut(weights["strong"], known)[0], possible)
    return Cuts(float(1 - strong), float(1 - possible))


def kept_of(encoder: Encoder) -> Kept | None:
    """What is kept of this encoder, read again when it has been calibrated again."""
    rows = Calibration.objects.filter(encoder=encoder.pk).order_by("pk")
    stamps = list(rows.values_list("pk", "fitted"))
    if not stamps:
        _kept.pop(encoder.pk, None)
        return None
    kept = _kept.get(encoder.pk)
    if kept is None or kept.stamps != stamps:
        kept = _kept[encoder.pk] = _read(list(rows), encoder)
    return kept


def _read(rows: list[Calibration], encoder: Encoder) -> Kept:
    return Kept(
        [(row.pk, row.fitted) for row in rows],
        {row.kind: row.weights for row in rows},
        {row.kind: bank_of(row) for row in rows},
        sample_of(encoder)[1],
    )


def bank_of(row: Calibration) -> Bank:
    """The texts of a calibration."""
    known = np.frombuffer(row.known, np.float16).astype(np.float32)
    vectors = known.reshape(-1, row.encoder.dimensions)
    return Bank(vectors[: row.titles], vectors[row.titles :])


def sample_of(encoder: Encoder) -> tuple[list[str], Vectors]:
    """Titles and vectors of the first embedded assets by their random ids, at most `SAMPLE`."""
    done = Embedding.objects.filter(encoder=encoder.pk).done().order_by("asset")
    rows = list(done.values_list("asset__title", "vector")[:SAMPLE])
    vectors = np.array([vector for _, vector in rows], np.float32)
    return [title for title, _ in rows], vectors.reshape(len(rows), encoder.dimensions)
