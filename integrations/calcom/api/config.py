"""Where Cal.com is, and who we are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import requests


@dataclass(frozen=True, slots=True)
class CalcomConfig:
    """`base_url` is without `/v2`."""

    base_url: str
    api_key: str = field(repr=False)
    org_id: int


class Gate(Protocol):
    """Decides whether a call may be made now."""

    def before_call(self, operation: str) -> None:
        """Raises: CalcomRateLimited."""

    def after_refusal(self, operation: str, seconds: float) -> None:
        """Cal.com answered 429: leave it alone for so long."""


class Bearer(requests.auth.AuthBase):
    """Sets our key, or nothing where the key is empty.

    Given on every call, also the keyless ones: requests would otherwise look for a password in ~/.netrc.
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request
