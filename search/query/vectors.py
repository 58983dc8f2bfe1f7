"""From a query to one unit vector, by way of the query worker."""

import hashlib
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from redis.exceptions import RedisError

from config.cache import shared
from search.matches import thresholds
from search.models import Calibration, Embedding, Encoder, User
from search.query import patience
from search.query.copies import copies
from search.query.pictures import NoVector, encodable_picture
from search.query.query import Example, Query
from workers.encoders.protocol import CheckpointError
from workers.messages import NotSent, sending
from workers.tasks.queries import encode_picture, encode_region, encode_text

logger = logging.getLogger(__name__)

# Maximum seconds between two looks for an answer of the query worker, which wakes whoever waits.
LOOK_SECONDS = 0.1
# Weight of what is against beside what is for: Rocchio's gamma is smaller than its beta.
AGAINST = 0.5
# Maximum new vectors for one person within an hour; each has some 15 kB in the cache for a day.
MOST_VECTORS = 2000
Person = User | AnonymousUser
WORDS, PICTURE = Calibration.Kind.WORDS, Calibration.Kind.PICTURE


class NoAnswer(Exception):
    """The query worker did not answer in time."""


# What says that the query worker gave no answer, or could not be asked.
UNANSWERED = (NoAnswer, NotSent, RedisError, CheckpointError)


class Encoding(NamedTuple):
    """A unit vector, and after how many tokens the words were cut off, if they were."""

    vector: list[float]
    cut_at: int | None = None


class Weighted(NamedTuple):
    """One part of a query with its weight; below zero it counts against."""

    weight: float
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A query as an encoder reads it: a vector to be near to, and those to be far from."""

    query: Query
    encoder: Encoder
    vector: list[float]  # Empty where the query has but words to leave out.
    without: tuple[list[float], ...] = ()
    copies: tuple[UUID, ...] = ()  # Clusters that its pictures belong to (search.query.copies).
    cut_at: int | None = None
    # Where there is an OR: each of its sides as a query, the vector of the first of which is above.
    sides: "tuple[EncodedQuery, ...]" = ()

    @property
    def sentence(self) -> str:
        if self.cut_at is None:
            return ""
        return f"Only the first {self.cut_at} tokens of your words were used."


def encode(query: Query, encoder: Encoder, user: User | AnonymousUser) -> EncodedQuery:
    """All of the query, each text and picture encoded once. Raises NoVector."""
    without = [_encode_text(words, encoder, user) for words in query.words.without]
    sides = [_encode_side(side, without, encoder, user) for side in query.alternatives]
    if len(sides) == 1:
        return sides[0]
    cut_at = next((side.cut_at for side in sides if side.cut_at), None)
    return replace(sides[0], query=query, cut_at=cut_at, sides=tuple(sides))


def _encode_side(
    query: Query, without: Sequence[Encoding], encoder: Encoder, user: User | AnonymousUser
) -> EncodedQuery:
    parts = list(_parts(query, without, encoder, user))
    vector = compose(parts, encoder) if parts else []
    cut_at = next((part.encoding.cut_at for part in parts if part.encoding.cut_at), None)
    left_out = tuple(encoding.vector for encoding in without)
    return EncodedQuery(query, encoder, vector, left_out, copies(query, user), cut_at)


def compose(parts: Sequence[Weighted], encoder: Encoder) -> list[float]:
    """The weighted sum of the parts, each in units of the deviation of its own scores; unit length.

    Rocchio's rule (1971): what is for is added, what is against subtracted with a smaller weight.
    Ranking by this one vector is ranking by the weighted sum of each part's z-scores (CombSUM, Fox
    & Shaw 1994, on scores standardised as in Montague & Aslam 2001): without the standardisation a
    picture's scores, which spread wider than those of words, would drown the words.

    Raises NoVector where the parts cancel each other out.
    """
    if len(parts) == 1 and parts[0].weight > 0:
        return parts[0].encoding.vector
    total = np.zeros(encoder.dimensions)
    for weight, encoding in parts:
        background = thresholds.background(encoding.vector, encoder)
        deviation = background.deviation if background else 1
        total += weight / max(deviation, 1e-6) * np.asarray(encoding.vector)
    length = float(np.linalg.norm(total))
    if not length > 0 or not math.isfinite(length):
        raise NoVector("wanted_and_not_wanted")
    return (total / length).tolist()


def kind_of(query: Query) -> str:
    """Whether it asks in words or by pictures: thresholds and search widths belong to the kind."""
    return WORDS if query.text and not query.like and not query.unlike else PICTURE


def _parts(
    query: Query, without: Sequence[Encoding], encoder: Encoder, user: User | AnonymousUser
) -> Iterator[Weighted]:
    if not query.has_vector:
        return
    if query.text:
        words = query.balance if query.is_mixed else 1.0
        yield Weighted(words, _encode_text(query.text, encoder, user))
    for encoding in without:
        yield Weighted(-AGAINST / len(without), encoding)
    pictures = 1 - query.balance if query.is_mixed else 1.0
    yield from _examples(query.like, pictures, encoder, user)
    yield from _examples(query.unlike, -AGAINST, encoder, user)


def _examples(
    examples: Sequence[Example], weight: float, encoder: Encoder, user: User | AnonymousUser
) -> Iterator[Weighted]:
    total = sum(example.weight for example in examples)
    for example in examples:
        yield Weighted(weight * example.weight / total, _encode_example(example, encoder, user))


def _encode_example(example: Example, encoder: Encoder, user: User | AnonymousUser) -> Encoding:
    if example.picture:
        return _encode_picture(example, encoder, user)
    return _encode_asset(example, encoder, user)


def _encode_asset(example: Example, encoder: Encoder, user: Person) -> Encoding:
    embedding = Embedding.objects.filter(asset=example.asset, encoder=encoder).first()
    if embedding is None or embedding.vector is None:
        raise NoVector("example_not_embedded")
    if example.region is None:
        return Encoding(embedding.vector)
    key = f"encoded:{encoder.pk}:{example.asset}:{embedding.sha256}:{example.region}"
    what = str(example.asset), str(example.region)
    return _cached_or_new(key, encode_region, encoder, *what, person=user)


def _encode_text(text: str, encoder: Encoder, user: Person) -> Encoding:
    normalised = " ".join(text.split())
    key = f"encoded:{encoder.pk}:{hashlib.sha256(normalised.encode()).hexdigest()}"
    return _cached_or_new(key, encode_text, encoder, normalised, person=user)


def _encode_picture(example: Example, encoder: Encoder, user: User | AnonymousUser) -> Encoding:
    picture = encodable_picture(example.picture, user)
    if picture is None:
        raise NoVector("query_picture_gone")
    region = str(example.region or "")
    key = f"encoded:{encoder.pk}:{example.picture}:{region}"
    return _cached_or_new(key, encode_picture, encoder, picture, region, person=user)


def encoder_answers(encoder: Encoder, seconds: float) -> bool:
    """Whether a text that nobody asked before is encoded in time: only that proves a worker.

    Under load such a text waits behind those that people ask for, whose answers prove as much.
    """
    if patience.has_just_answered(encoder):
        return True
    key = f"encoded:{encoder.pk}:probe"
    try:
        cache.delete(key)
        with sending():
            encode_text.delay(encoder.pk, "ready?", key)
        _wait_for(key, seconds)
    except UNANSWERED as error:
        logger.warning("No encoder answers: %r", error)
        return False
    patience.note_answer(encoder)
    return True


def _cached_or_new(key: str, task: Any, encoder: Encoder, *what: str, person: Person) -> Encoding:
    """The vector from the cache, where the query worker puts it if it is not there yet."""
    try:
        # First, and not sent a message where that fails: a silent Redis has cost a second then.
        entry = cache.get(key)
        if not entry:
            _charge(person)
            entry = _new(key, task, encoder, *what)
    except UNANSWERED as error:
        logger.warning("No encoder answers: %r", error)
        raise NoVector("encoder_not_answering") from None
    return _read(entry)


def _new(key: str, task: Any, encoder: Encoder, *what: str) -> dict[str, Any]:
    """What the query worker answers. Raises one of UNANSWERED."""
    seconds = patience.seconds(encoder)
    try:
        with sending():
            task.delay(encoder.pk, *what, key)
        entry = _wait_for(key, seconds)
    except NoAnswer:
        patience.note_miss(encoder, key)
        raise
    patience.note_answer(encoder)
    return entry


def _charge(person: Person) -> None:
    """Raises NoVector where a person has had as many vectors made within the hour as may be.

    Strangers have no number of their own: there the proxy limits each address.
    """
    if not person.is_authenticated:
        return
    of_hour = f"vectors:{person.pk}:{time.time() // 3600:.0f}"
    if shared().count(of_hour, 3600) > MOST_VECTORS:
        raise NoVector("too_many_vectors", most=MOST_VECTORS)


def _read(entry: dict[str, Any]) -> Encoding:
    """What the query worker answered. Raises NoVector with its refusal."""
    if refusal := entry.get("refusal"):
        raise NoVector.of(refusal)
    return Encoding(**entry)


def _wait_for(key: str, seconds: float) -> dict[str, Any]:
    """What appears under the key in time. Raises NoAnswer.

    Not by Celery's results: once Redis has been away, their consumer asks for a restart of the
    process ("Retry limit exceeded while trying to reconnect", celery 5.7.0). It is looked for all
    the same, since a wake-up may be lost with a connection, or go to another who waits.
    """
    until = time.monotonic() + seconds
    while not (entry := cache.get(key)):
        left = until - time.monotonic()
        if left <= 0:
            raise NoAnswer("No answer in time.")
        shared().wait(key, min(left, LOOK_SECONDS))
    return entry
