"""Where Cal.com is, and who we are there; and its webhooks' signature: `X-Cal-Signature-256`, over the raw body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import requests

HEADER = "X-Cal-Signature-256"
# What Cal.com sends in place of a signature where the subscription has no secret.
NO_SECRET = "no-secret-provided"


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


def sign(secret: str, body: bytes) -> str:
    """The header's value for this body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(secrets: Sequence[str], body: bytes, header: str | None) -> bool:
    """Whether any of our secrets signed this body. An unset secret signs nothing."""
    if not header or header == NO_SECRET:
        return False
    given = header.encode("utf-8", "surrogateescape")
    # Every secret is tried, so that the time taken does not tell which one matched.
    matches = [hmac.compare_digest(sign(secret, body).encode(), given) for secret in secrets if secret]
    return any(matches)
