"""Inspections: originals of which too little is stored, since they are older than what is."""

import logging
from typing import Any

from django.db.models import Q, QuerySet

from search.formats.facts import inspect
from search.formats.likeness import PLAIN
from search.formats.sniff import UndecodableImage
from search.library import upgrade
from search.library.originals import open_original
from search.models import Asset, Embedding, Rendition

logger = logging.getLogger(__name__)

# The layout of an asset that a worker has begun to inspect. One that ended its worker keeps it,
# and is tried again when the hourly cleaning takes it back.
BEGUN = b""


def waits() -> bool:
    """Whether there is an original to inspect and nothing else is to be done."""
    return uninspected().exists() and nothing_is_promised()


def do() -> bool:
    """Inspect the next original that nobody else does; whether there was one."""
    asset = uninspected().order_by("pk").first()
    if asset is None:
        return False
    if uninspected().filter(pk=asset.pk).update(layout=BEGUN):
        store_facts(asset)
    return True


def uninspected() -> QuerySet[Asset]:
    return Asset.objects.filter(~Q(layout=BEGUN), phash=None)


def take_back() -> None:
    """Let be tried again what was begun and never came to an end."""
    Asset.objects.filter(layout=BEGUN, phash=None).update(layout=None)


def nothing_is_promised() -> bool:
    return not (Rendition.objects.claimable().exists() or Embedding.objects.whose_turn().exists())


def store_facts(asset: Asset) -> None:
    """Store what the original shows; one that can't be read for good looks like nothing else."""
    try:
        with open_original(asset) as original:
            facts = inspect(original)
        fields: dict[str, Any] = {"phash": facts.phash, "layout": facts.layout}
        fields |= {"camera": facts.camera, **upgrade.date_of(asset, facts)}
    except (UndecodableImage, FileNotFoundError) as error:
        logger.info("The original of %s can't be inspected: %s", asset.pk, error)
        fields = {"phash": PLAIN, "layout": None}
    except OSError as error:
        logger.warning("Can't read the original of %s: %s", asset.pk, error)
        return
    # Whoever was faster came to the same.
    Asset.objects.filter(pk=asset.pk, phash=None).update(**fields)
