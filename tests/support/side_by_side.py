"""Libraries in which several encoders answer the same query in orders that a test spells out."""

from math import cos, radians, sin

import numpy as np
from django.utils import timezone

from search.models import Asset, Embedding, Encoder
from search.query import Example, Query
from tests.support.factories import make_assets, make_encoder

DIMENSIONS = {"fake": 4, "second": 2, "third": 3}


def make_encoders(*slugs: str) -> list[Encoder]:
    """Encoders of different dimensions; the first one serves."""
    return [
        make_encoder(
            slug=slug,
            checkpoint=slug,
            revision=slug,
            dimensions=DIMENSIONS[slug],
            state=Encoder.State.READY if number else Encoder.State.SERVING,
        )
        for number, slug in enumerate(slugs)
    ]


def answered(**orders: str) -> Query:
    """A query by an asset; the letters title other assets, in the order of each answer."""
    encoders = make_encoders(*orders)
    letters = sorted(set("".join(orders.values())))
    example, *others = make_assets([{"title": title} for title in ("asked", *letters)])
    assets = dict(zip(letters, others, strict=True))
    for encoder, order in zip(encoders, orders.values(), strict=True):
        put(encoder, example, 0)
        for number, letter in enumerate(order, start=1):
            put(encoder, assets[letter], 5 * number)
    return Query(like=(Example(asset=example.pk),))


def put(encoder: Encoder, asset: Asset, degrees: float) -> None:
    """Give an asset the vector of this encoder that lies so far from the query's."""
    Embedding.objects.update_or_create(
        asset=asset,
        encoder=encoder,
        defaults={
            "vector": direction(encoder, degrees),
            "sha256": asset.sha256,
            "fulfilled": timezone.now(),
        },
    )


def direction(encoder: Encoder, degrees: float) -> list[float]:
    turned = radians(degrees)
    return [cos(turned), sin(turned), *[0.0] * (encoder.dimensions - 2)]


class Pointing:
    """An encoder for which all words mean what `answered()` asks for."""

    text_length = 64

    def __init__(self, row: Encoder) -> None:
        self.row = row

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        return np.array([direction(self.row, 0) for _ in texts], dtype=np.float32)

    def is_altered(self) -> bool:
        return False

    def truncates(self, text: str) -> bool:
        return False


def let_words_point(monkeypatch) -> None:
    """Words can be asked too: the query worker has encoders without weights."""
    monkeypatch.setattr(
        "workers.tasks.queries.query_encoder",
        lambda *given: Pointing(Encoder.objects.get(pk=given[-1])),
    )
