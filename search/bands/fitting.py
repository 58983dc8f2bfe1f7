"""Fits the bars of both bands to the library."""

from search.bands.background import SAMPLE
from search.models import Calibration, Embedding, Encoder

# Fewer assets give no background.
LEAST = 50
# In deviations above a query's own background, where nothing better is known.
STRONG, POSSIBLE = 4.0, 2.8


class TooFew(Exception):
    """The library is too small to calibrate by; the text is a sentence for a person."""


def calibrate(encoder: Encoder) -> list[Calibration]:
    """Fit and store the bars of this encoder, for both kinds of query. Raises TooFew."""
    assets = Embedding.objects.filter(encoder=encoder).done()[:SAMPLE].count()
    if assets < LEAST:
        raise TooFew(f"{encoder} has embedded {assets} assets: there are no bands before {LEAST}.")
    bars = {"strong": STRONG, "possible": POSSIBLE, "assets": assets}
    return [
        Calibration.objects.update_or_create(encoder=encoder, kind=kind, defaults=bars)[0]
        for kind in Calibration.Kind
    ]
