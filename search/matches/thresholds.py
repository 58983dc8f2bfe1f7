"""Where a strong and a possible match begin for a query, by the calibrations in memory."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from search.matches.features import (
    Bank,
    Vectors,
    features_of_scores,
    lowest_match,
    scores,
    threshold,
)
from search.models import Calibration, Embedding, Encoder

# Maximum assets whose vectors are the sample of a library.
SAMPLE = 2000


class Background(NamedTuple):
    """Mean and deviation of the scores of one query with a sample of the library."""

    mean: float
    deviation: float


class Thresholds(NamedTuple):
    """The largest cosine distances of a strong and of a possible match to one query."""

    strong: float
    possible: float


class Calibrated(NamedTuple):
    """The calibrations of an encoder, by kind of query, with the sample they were fitted to."""

    stamps: list[tuple[int, datetime]]
    weights: dict[str, dict[str, list[float]]]
    banks: dict[str, Bank]
    sample: Vectors  # (assets, dimensions)


_calibrated: dict[int, Calibrated] = {}


def background(vector: Sequence[float], encoder: Encoder) -> Background | None:
    """What this query scores with the library at large; None before it is calibrated."""
    calibrated = calibrated_by(encoder)
    if calibrated is None:
        return None
    sample = scores(calibrated.sample, np.asarray(vector, np.float32))
    return Background(float(sample.mean()), float(sample.std()))


def thresholds_of(vector: Sequence[float], encoder: Encoder, kind: str) -> Thresholds | None:
    """The thresholds of this query; None where none are calibrated for its kind."""
    calibrated = calibrated_by(encoder)
    if calibrated is None or kind not in calibrated.weights:
        return None
    query = np.asarray(vector, np.float32)
    parts = (calibrated.sample, *calibrated.banks[kind])
    features = features_of_scores(*(scores(part, query)[None] for part in parts))
    weights = calibrated.weights[kind]
    possible = max(threshold(weights["possible"], features)[0], lowest_match(features)[0])
    strong = max(threshold(weights["strong"], features)[0], possible)
    return Thresholds(float(1 - strong), float(1 - possible))


def calibrated_by(encoder: Encoder) -> Calibrated | None:
    """The calibrations of this encoder, read again when it has been calibrated again."""
    rows = Calibration.objects.filter(encoder=encoder.pk).order_by("pk")
    stamps = list(rows.values_list("pk", "fitted"))
    if not stamps:
        _calibrated.pop(encoder.pk, None)
        return None
    calibrated = _calibrated.get(encoder.pk)
    if calibrated is None or calibrated.stamps != stamps:
        calibrated = _calibrated[encoder.pk] = _read(list(rows), encoder)
    return calibrated


def _read(rows: list[Calibration], encoder: Encoder) -> Calibrated:
    return Calibrated(
        [(row.pk, row.fitted) for row in rows],
        {row.kind: row.weights for row in rows},
        {row.kind: bank_of(row) for row in rows},
        sample_of(encoder)[1],
    )


def bank_of(row: Calibration) -> Bank:
    """The texts of a calibration."""
    numbers = np.frombuffer(row.bank, np.float16).astype(np.float32)
    vectors = numbers.reshape(-1, row.encoder.dimensions)
    return Bank(vectors[: row.titles], vectors[row.titles :])


def sample_of(encoder: Encoder) -> tuple[list[str], Vectors]:
    """Titles and vectors of the first embedded assets by their random ids, at most `SAMPLE`."""
    done = Embedding.objects.filter(encoder=encoder.pk).done().order_by("asset")
    rows = list(done.values_list("asset__title", "vector")[:SAMPLE])
    vectors = np.array([vector for _, vector in rows], np.float32)
    return [title for title, _ in rows], vectors.reshape(len(rows), encoder.dimensions)
