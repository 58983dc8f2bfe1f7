"""How long a search waits for an encoder: hardly, once it has been silent several times.

Each process of the site finds that out for itself. The messages are sent all the same: as soon as
one of them is answered, searches wait again. Until then one now and then waits shortly, so that the
first search after an outage need not do without the encoder.
"""

import math
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from search.models import Encoder

# Maximum number of searches one after another that wait in vain.
MISSES = 3
# Maximum seconds of a search that tries: a text takes a base encoder 134 ms on two cores.
TRY_SECONDS = 0.5
# Seconds for which an answer proves that an encoder answers.
PROOF_SECONDS = 2.0


@dataclass
class Silence:
    """How often an encoder did not answer, and where in the cache an answer would appear."""

    misses: int = 0
    key: str = ""
    since: float = 0.0

    def is_old(self) -> bool:
        """Whether nobody has tried lately."""
        return time.monotonic() - self.since > settings.QUERY_TIMEOUT_SECONDS


_silences: dict[int, Silence] = {}
_answers: dict[int, float] = {}  # When each encoder answered last.


def seconds(encoder: Encoder) -> float:
    """How long to wait for an answer of this encoder. Raises RedisError."""
    silence = _silences.get(encoder.pk, Silence())
    if silence.misses < MISSES or cache.get(silence.key):
        return settings.QUERY_TIMEOUT_SECONDS
    return TRY_SECONDS if silence.is_old() else 0


def note_answer(encoder: Encoder) -> None:
    _silences.pop(encoder.pk, None)
    _answers[encoder.pk] = time.monotonic()


def has_just_answered(encoder: Encoder) -> bool:
    return time.monotonic() - _answers.get(encoder.pk, -math.inf) < PROOF_SECONDS


def note_miss(encoder: Encoder, key: str) -> None:
    """The encoder did not answer in time to the message that was to put its vector there."""
    silence = _silences.setdefault(encoder.pk, Silence())
    silence.misses += 1
    # Not each time: many searches, none of them the second that an answer takes before the next,
    # would never see one.
    if silence.is_old():
        silence.key, silence.since = key, time.monotonic()
