"""The simulator's rate limit: a window for each key, and a block for who exceeds it."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

WINDOW_SECONDS = 60
BLOCK_SECONDS = 60


@dataclass(slots=True)
class _Bucket:
    ends_at: float
    used: int = 0
    blocked_until: float = 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one call was told. `reset` is in whole seconds."""

    is_allowed: bool
    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit-Default": str(self.limit),
            "X-RateLimit-Remaining-Default": str(self.remaining),
            "X-RateLimit-Reset-Default": str(self.reset),
        }


class Limiter:
    """Counts calls by key; `now` is in seconds of any clock that does not go back."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, key: str, now: float) -> Allowance:
        """Count one call."""
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None or (bucket.ends_at <= now and bucket.blocked_until <= now):
                bucket = self._buckets[key] = _Bucket(ends_at=now + WINDOW_SECONDS)
            bucket.used += 1
            if bucket.used > self.limit and bucket.blocked_until <= now:
                bucket.blocked_until = now + BLOCK_SECONDS
            is_blocked = bucket.blocked_until > now
            ends_at = bucket.blocked_until if is_blocked else bucket.ends_at
            remaining = 0 if is_blocked else self.limit - bucket.used
            return Allowance(not is_blocked, self.limit, remaining, math.ceil(ends_at - now))

    def clear(self) -> None:
        with self._lock:
            self._buckets.clear()
