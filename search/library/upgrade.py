"""Upgrades: assets that were read by rules that have changed since are read anew.

Only where a picture looks other than it did are its renditions and vectors made anew: a look costs
a tenth of a second, a vector of a large encoder three times as much.
"""

import logging
from typing import Any

from django.db import transaction

from search.formats.facts import Facts, inspect
from search.formats.rules import RULES
from search.formats.sniff import UndecodableImage
from search.library import near_duplicates
from search.library.originals import open_original
from search.models import Asset, Embedding, Encoder, Rendition
from search.models.asset import AssetQuerySet

logger = logging.getLogger(__name__)

# In place of the version of an asset's rules: it waits to be read anew, or a worker is at it.
TO_READ, READING = 0, -1


def outdated() -> AssetQuerySet:
    """The assets that were read by older rules, those that wait included."""
    return Asset.objects.filter(rules__lt=RULES)


def not_begun() -> AssetQuerySet:
    """Those of them that nobody has asked to be read anew."""
    return outdated().filter(rules__gt=TO_READ)


def waiting() -> AssetQuerySet:
    """The assets to read anew."""
    return Asset.objects.filter(rules=TO_READ)


def begin() -> int:
    """Have all outdated assets read anew; how many were not waiting for that already."""
    return not_begun().update(rules=TO_READ)


def take_back() -> None:
    """Let be read again what was begun and never came to an end."""
    Asset.objects.filter(rules=READING).update(rules=TO_READ)


def read_next() -> bool:
    """Read the next asset anew that nobody else does; whether there was one."""
    asset = waiting().order_by("pk").first()
    if asset and waiting().filter(pk=asset.pk).update(rules=READING):
        read_anew(asset)
    return asset is not None


def read_anew(asset: Asset) -> None:
    """Store what its original shows by today's rules; one that is refused today stays as it is."""
    try:
        with open_original(asset) as original:
            facts = inspect(original)
    except (UndecodableImage, FileNotFoundError) as error:
        logger.info("The original of %s can't be read anew: %s", asset.pk, error)
        Asset.objects.filter(pk=asset.pk).update(rules=RULES)
    except OSError as error:  # It is taken back within the hour.
        logger.warning("Can't read the original of %s: %s", asset.pk, error)
    else:
        store(asset, facts)


def store(asset: Asset, facts: Facts) -> None:
    """Store these facts, and promise anew what was made of other ones."""
    before = (asset.colour, asset.phash, bytes(asset.layout or b""))
    with transaction.atomic():
        if before != (facts.colour, facts.phash, facts.layout):
            _promise_anew(asset)
        Asset.objects.filter(pk=asset.pk).update(
            rules=RULES,
            width=facts.width,
            height=facts.height,
            colour=facts.colour,
            phash=facts.phash,
            layout=facts.layout,
            camera=facts.camera,
            **date_of(asset, facts),
        )


def date_of(asset: Asset, facts: Facts) -> dict[str, Any]:
    """The fields of when it was taken, unless a person says, or may have before that was kept."""
    may_be_a_person_s = not asset.taken_source and asset.taken not in (None, facts.taken)
    is_a_person_s = asset.taken_source == Asset.TakenSource.PERSON
    if facts.taken is None or is_a_person_s or may_be_a_person_s:
        return {}
    return {"taken": facts.taken, "taken_source": facts.taken_source}


def _promise_anew(asset: Asset) -> None:
    near_duplicates.reset(Asset.objects.filter(pk=asset.pk))
    Rendition.objects.filter(asset=asset).reset()
    embeddings = Embedding.objects.filter(asset=asset, encoder__in=Encoder.objects.live())
    embeddings.reset()
    embeddings.update(backfill=True)  # Fresh uploads come first.
