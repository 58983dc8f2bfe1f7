"""The query: what a person asked, to a vector, to hits, to a page."""

import base64
import hashlib
import logging
import time
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from kombu.exceptions import OperationalError as MessageNotSent
from redis.exceptions import RedisError

from search import images
from search.models import Asset, Embedding, Encoder, User
from search.models.asset import AssetQuerySet
from workers.encoders.base import CheckpointError
from workers.tasks import encode_picture, encode_text

logger = logging.getLogger(__name__)

PAGE_SIZE = 48
# An exhaustive comparison costs about 1 ms per 1,000 rows and misses nothing; PostgreSQL's own
# choice was the index, at recall 0.53, for a filter that kept 1,000 rows (design.md, section 7).
EXACT_BELOW = 20_000
# Larger than any encoder's input, small enough for a message store.
QUERY_PICTURE_SIDE = 1024
LOOK_SECONDS = 0.005
QUERY_PICTURE_SECONDS = 7 * 24 * 3600


class NoAnswer(Exception):
    """The query worker did not answer in time."""


class NoVector(Exception):
    """There is no vector for this query; the text is a sentence for the person who asked."""


class Encoded(NamedTuple):
    """A unit vector, and after how many tokens the words were cut off, if they were."""

    vector: list[float]
    cut_at: int | None = None

    @property
    def sentence(self) -> str:
        if self.cut_at is None:
            return ""
        return f"Only the first {self.cut_at} tokens of your words were used."


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asked: words, a picture of theirs or an asset, among the assets that pass."""

    text: str = ""
    picture: str = ""  # The token of an uploaded query picture.
    asset: Asset | None = None
    collection: str = ""
    label: str = ""

    @property
    def has_vector(self) -> bool:
        return bool(self.text or self.picture or self.asset)

    def permitted(self, user: User | AnonymousUser) -> AssetQuerySet:
        """The assets that the filters and the person's rights leave."""
        assets = Asset.objects.visible_to(user)
        if self.collection:
            assets = assets.in_collection(self.collection)
        if self.label:
            assets = assets.labelled(self.label)
        return assets.exclude(pk=self.asset.pk) if self.asset else assets

    def vector(self, encoder: Encoder) -> list[float]:
        """The unit vector of what was asked. Raises NoVector."""
        return self.encoded(encoder).vector

    def encoded(self, encoder: Encoder) -> Encoded:
        """The same, with what there is to say about it. Raises NoVector."""
        if self.picture:
            return _vector_of_picture(self.picture, encoder)
        if self.asset:
            return Encoded(_vector_of_asset(self.asset, encoder))
        return _vector_of_text(self.text, encoder)

    def hits(
        self, user: User | AnonymousUser, encoder: Encoder, vector: list[float]
    ) -> AssetQuerySet:
        """The permitted assets, nearest to the vector first."""
        assets = self.permitted(user)
        filtered = bool(self.collection or self.label)
        if filtered and assets[: EXACT_BELOW + 1].count() <= EXACT_BELOW:
            return assets.exactly_nearest(vector, encoder)
        return assets.nearest(vector, encoder)


@dataclass(slots=True)
class Answer:
    """One page of hits, how they were found, and what there is to say about it."""

    query: Query
    hits: list[Asset]
    page: int
    has_more: bool
    ranked: bool  # By distance; otherwise by words in common, or the newest first.
    encoder: Encoder | None
    sentence: str = field(default="")


def answer(
    query: Query,
    user: User | AnonymousUser,
    *,
    encoder: Encoder | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> Answer:
    """The hits of one page, by the serving encoder unless another is given.

    Where no encoder answers, those that share the query's words.
    """
    asked = encoder or Encoder.objects.serving()
    found = _answered(query, user, asked, page, size)
    if encoder is None and (found.sentence or not found.hits):
        # It may have been taken out of service, and away, while it was asked.
        serving = Encoder.objects.serving()
        return found if serving == asked else _answered(query, user, serving, page, size)
    return found


def _answered(
    query: Query, user: User | AnonymousUser, encoder: Encoder | None, page: int, size: int
) -> Answer:
    sentence, ranked = "", False
    assets = query.permitted(user).newest()
    if query.has_vector:
        try:
            required = _required(encoder)
            encoded = query.encoded(required)
            assets, ranked = query.hits(user, required, encoded.vector), True
            sentence = encoded.sentence
        except NoVector as error:
            mention = " These assets mention your words." if query.text else ""
            sentence, assets = f"{error}{mention}", _lexical(query, user)
    # One more than the page: "is there more?" costs no COUNT.
    first = (page - 1) * size
    hits = list(assets.prefetch_related("renditions")[first : first + size + 1])
    if ranked and not hits:
        sentence = ""  # Nothing was found by the words that were used, either.
    return Answer(query, hits[:size], page, len(hits) > size, ranked, encoder, sentence)


def _required(encoder: Encoder | None) -> Encoder:
    if encoder is None:
        raise NoVector("No encoder serves yet.")
    return encoder


def _lexical(query: Query, user: User | AnonymousUser) -> AssetQuerySet:
    permitted = query.permitted(user)
    return permitted.mentioning(query.text) if query.text else permitted.none()


def remember_picture(picture: BinaryIO) -> str:
    """Keep a query picture for a week under a token, which then stands in the URL.

    Raises `images.UndecodableImage`, or NoVector while Redis is away.
    """
    jpeg, token = images.shrunk(picture, QUERY_PICTURE_SIDE), uuid4().hex
    try:
        cache.set(f"picture:{token}", base64.b64encode(jpeg).decode(), QUERY_PICTURE_SECONDS)
    except RedisError as error:
        logger.warning("A query picture could not be kept: %s", error)
        raise NoVector("Searching by a picture is resting; please try again in a minute.") from None
    return token


def remembered_picture(token: str) -> bytes | None:
    """The JPEG of a query picture, or None once it is forgotten."""
    kept = _cached(f"picture:{token}")
    return base64.b64decode(kept) if kept else None


def _vector_of_asset(asset: Asset, encoder: Encoder) -> list[float]:
    embedding = Embedding.objects.filter(asset=asset, encoder=encoder).first()
    if embedding is None or embedding.vector is None:
        raise NoVector("This asset is still being embedded; please try again in a moment.")
    return embedding.vector


def _vector_of_text(text: str, encoder: Encoder) -> Encoded:
    normalised = " ".join(text.split())
    key = f"encoded:{encoder.pk}:{hashlib.sha256(normalised.encode()).hexdigest()}"
    return _encoded(key, encode_text, encoder, normalised)


def _vector_of_picture(token: str, encoder: Encoder) -> Encoded:
    if remembered_picture(token) is None:
        raise NoVector("This query picture is no longer kept; please choose it again.")
    return _encoded(f"encoded:{encoder.pk}:{token}", encode_picture, encoder, f"picture:{token}")


def encoder_answers(encoder: Encoder) -> bool:
    """Whether a text that nobody asked before is encoded in time: only that proves a worker."""
    key = f"encoded:{encoder.pk}:probe"
    try:
        cache.delete(key)
        _encoded(key, encode_text, encoder, "ready?")
    except (NoVector, RedisError):
        return False
    return True


def _encoded(key: str, task: Any, encoder: Encoder, what: str) -> Encoded:
    """The vector from the cache, where the query worker puts it if it is not there yet."""
    if cached := _cached(key):
        return Encoded(**cached)
    try:
        task.delay(encoder.pk, what, key)
        return _awaited(key)
    except (NoAnswer, MessageNotSent, RedisError, CheckpointError) as error:
        logger.warning("No encoder answers: %r", error)
    raise NoVector("The encoder is not answering.")


def _awaited(key: str) -> Encoded:
    """What appears under the key in time.

    Looked for, not subscribed to: once Redis has been away, Celery's result consumer asks for a
    restart of the process ("Retry limit exceeded while trying to reconnect", celery 5.7.0).
    """
    until = time.monotonic() + settings.QUERY_TIMEOUT_SECONDS
    while not (cached := cache.get(key)):
        if time.monotonic() > until:
            raise NoAnswer("No answer in time.")
        time.sleep(LOOK_SECONDS)
    return Encoded(**cached)


def _cached(key: str) -> Any:
    try:
        return cache.get(key)
    except RedisError:
        return None
