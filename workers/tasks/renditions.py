"""Renditions: smaller pictures, made of those originals that wait for them."""

from functools import partial
from itertools import groupby
from operator import attrgetter

from search.disk import has_room
from search.formats import decode
from search.models import Rendition
from workers.tasks.originals import picture_or_failure
from workers.writes import persist_or_put_back

# Renditions claimed at once; the claim is renewed by none, so a lease must be enough for them.
AT_ONCE = 16


def waits() -> bool:
    """Whether there is a rendition to make, and room for it: without, each try is for nothing."""
    return Rendition.objects.claimable().exists() and has_room()


def do() -> bool:
    """Claim some renditions and make them; whether any were claimed."""
    claimed = Rendition.objects.claim_fresh(AT_ONCE) or Rendition.objects.claim_again()
    for _, renditions in groupby(claimed, key=attrgetter("asset_id")):
        make(list(renditions))
    return bool(claimed)


def make(renditions: list[Rendition]) -> None:
    """Make the renditions of one asset, from one decoding of its original."""
    if picture := picture_or_failure(renditions, side=max(r.side for r in renditions)):
        for rendition in renditions:
            jpeg = decode.jpeg(decode.fit(picture, rendition.side))
            persist_or_put_back(partial(rendition.store, jpeg), rendition)
