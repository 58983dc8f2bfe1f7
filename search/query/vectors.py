"""From what was asked to one unit vector."""

import hashlib
import logging
import math
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from kombu.exceptions import OperationalError as MessageNotSent
from redis.exceptions import RedisError

from search.matches import thresholds
from search.models import Calibration, Embedding, Encoder, User
from search.query.pictures import NoVector, cached, encodable_picture
from search.query.query import Example, Query
from workers.encoders.protocol import CheckpointError
from workers.tasks.queries import encode_picture, encode_region, encode_text

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.005
# What is against counts half as much as what is for: Rocchio's gamma is smaller than its beta.
AGAINST = 0.5
WORDS, PICTURE = Calibration.Kind.WORDS, Calibration.Kind.PICTURE


class NoAnswer(Exception):
    """The query worker did not answer in time."""


class Encoded(NamedTuple):
    """A unit vector, and after how many tokens the words were cut off, if they were."""

    vector: list[float]
    cut_at: int | None = None

    @property
    def sentence(self) -> str:
        if self.cut_at is None:
            return ""
        return f"Only the first {self.cut_at} tokens of your words were used."


class Part(NamedTuple):
    """One part of a query with its weight; below zero it counts against."""

    weight: float
    kind: str
    encoded: Encoded


def vector_of(query: Query, encoder: Encoder, user: User | AnonymousUser) -> Encoded:
    """The unit vector of all that was asked. Raises NoVector."""
    parts = list(_parts(query, encoder, user))
    if len(parts) == 1 and parts[0].weight > 0:
        return parts[0].encoded
    cut_at = next((part.encoded.cut_at for part in parts if part.encoded.cut_at), None)
    return Encoded(composed(parts, encoder), cut_at)


def composed(parts: Sequence[Part], encoder: Encoder) -> list[float]:
    """The weighted sum of the parts, each in units of the deviation of its own scores; unit length.

    Rocchio's rule (1971): what is for is added, what is against subtracted with a smaller weight.
    Ranking by this one vector is ranking by the weighted sum of each part's z-scores (CombSUM, Fox
    & Shaw 1994, on scores standardised as in Montague & Aslam 2001): without the standardisation a
    picture's scores, which spread wider than those of words, would drown the words.
    """
    total = np.zeros(encoder.dimensions)
    for weight, _, encoded in parts:
        background = thresholds.background(encoded.vector, encoder)
        deviation = background.deviation if background else 1
        total += weight / max(deviation, 1e-6) * np.asarray(encoded.vector)
    length = float(np.linalg.norm(total))
    if not length > 0 or not math.isfinite(length):
        raise NoVector("What you want and what you do not want are the same.")
    return (total / length).tolist()


def kind_of(query: Query) -> str:
    """Whether it asks in words or by pictures: thresholds and search widths belong to the kind."""
    return WORDS if query.text and not query.like and not query.unlike else PICTURE


def without(query: Query, encoder: Encoder) -> list[list[float]]:
    """The vectors of the words to leave out, each by itself. Raises NoVector."""
    return [_vector_of_text(words, encoder).vector for words in query.words.without]


def _parts(query: Query, encoder: Encoder, user: User | AnonymousUser) -> Iterator[Part]:
    words = query.balance if query.is_mixed else 1.0
    if query.text:
        yield Part(words, WORDS, _vector_of_text(query.text, encoder))
    for negative in query.words.without:
        if query.has_vector:
            weight = -AGAINST / len(query.words.without)
            yield Part(weight, WORDS, _vector_of_text(negative, encoder))
    pictures = 1 - query.balance if query.is_mixed else 1.0
    yield from _examples(query.like, pictures, encoder, user)
    yield from _examples(query.unlike, -AGAINST, encoder, user)


def _examples(
    examples: Sequence[Example], weight: float, encoder: Encoder, user: User | AnonymousUser
) -> Iterator[Part]:
    total = sum(example.weight for example in examples)
    for example in examples:
        encoded = _vector_of_example(example, encoder, user)
        yield Part(weight * example.weight / total, PICTURE, encoded)


def _vector_of_example(example: Example, encoder: Encoder, user: User | AnonymousUser) -> Encoded:
    if example.picture:
        return _vector_of_picture(example, encoder, user)
    return _vector_of_asset(example, encoder)


def _vector_of_asset(example: Example, encoder: Encoder) -> Encoded:
    embedding = Embedding.objects.filter(asset=example.asset, encoder=encoder).first()
    if embedding is None or embedding.vector is None:
        raise NoVector("This asset is still being embedded; please try again in a moment.")
    if example.region is None:
        return Encoded(embedding.vector)
    key = f"encoded:{encoder.pk}:{example.asset}:{embedding.sha256}:{example.region}"
    return _encoded(key, encode_region, encoder, str(example.asset), str(example.region))


def _vector_of_text(text: str, encoder: Encoder) -> Encoded:
    normalised = " ".join(text.split())
    key = f"encoded:{encoder.pk}:{hashlib.sha256(normalised.encode()).hexdigest()}"
    return _encoded(key, encode_text, encoder, normalised)


def _vector_of_picture(example: Example, encoder: Encoder, user: User | AnonymousUser) -> Encoded:
    picture = encodable_picture(example.picture, user)
    if picture is None:
        raise NoVector("This query picture is no longer kept; please choose it again.")
    region = str(example.region or "")
    key = f"encoded:{encoder.pk}:{example.picture}:{region}"
    return _encoded(key, encode_picture, encoder, picture, region)


def encoder_answers(encoder: Encoder) -> bool:
    """Whether a text that nobody asked before is encoded in time: only that proves a worker."""
    key = f"encoded:{encoder.pk}:probe"
    try:
        cache.delete(key)
        _encoded(key, encode_text, encoder, "ready?")
    except (NoVector, RedisError):
        return False
    return True


def _encoded(key: str, task: Any, encoder: Encoder, *what: str) -> Encoded:
    """The vector from the cache, where the query worker puts it if it is not there yet."""
    if kept := cached(key):
        return _read(kept)
    try:
        task.delay(encoder.pk, *what, key)
        return _read(_awaited(key))
    except (NoAnswer, MessageNotSent, RedisError, CheckpointError) as error:
        logger.warning("No encoder answers: %r", error)
    raise NoVector("The encoder is not answering.")


def _read(kept: dict[str, Any]) -> Encoded:
    """What the query worker answered. Raises NoVector with its refusal."""
    if refusal := kept.get("refusal"):
        raise NoVector(refusal)
    return Encoded(**kept)


def _awaited(key: str) -> dict[str, Any]:
    """What appears under the key in time.

    Looked for, not subscribed to: once Redis has been away, Celery's result consumer asks for a
    restart of the process ("Retry limit exceeded while trying to reconnect", celery 5.7.0).
    """
    until = time.monotonic() + settings.QUERY_TIMEOUT_SECONDS
    while not (kept := cache.get(key)):
        if time.monotonic() > until:
            raise NoAnswer("No answer in time.")
        time.sleep(LOOK_SECONDS)
    return kept
