"""How values lie in Redis, and how long a request waits for a Redis that does not answer."""

import json
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import TimeoutError as RedisTimeout

from config import silence


class JSONSerializer:
    """Values as JSON, so that nothing read from there is ever executed."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class ImpatientRedis(Redis):
    """Fails at once while Redis is silent: a page that asks five times would wait five seconds."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if silence.redis.lasts():
            raise RedisAway("Redis has not answered lately.")
        try:
            answer = super().execute_command(*args, **options)
        except (RedisAway, RedisTimeout):
            silence.redis.begin()
            raise
        silence.redis.end()
        return answer


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
