"""Query pictures: kept for a while under a token that stands in the URL."""

import base64
import logging
from contextlib import suppress
from typing import IO, Any
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.files import File
from redis.exceptions import RedisError

from search.formats import decode
from search.library.ingest import refuse_too_many_bytes
from search.models import SavedPicture, User
from search.refusals import Refusal

logger = logging.getLogger(__name__)

# Maximum of the longer side in pixels: larger than any encoder's input, small enough for Redis.
QUERY_PICTURE_SIDE = 1024
# Seconds that a query picture stays in the cache.
QUERY_PICTURE_SECONDS = 7 * 24 * 3600
# Maximum query pictures of one person, and of all strangers together; for a new one the oldest
# goes. Each has 0.1 to 0.5 MB in the cache.
MOST_PICTURES, MOST_OF_STRANGERS = 100, 200


class NoVector(Refusal):
    """There is no vector for this query."""


def remember_picture(picture: IO[bytes], user: User | AnonymousUser) -> str:
    """Keep a query picture for a week under a token, which then stands in the URL.

    Raises `UndecodableImage`, or NoVector while Redis is away.
    """
    refuse_too_many_bytes(File(picture))
    jpeg, token = decode.shrink(picture, QUERY_PICTURE_SIDE), uuid4().hex
    try:
        _make_room(token, user)
        _keep(picture_key(token, user), jpeg)
    except RedisError as error:
        logger.warning("A query picture could not be kept: %s", error)
        raise NoVector("query_pictures_away") from None
    return token


def remembered_picture(token: str, user: User | AnonymousUser) -> bytes | None:
    """The JPEG of a query picture; None once it is forgotten, and for everyone but its owner.

    That of a saved search is there for as long as the search, and for all who may see it.
    """
    if picture := cached(picture_key(token, user)):
        return base64.b64decode(picture)
    saved = SavedPicture.objects.visible_to(user).filter(token=token).first()
    if saved is None:
        return None
    try:
        with saved.picture.open() as file:
            return file.read()
    except FileNotFoundError:
        return None


def encodable_picture(token: str, user: User | AnonymousUser) -> str | None:
    """Where in the cache the encode task finds a picture that this person may ask by, else None."""
    own = picture_key(token, user)
    if cached(own):
        return own
    jpeg = remembered_picture(token, user)
    if jpeg is None:
        return None
    # Not among the person's own: whoever it was shared with must lose it with the search.
    handed_over = f"picture:saved:{token}"
    with suppress(RedisError):
        _keep(handed_over, jpeg)
    return handed_over


def picture_key(token: str, user: User | AnonymousUser) -> str:
    """Where in the cache this person's picture of this token lies."""
    return f"picture:{user.pk or 0}:{token}"


def cached(key: str) -> Any:
    """What the cache holds; nothing while Redis is away."""
    try:
        return cache.get(key)
    except RedisError:
        return None


def _make_room(token: str, user: User | AnonymousUser) -> None:
    """Give this picture the next of its person's places, in turn; whichever had it goes."""
    of_person = f"pictures:{user.pk or 0}"
    cache.add(of_person, 0, QUERY_PICTURE_SECONDS)
    # Counted by the cache in one step: of two that come at once each has a place of its own.
    number = cache.incr(of_person)
    cache.touch(of_person, QUERY_PICTURE_SECONDS)
    place = f"{of_person}:{number % (MOST_PICTURES if user.pk else MOST_OF_STRANGERS)}"
    if oldest := cache.get(place):
        cache.delete(picture_key(oldest, user))
    cache.set(place, token, QUERY_PICTURE_SECONDS)


def _keep(key: str, jpeg: bytes) -> None:
    cache.set(key, base64.b64encode(jpeg).decode(), QUERY_PICTURE_SECONDS)
