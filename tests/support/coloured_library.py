"""Libraries in which a colour is shared by as many assets as a test says."""

from random import Random

from django.utils import timezone

from search.models import Asset, Embedding, Encoder
from tests.support.factories import make_encoder, make_user
from tests.support.fake_encoder import COLOURS, direction

CLEAR = {"red": 3, "yellow": 3, "green": 3, "blue": 3, "white": 24, "black": 24}


def make_library(numbers=CLEAR, *, titles="{colour} barn", seed=1) -> Encoder:
    """So many assets of each colour, a little off, embedded but without any files."""
    encoder, owner, rng = make_encoder(), make_user(), Random(seed)
    facts = {"owner": owner, "width": 1, "height": 1, "format": "PNG", "bytes": 1}
    for colour, number in numbers.items():
        title = titles.format(colour=colour)
        assets = Asset.objects.bulk_create(
            Asset(title=title, sha256=f"{rng.getrandbits(256):064x}", **facts)
            for _ in range(number)
        )
        shades = [[part + rng.gauss(0, 12) for part in COLOURS[colour]] for _ in assets]
        Embedding.objects.bulk_create(
            Embedding(
                asset=asset, encoder=encoder, vector=direction(shade), fulfilled=timezone.now()
            )
            for asset, shade in zip(assets, shades, strict=True)
        )
    return encoder
