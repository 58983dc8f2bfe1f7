"""How long a search waits for an encoder: not at all once it has been silent several times.

Each process of the site finds that out for itself. The messages are sent all the same: as soon as
one of them is answered, searches wait again.
"""

import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from search.models import Encoder

# Maximum number of searches one after another that wait in vain.
MISSES = 3


@dataclass
class Silence:
    """How often an encoder did not answer, and where in the cache an answer would appear."""

    misses: int = 0
    key: str = ""
    since: float = 0.0


_silences: dict[int, Silence] = {}


def seconds(encoder: Encoder) -> float:
    """How long to wait for an answer of this encoder. Raises RedisError."""
    silence = _silences.get(encoder.pk, Silence())
    if silence.misses >= MISSES and not cache.get(silence.key):
        return 0
    return settings.QUERY_TIMEOUT_SECONDS


def note_answer(encoder: Encoder) -> None:
    _silences.pop(encoder.pk, None)


def note_miss(encoder: Encoder, key: str) -> None:
    """The encoder did not answer in time to the message that was to put its vector there."""
    silence, now = _silences.setdefault(encoder.pk, Silence()), time.monotonic()
    silence.misses += 1
    # Not each time: many searches, none of them the second that an answer takes before the next,
    # would never see one.
    if now - silence.since > settings.QUERY_TIMEOUT_SECONDS:
        silence.key, silence.since = key, now
