"""Labels to vectors, and the task that brings their suggestions up to date."""

import logging
import time

import numpy as np
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from kombu.exceptions import OperationalError as MessageNotSent
from redis.exceptions import RedisError

from search.library import label_suggestions
from search.models import Encoder, Label
from workers.encoder_cache import encoder_of
from workers.encoders.protocol import CheckpointError, LoadedEncoder, Vectors

logger = logging.getLogger(__name__)

# A search that comes meanwhile waits at most this long and for one label more.
TURN_SECONDS = 0.5
# Whoever is at it says so for so long; should a worker be killed, the bell waits no longer.
BUSY, BUSY_SECONDS = "labelling", 15


def ring_labels() -> None:
    """Have stale suggestions made anew, unless that has just been asked for."""
    encoder = Encoder.objects.serving()
    if encoder is None or not label_suggestions.stale(encoder).exists():
        return
    try:
        # One message at a time: a vocabulary may take minutes, and the bell goes on ringing.
        if cache.add(BUSY, True, BUSY_SECONDS):
            suggest_stale.delay()
    except (MessageNotSent, RedisError) as error:
        logger.warning("Nobody could be told of labels to suggest: %s", error)


@shared_task(expires=BUSY_SECONDS)
def suggest_stale() -> None:
    """Bring suggestions up to date for a moment; what is left then is another message."""
    encoder = Encoder.objects.serving()
    if encoder is None:
        return
    try:
        take_turn(encoder)
    except CheckpointError as error:
        # It stays busy until that lapses: another try at once would end the same way.
        logger.warning("Labels can't be encoded: %s", error)
        return
    cache.delete(BUSY)
    ring_labels()


def take_turn(encoder: Encoder) -> None:
    until = time.monotonic() + TURN_SECONDS
    for label in label_suggestions.stale(encoder):
        settle(label, encoder)
        # Without a queue nobody waits for a turn.
        if time.monotonic() > until and not settings.CELERY_TASK_ALWAYS_EAGER:
            return


def settle(label: Label, encoder: Encoder) -> None:
    """Encode the label's prompts where they are new, then make its suggestions anew."""
    if not label.is_encoded:
        vector = mean_of(label.prompts(), encoder_of(encoder))
        label_suggestions.store_vector(label, encoder, vector)
    label_suggestions.suggest(label)


def mean_of(prompts: list[str], encoder: LoadedEncoder) -> Vectors:
    """The mean of the prompts' unit vectors, itself of length 1."""
    mean = encoder.encode_texts(prompts).mean(axis=0)
    return mean / np.linalg.norm(mean)
