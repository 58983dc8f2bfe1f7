"""How values lie in Redis, and how long a request waits for a Redis that does not answer."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import TimeoutError as RedisTimeout

from config import silence

# Seconds that a wake-up stays for somebody who comes to wait for it.
WAKE_SECONDS = 10
# Minimum seconds of a wait; Redis takes 0 for "without an end".
LEAST_WAIT = 0.01


class Cache(Protocol):
    """What the cache of Sightline offers besides Django's."""

    def answer(self, key: str, value: Any, seconds: int) -> None:
        """Set a value for so long, and wake one who waits for it."""

    def wait(self, key: str, seconds: float) -> None:
        """Return once there has been an answer, or after so long."""

    def count(self, key: str, seconds: int) -> int:
        """How often this was called, until it was not for so long."""


def shared() -> Cache:
    """The cache that the processes of the site and the workers share."""
    return cast(Cache, caches["default"])


@contextmanager
def impatiently() -> Iterator[None]:
    """Ask Redis in the block. Raises RedisError, at once while Redis is silent: a page that asks
    five times would wait five seconds.
    """
    if silence.redis.lasts():
        raise RedisAway("Redis has not answered lately.")
    try:
        yield
    except (RedisAway, RedisTimeout):
        silence.redis.begin()
        raise
    silence.redis.end()


class JSONSerializer:
    """Values as JSON, so that nothing read from there is ever executed."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class ImpatientRedis(Redis):
    """Fails at once while Redis is silent."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        with impatiently():
            return super().execute_command(*args, **options)

    def together(self, *commands: tuple[Any, ...]) -> list[Any]:
        """What these commands return, which go there and back at once."""
        with impatiently(), self.pipeline() as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return pipeline.execute()


class ImpatientCacheClient(RedisCacheClient):
    """Django's, with that client."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._client = ImpatientRedis


class ImpatientCache(RedisCache):
    """Django's cache in Redis, with that client."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ImpatientCacheClient

    def answer(self, key: str, value: Any, seconds: int) -> None:
        name = self.make_and_validate_key(key)
        self._client(name).together(
            ("SET", name, JSONSerializer().dumps(value), "EX", seconds),
            ("RPUSH", _wake(name), 1),
            ("EXPIRE", _wake(name), WAKE_SECONDS),
        )

    def wait(self, key: str, seconds: float) -> None:
        name = self.make_and_validate_key(key)
        self._client(name).blpop([_wake(name)], max(seconds, LEAST_WAIT))

    def count(self, key: str, seconds: int) -> int:
        name = self.make_and_validate_key(key)
        commands = ("INCR", name), ("EXPIRE", name, seconds)
        return int(self._client(name).together(*commands)[0])

    def _client(self, name: str) -> Any:
        return self._cache.get_client(name, write=True)


class LocalCache(LocMemCache):
    """Django's, in a process without Redis, which answers itself before it waits."""

    def answer(self, key: str, value: Any, seconds: int) -> None:
        self.set(key, value, seconds)

    def wait(self, key: str, seconds: float) -> None:
        time.sleep(seconds)

    def count(self, key: str, seconds: int) -> int:
        self.add(key, 0, seconds)
        return self.incr(key)


def _wake(key: str) -> str:
    """The list that somebody who waits for a value of this key is woken by."""
    return f"{key}:wake"
