"""Assets at a chosen distance from what is asked by "red"."""

import numpy as np

from search.matches import thresholds
from search.matches.thresholds import Thresholds
from search.models import Asset, Embedding
from tests.support.factories import make_asset, make_encoder
from tests.support.fake_encoder import COLOURS, direction

RED = direction(COLOURS["red"])
ACROSS = np.array([0, 1, -1, 0]) / np.sqrt(2)  # At right angles to red.


def at(distance: float) -> list[float]:
    """A unit vector at this cosine distance from red."""
    near = 1 - distance
    return (near * RED + np.sqrt(1 - near**2) * ACROSS).tolist()


def put(distance: float, *, title: str = "", **fields) -> Asset:
    """An asset at this distance from red, called after it unless it has a title."""
    make_encoder()
    asset = make_asset(title=title or f"at {distance:g}", **fields)
    promise = Embedding.objects.get(asset=asset, encoder__slug="fake")
    assert promise.fulfil(vector=at(distance))
    return asset


def set_thresholds(monkeypatch, strong: float, possible: float) -> None:
    """Give every query these thresholds."""
    distances = Thresholds(strong, possible)
    monkeypatch.setattr(thresholds, "thresholds_of", lambda *args: distances)
