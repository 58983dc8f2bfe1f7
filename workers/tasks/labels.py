"""Labels to vectors: what of their suggestions is stale is brought up to date."""

import logging
import time

import numpy as np
from django.conf import settings

from search.library import label_suggestions
from search.models import Encoder, Label
from workers.encoder_cache import encoder_of
from workers.encoders.protocol import CheckpointError, LoadedEncoder, Vectors
from workers.turns import turn

logger = logging.getLogger(__name__)

# Seconds that a search waits at most because of a step, and one label more.
STEP_SECONDS = 0.5


def waits() -> bool:
    encoder = Encoder.objects.serving()
    return encoder is not None and label_suggestions.stale(encoder).exists()


def do() -> bool:
    """Bring suggestions up to date for a moment; whether some are left for the next step."""
    with turn("labels") as taken:
        encoder = Encoder.objects.serving()
        return taken and encoder is not None and settle_some(encoder)


def settle_some(encoder: Encoder) -> bool:
    until = time.monotonic() + STEP_SECONDS
    try:
        for label in label_suggestions.stale(encoder):
            settle(label, encoder)
            # Without a queue nobody waits for this step to end.
            if time.monotonic() > until and not settings.CELERY_TASK_ALWAYS_EAGER:
                return True
    except CheckpointError as error:
        logger.warning("Labels can't be encoded: %s", error)
    return False


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
