"""Renditions: smaller pictures, made of those originals that wait for them.

With them, by the same decoding, the inputs of encoders (search/library/inputs.py).
"""

from collections.abc import Callable
from functools import partial
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from search.disk import has_room
from search.formats.derived import Derived
from search.library import inputs, originals
from search.models import Encoder, Rendition
from workers.tasks.originals import ahead, made_or_failure
from workers.writes import persist_or_put_back

# Renditions claimed at once; the claim is renewed by none, so a lease must be enough for them.
AT_ONCE = 16


def waits() -> bool:
    """Whether there is a rendition to make, and room for it: without, each try is for nothing."""
    return Rendition.objects.claimable().exists() and has_room()


def do() -> bool:
    """Claim some renditions and make them; whether any were claimed."""
    claimed = Rendition.objects.claim_fresh(AT_ONCE) or Rendition.objects.claim_again()
    each = [list(renditions) for _, renditions in groupby(claimed, key=attrgetter("asset_id"))]
    side = 0 if inputs.is_full() else Encoder.objects.input_side()
    waiting = inputs.waiting(r.asset_id for r in claimed)
    for renditions, make in ahead(partial(derive, side, waiting), each):
        store(renditions, make)
    return bool(claimed)


def derive(side: int, waiting: set[UUID], renditions: list[Rendition]) -> Derived:
    """Renditions of one asset and, where a vector of it is owed, the input of its encoders."""
    asset = renditions[0].asset
    sides = sorted({rendition.side for rendition in renditions}, reverse=True)
    made = originals.derived_from(asset, sides, side if asset.pk in waiting else 0)
    if made.input:
        inputs.keep(asset, made.input)
    return made


def store(renditions: list[Rendition], make: Callable[[], Derived]) -> None:
    if made := made_or_failure(renditions, make):
        for rendition in renditions:
            jpeg = made.renditions[rendition.side]
            persist_or_put_back(partial(rendition.store, jpeg), rendition)
