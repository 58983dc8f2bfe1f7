"""What a person has searched for lately. In the cache alone: while Redis is away, nothing."""

import logging
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from redis.exceptions import RedisError

from search.models import User

logger = logging.getLogger(__name__)

# Maximum of searches for one person.
MOST = 20
# How long they stay in the cache after the last search.
EXPIRY = timedelta(days=90)


def recent(user: User | AnonymousUser) -> list[str]:
    """The words of a person's last searches, the newest first; of a stranger none."""
    if not user.is_authenticated:
        return []
    try:
        return cache.get(_key(user), [])
    except RedisError:
        return []


def remember(user: User | AnonymousUser, words: str) -> None:
    """Put these words first among what the person has searched for lately."""
    text = " ".join(words.split())
    if not user.is_authenticated or not text:
        return
    others = [other for other in recent(user) if other.casefold() != text.casefold()]
    try:
        cache.set(_key(user), [text, *others][:MOST], EXPIRY.total_seconds())
    except RedisError as error:
        logger.warning("A search could not be remembered: %s", error)


def _key(user: Any) -> str:
    return f"recent:{user.pk}"
