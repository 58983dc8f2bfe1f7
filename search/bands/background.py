"""A fixed sample of the library, and what a query scores with it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.models import Calibration, Embedding, Encoder

Vectors = NDArray[np.float32]

SAMPLE = 2000


class Background(NamedTuple):
    """Mean and deviation of the scores of one query with a sample of the library."""

    mean: float
    deviation: float


class Fit(NamedTuple):
    """The calibrations of an encoder as a process keeps them, with the sample they were made of."""

    stamps: tuple
    calibrations: dict[str, Calibration]
    sample: Vectors  # (assets, dimensions)


_kept: dict[int, Fit] = {}


def background(vector: Sequence[float], encoder: Encoder) -> Background | None:
    """What this query scores with the sample; None before the encoder is calibrated."""
    fit = fit_of(encoder)
    return scored(np.asarray(vector, np.float32), fit.sample) if fit else None


def scored(vector: Vectors, sample: Vectors) -> Background:
    scores = sample @ vector
    return Background(float(scores.mean()), float(scores.std()))


def fit_of(encoder: Encoder) -> Fit | None:
    """The encoder's calibrations, read again when they have changed."""
    rows = Calibration.objects.filter(encoder=encoder.pk).order_by("kind")
    stamps = tuple(rows.values_list("pk", "fitted"))
    kept = _kept.get(encoder.pk)
    if kept is None or kept.stamps != stamps:
        kept = Fit(stamps, {row.kind: row for row in rows}, sample_of(encoder))
        _kept[encoder.pk] = kept
    return kept if kept.calibrations and len(kept.sample) else None


def sample_of(encoder: Encoder) -> Vectors:
    """The vectors of the first assets by their random ids, at most `SAMPLE`."""
    done = Embedding.objects.filter(encoder=encoder.pk).done().order_by("asset")
    found = [np.asarray(v, np.float32) for v in done.values_list("vector", flat=True)[:SAMPLE]]
    return np.array(found, np.float32).reshape(len(found), -1)
