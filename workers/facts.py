"""The tasks that compare assets, and look again at originals of which too little is known."""

import logging
import time
from typing import Any

from celery import shared_task
from django.core.cache import cache
from django.db.models import Value
from django.db.models.functions import Coalesce

from search.formats.facts import inspect
from search.formats.likeness import PLAIN
from search.formats.sniff import UndecodableImage
from search.library import near_duplicates
from search.models import Asset, Embedding, Rendition

logger = logging.getLogger(__name__)

# A decoding may take a minute more (search.formats.sandbox); what takes longer than both has hung.
TURN_SECONDS = 20
HUNG_SECONDS = 100
RUNG_SECONDS = 50
# Nobody else looks at an original meanwhile; and one that ended its worker is not soon tried again.
CLAIM_SECONDS = 3600


def ring_facts() -> None:
    """Have assets compared that wait for it or, where nothing else is to do, more of them seen."""
    if near_duplicates.waiting().exists():
        compare_waiting.delay()
    elif Asset.objects.filter(phash=None).exists() and nothing_is_promised():
        find_facts.delay()


def nothing_is_promised() -> bool:
    return not (Rendition.objects.claimable().exists() or Embedding.objects.whose_turn().exists())


@shared_task(time_limit=HUNG_SECONDS, expires=RUNG_SECONDS)
def compare_waiting() -> None:
    """Find the near-duplicates of what has not been compared, until nothing waits for it."""
    until = time.monotonic() + TURN_SECONDS
    while near_duplicates.compare_next():
        if time.monotonic() > until:
            compare_waiting.delay()
            return


@shared_task(time_limit=HUNG_SECONDS, expires=RUNG_SECONDS)
def find_facts() -> None:
    """Look at originals that came before their facts were kept, as long as nothing else waits."""
    until = time.monotonic() + TURN_SECONDS
    for asset in Asset.objects.filter(phash=None).order_by("pk").iterator(chunk_size=100):
        if time.monotonic() > until or not nothing_is_promised():
            break
        if cache.add(claim_of(asset), True, CLAIM_SECONDS):
            find_facts_of(asset)
    compare_waiting()


def claim_of(asset: Asset) -> str:
    return f"facts:{asset.pk}"


def find_facts_of(asset: Asset) -> None:
    """Keep what the original shows; one that can't be read for good looks like nothing else."""
    try:
        with asset.original.open() as original:
            facts = inspect(original)
        found: dict[str, Any] = {"phash": facts.phash, "layout": facts.layout}
        if facts.taken:
            found["taken"] = Coalesce("taken", Value(facts.taken))  # A person may have said it.
    except (UndecodableImage, FileNotFoundError) as error:
        logger.info("Nothing is known of the original of %s: %s", asset.pk, error)
        found = {"phash": PLAIN}
    except OSError as error:
        logger.warning("Can't read the original of %s: %s", asset.pk, error)
        return
    # Whoever was faster found the same.
    Asset.objects.filter(pk=asset.pk, phash=None).update(**found)
    cache.delete(claim_of(asset))
