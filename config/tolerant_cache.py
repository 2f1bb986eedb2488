from __future__ import annotations

from typing import Any

import orjson
import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class JsonSerializer:
    """What is kept, as JSON: Django's own serializer is pickle, which runs the code of whoever can write to Redis.

    Refuses times and dataclasses, which would come back as texts and dicts; UUIDs and enums come back as texts,
    sequences as lists.
    """

    def dumps(self, value: Any) -> bytes:
        """Raises: TypeError."""
        return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS)

    def loads(self, data: bytes) -> Any:
        """Raises: ValueError."""
        return orjson.loads(data)


class TolerantRedisCache(RedisCache):
    """Redis that may be down: a read then misses, a write does nothing. Nothing kept here is the only copy.

    What is no JSON is missing too: an earlier version of this program, or another program, wrote it. Nor is it kept: a
    package that keeps its own objects here (the portal's search does) works them out anew each time.

    Throttles built on it therefore fail open; what must not fail open (guess counters, sessions) is in PostgreSQL.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except (RedisError, ValueError) as error:
            return self._missed("get", error, default)

    def set(self, key: Any, value: Any, timeout: Any = 300, version: int | None = None) -> None:
        try:
            super().set(key, value, timeout, version)
        except (RedisError, TypeError) as error:
            self._missed("set", error, None)

    def set_many(self, data: Any, timeout: Any = 300, version: int | None = None) -> list[Any]:
        """The keys that could not be written."""
        try:
            return list(super().set_many(data, timeout, version))
        except RedisError as error:
            return list(self._missed("set_many", error, list(data)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        try:
            return bool(super().delete(key, version))
        except RedisError as error:
            return bool(self._missed("delete", error, False))

    def _missed(self, operation: str, error: RedisError | ValueError | TypeError, answer: Any) -> Any:
        log.warning("cache.missed", operation=operation, error=type(error).__name__)
        return answer
