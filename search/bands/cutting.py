"""Where the bands of a query end."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from search.bands.background import fit_of, scored
from search.models import Encoder


class Cuts(NamedTuple):
    """The largest distances at which a hit of this query is in each band."""

    strong: float
    possible: float


def cuts(vector: Sequence[float], encoder: Encoder, kind: str) -> Cuts | None:
    """Where the bands end for this query; None where nothing is calibrated for its kind."""
    fit = fit_of(encoder)
    calibration = fit.calibrations.get(kind) if fit else None
    if fit is None or calibration is None:
        return None
    mean, deviation = scored(np.asarray(vector, np.float32), fit.sample)
    strong, possible = calibration.strong, calibration.possible
    return Cuts(1 - mean - strong * deviation, 1 - mean - possible * deviation)
