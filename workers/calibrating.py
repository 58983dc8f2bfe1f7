"""Keeps the bands of every complete encoder fitted to the library as it grows."""

import hashlib
import logging
import time
from collections.abc import Sequence

import numpy as np
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from kombu.exceptions import OperationalError as MessageNotSent
from redis.exceptions import RedisError

from search.matches import calibrate, synthetic_queries
from search.models import Encoder
from workers.encoder_cache import encoder_of
from workers.encoders.protocol import CheckpointError, LoadedEncoder, Vectors

logger = logging.getLogger(__name__)

# A search that comes meanwhile waits at most this long and for one batch more.
TURN_SECONDS = 0.5
# Whoever is at it says so for so long; should a worker be killed, the bell waits no longer.
BUSY, BUSY_SECONDS = "calibrating", 60
# What has been encoded is kept for the next turns.
KEPT_SECONDS = 3600


def ring_calibration() -> None:
    """Have an encoder calibrated that needs it, unless that has just been asked for."""
    if not any(map(calibrate.stale, Encoder.objects.complete())):
        return
    try:
        if cache.add(BUSY, True, BUSY_SECONDS):
            calibrate_stale.delay()
    except (MessageNotSent, RedisError) as error:
        logger.warning("Nobody could be told to calibrate: %s", error)


@shared_task(expires=BUSY_SECONDS)
def calibrate_stale() -> None:
    """Encode for a moment what an encoder is calibrated by, or calibrate it once all is encoded."""
    encoder = next(filter(calibrate.stale, Encoder.objects.complete().order_by("pk")), None)
    if encoder is None:
        return
    try:
        take_turn(encoder)
    except (CheckpointError, calibrate.TooFew) as error:
        # It stays busy until that lapses: another try at once would end the same way.
        logger.warning("%s can't be calibrated: %s", encoder, error)
        return
    cache.delete(BUSY)
    ring_calibration()


def take_turn(encoder: Encoder) -> None:
    loaded = encoder_of(encoder)
    if settings.CELERY_TASK_ALWAYS_EAGER:  # Nobody waits for a turn.
        calibrate.calibrate(encoder, loaded.encode_texts)
        return
    until = time.monotonic() + TURN_SECONDS
    texts = synthetic_queries.texts_of(encoder)
    keys = {text: _key(encoder, text) for text in texts}
    kept = cache.get_many(keys.values())
    missing = [text for text in texts if keys[text] not in kept]
    while missing and time.monotonic() < until:
        some, missing = missing[: loaded.batch_size], missing[loaded.batch_size :]
        made = dict(zip(some, loaded.encode_texts(some).tolist(), strict=True))
        cache.set_many({keys[text]: vector for text, vector in made.items()}, KEPT_SECONDS)
    if not missing:
        calibrate.calibrate(encoder, lambda texts: encoded(texts, encoder, loaded))


def encoded(texts: Sequence[str], encoder: Encoder, loaded: LoadedEncoder) -> Vectors:
    """The vectors of the texts, of which nearly all have been kept."""
    keys = [_key(encoder, text) for text in texts]
    kept = cache.get_many(keys)
    missing = [text for text, key in zip(texts, keys, strict=True) if key not in kept]
    if missing:
        new = zip(missing, loaded.encode_texts(missing), strict=True)
        kept |= {_key(encoder, text): vector for text, vector in new}
    vectors = [kept[key] for key in keys]
    return np.array(vectors, np.float32).reshape(len(texts), loaded.dimensions)


def _key(encoder: Encoder, text: str) -> str:
    return f"calibrating:{encoder.pk}:{hashlib.sha256(text.encode()).hexdigest()}"
