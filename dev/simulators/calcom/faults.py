"""The simulator's switches for trouble: what may happen to deliveries and to the next calls."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

DEFAULT_SHUFFLE_WINDOW_MS = 1000
Instead = Literal["403", "500", "502", "429", "html", "hang", "drop"]
After = Literal["500_after_commit", "html_after_commit", "drop_after_commit", "hang_after_commit", "half_body", "late"]
Otherwise = Literal["ignore", "lie"]
WINDOW_SECONDS = 60
BLOCK_SECONDS = 60


class Switch(BaseModel):
    # A misspelt switch would make a test pass for nothing.
    model_config = ConfigDict(extra="forbid")


class WebhookFaults(Switch):
    """`duplicate` and `loss` are shares from 0 to 1; `shuffle` is a window in ms, or true for one second."""

    duplicate: float = Field(default=0, ge=0, le=1)
    loss: float = Field(default=0, ge=0, le=1)
    shuffle: bool | int = False
    delay_ms: int = Field(default=0, ge=0)

    @property
    def shuffle_window_ms(self) -> int:
        return DEFAULT_SHUFFLE_WINDOW_MS if self.shuffle is True else int(self.shuffle)


class ApiFault(Switch):
    """`match` is "METHOD /path" with `*` for anything.

    403, 500, 502, html, 429, drop and hang happen instead of the operation; `.._after_commit` and half_body after it;
    late waits first, does it, and answers nothing; ignore does it as if the body were empty, and says it went well;
    lie does it, and answers with other values: `says` by key, at any depth, null where the key is left out.
    `message` is the text of a 403.
    """

    match: str
    do: Instead | After | Otherwise
    times: int = Field(default=1, ge=1)
    seconds: float = 30
    message: str = "Forbidden resource"
    says: dict[str, JsonValue] = {}

    def lie(self, envelope: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """The answer with what `says` has in it. Its own status stays."""
        told = self._told(envelope)
        assert isinstance(told, dict)
        return told | {"status": envelope["status"]}

    def _told(self, answer: JsonValue) -> JsonValue:
        if isinstance(answer, list):
            return [self._told(one) for one in answer]
        if not isinstance(answer, dict):
            return answer
        told = {key: self.says[key] if key in self.says else self._told(value) for key, value in answer.items()}
        return {key: value for key, value in told.items() if key not in self.says or value is not None}


class ApiFaults(Switch):
    next: list[ApiFault] = []


class Faults(Switch):
    webhooks: WebhookFaults = WebhookFaults()
    api: ApiFaults = ApiFaults()

    def take(self, method: str, path: str) -> ApiFault | None:
        """The fault for this call, used up by one."""
        for fault in self.api.next:
            if fault.times > 0 and fnmatchcase(f"{method} {path}", fault.match):
                fault.times -= 1
                return fault
        return None


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
