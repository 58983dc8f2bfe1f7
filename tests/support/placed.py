"""Assets at a chosen distance from what is asked by "red"."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.utils import timezone

from search.matches import thresholds
from search.matches.thresholds import Thresholds
from search.models import Asset, Embedding
from tests.support.factories import make_assets, make_encoder
from tests.support.fake_encoder import COLOURS, direction

RED = direction(COLOURS["red"])
ACROSS = np.array([0, 1, -1, 0]) / np.sqrt(2)  # At right angles to red.


def at(distance: float) -> list[float]:
    """A unit vector at this cosine distance from red."""
    near = 1 - distance
    return (near * RED + np.sqrt(1 - near**2) * ACROSS).tolist()


def put(distance: float, *, title: str = "", **fields) -> Asset:
    """An asset at this distance from red, called after it unless it has a title."""
    return put_all({title or f"at {distance:g}": distance}, **fields)[0]


def put_all(distances: Mapping[str, float], **fields) -> list[Asset]:
    """Assets of these titles at these distances from red."""
    return place(distances, [{"title": title} | fields for title in distances])


def place(distances: Mapping[str, float], each: Sequence[dict[str, Any]]) -> list[Asset]:
    """The assets of which these are the fields, each at the distance of its title from red."""
    make_encoder()
    assets = make_assets(each)
    rows = Embedding.objects.filter(asset__in=assets, encoder__slug="fake").select_related("asset")
    embeddings = list(rows)
    for embedding in embeddings:
        embedding.vector = at(distances[embedding.asset.title])
        embedding.fulfilled = timezone.now()
    Embedding.objects.bulk_update(embeddings, ["vector", "fulfilled"])
    return assets


def set_thresholds(monkeypatch, strong: float, possible: float) -> None:
    """Give every query these thresholds."""
    distances = Thresholds(strong, possible)
    monkeypatch.setattr(thresholds, "thresholds_of", lambda *args: distances)
