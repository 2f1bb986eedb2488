"""The fields `RateLimit-Policy` and `RateLimit`, by which an app learns its limits before it meets them.

As in draft-ietf-httpapi-ratelimit-headers-10: quotas with their windows, and what is left, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http.response import ResponseHeaders


@dataclass(frozen=True, slots=True)
class Quota:
    """`left` of `most` requests; all of them again in `reset_seconds`."""

    name: str
    most: int
    period_seconds: int
    left: int
    reset_seconds: int

    @property
    def policy(self) -> str:
        return f'"{self.name}";q={self.most};w={self.period_seconds}'

    @property
    def state(self) -> str:
        return f'"{self.name}";r={self.left};t={self.reset_seconds}'


def add_rate_limits(headers: dict[str, str] | ResponseHeaders, quotas: Iterable[Quota]) -> None:
    """Add quotas to those that the answer names already."""
    for quota in quotas:
        for name, value in (("RateLimit-Policy", quota.policy), ("RateLimit", quota.state)):
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
