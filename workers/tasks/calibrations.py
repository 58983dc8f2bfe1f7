"""Calibrations: the thresholds of every complete encoder are fitted to the library as it grows."""

import hashlib
import logging
import time
from collections.abc import Sequence

import numpy as np
from django.conf import settings
from django.core.cache import cache

from search.library import sample_catalogue
from search.matches import calibrate, synthetic_queries
from search.models import Encoder
from workers.encoder_cache import encoder_of
from workers.encoders.protocol import CheckpointError, LoadedEncoder, Vectors
from workers.turns import turn

logger = logging.getLogger(__name__)

# Seconds that a search waits at most because of a step, and one batch of texts more.
STEP_SECONDS = 0.5
# Seconds that vectors stay in the cache for the next steps.
VECTOR_SECONDS = 3600


def waits() -> bool:
    # With each picture that comes the synthetic queries are others: 117 steps of 0.7 s did not
    # end while the catalogue was filled, and were a quarter of all that it cost.
    return not sample_catalogue.is_filling() and any(
        map(calibrate.stale, Encoder.objects.complete())
    )


def do() -> bool:
    """Encode for a moment what an encoder is calibrated by, or calibrate it once all is encoded.

    Returns whether it got on: what can't be calibrated now is not tried again at once.
    """
    with turn("calibrations") as taken:
        encoder = next(filter(calibrate.stale, Encoder.objects.complete().order_by("pk")), None)
        return taken and encoder is not None and is_brought_on(encoder)


def is_brought_on(encoder: Encoder) -> bool:
    try:
        take_step(encoder)
    except (CheckpointError, calibrate.TooFew) as error:
        logger.warning("%s can't be calibrated: %s", encoder, error)
        return False
    return True


def take_step(encoder: Encoder) -> None:
    loaded = encoder_of(encoder)
    if settings.CELERY_TASK_ALWAYS_EAGER:  # Nobody waits for a step to end.
        calibrate.calibrate(encoder, loaded.encode_texts)
        return
    until = time.monotonic() + STEP_SECONDS
    texts = synthetic_queries.texts_of(encoder)
    keys = {text: _key(encoder, text) for text in texts}
    vectors = cache.get_many(keys.values())
    missing = [text for text in texts if keys[text] not in vectors]
    while missing and time.monotonic() < until:
        batch, missing = missing[: loaded.batch_size], missing[loaded.batch_size :]
        made = dict(zip(batch, loaded.encode_texts(batch).tolist(), strict=True))
        cache.set_many({keys[text]: vector for text, vector in made.items()}, VECTOR_SECONDS)
    if not missing:
        calibrate.calibrate(encoder, lambda texts: vectors_of(texts, encoder, loaded))


def vectors_of(texts: Sequence[str], encoder: Encoder, loaded: LoadedEncoder) -> Vectors:
    """The vectors of the texts, nearly all of them from the cache."""
    keys = [_key(encoder, text) for text in texts]
    stored = cache.get_many(keys)
    missing = [text for text, key in zip(texts, keys, strict=True) if key not in stored]
    if missing:
        new = zip(missing, loaded.encode_texts(missing), strict=True)
        stored |= {_key(encoder, text): vector for text, vector in new}
    vectors = [stored[key] for key in keys]
    return np.array(vectors, np.float32).reshape(len(texts), loaded.dimensions)


def _key(encoder: Encoder, text: str) -> str:
    return f"calibrating:{encoder.pk}:{hashlib.sha256(text.encode()).hexdigest()}"
