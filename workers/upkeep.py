"""Upkeep of encoders, besides embedding: promises, indexes, states and removal.

All of it is SQL that may take long or wait for others' transactions (a backup holds up
CREATE INDEX CONCURRENTLY for as long as it takes), so it is no task: it would keep the worker from
embedding what has just been uploaded. Every step can be cut off and taken again.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models.functions import Now
from redis.exceptions import RedisError

from search.models import Embedding, Encoder
from search.models.encoder import WrongState
from workers.bell import ring
from workers.encoders.protocol import CheckpointError
from workers.messages import NotSent, sending
from workers.tasks.queries import encode_text
from workers.turns import turn

logger = logging.getLogger(__name__)

# Seconds beyond a search's own timeout until the vectors that it may be using are removed.
GRACE_SECONDS = 5


def advance_encoders() -> None:
    """Advance every encoder by a step; one process at a time does so."""
    with turn("upkeep") as taken:
        if taken:
            for encoder in Encoder.objects.order_by("pk"):
                advance(encoder)


def advance_without_workers() -> None:
    """Without Redis, do at once all that workers would do."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        advance_encoders()
        ring()
        advance_encoders()


def advance(encoder: Encoder) -> None:
    if encoder.removal_requested:
        remove(encoder)
    elif encoder.state != Encoder.State.RETIRED:
        encoder.build_index()
        while Embedding.objects.promise_next(encoder):
            ring()
        become_ready(encoder)
        promote_if_requested(encoder)


def become_ready(encoder: Encoder) -> None:
    """End building once the whole backfill is embedded or has failed."""
    building = Encoder.objects.filter(
        pk=encoder.pk, state=Encoder.State.BUILDING, promised__isnull=False
    )
    backfill = Embedding.objects.filter(encoder=encoder, backfill=True).waiting()
    if building.exists() and not backfill.exists() and encoder.has_index():
        building.update(state=Encoder.State.READY)
        logger.info("The encoder %s is ready", encoder)


def promote_if_requested(encoder: Encoder) -> None:
    ready = Encoder.objects.filter(pk=encoder.pk, state=Encoder.State.READY)
    if ready.filter(promote_when_ready=True).exists() and is_warm(encoder):
        try:
            encoder.promote()
        except WrongState as error:  # A curator was faster.
            logger.info("Not promoted: %s", error)


def is_warm(encoder: Encoder) -> bool:
    """Whether a query worker has just encoded with it; if not, ask one to load it."""
    key = f"warm:{encoder.pk}"
    try:
        if not cache.get(key):
            with sending():
                encode_text.delay(encoder.pk, "warm up", key)
        return bool(cache.get(key)) and cache.delete(key)
    except (RedisError, NotSent, CheckpointError) as error:
        logger.warning("The encoder %s can't be warmed up: %s", encoder, error)
        return False


def remove(encoder: Encoder) -> None:
    """Delete an encoder once no search can be running that began before its removal."""
    grace = timedelta(seconds=settings.QUERY_TIMEOUT_SECONDS + GRACE_SECONDS)
    if Encoder.objects.filter(pk=encoder.pk, removal_requested__lt=Now() - grace).exists():
        # The index first: otherwise every deleted vector would be vacuumed from its graph.
        encoder.drop_index()
        while Embedding.objects.take_away(encoder):
            pass
        encoder.delete()
        logger.info("The encoder %s is removed", encoder)
