"""How Vapi proves who sends: an HMAC-SHA256 over `{timestamp}.{body}`, or the older shared secret in a header."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

SIGNATURE_HEADER = "x-signature"
TIMESTAMP_HEADER = "x-timestamp"
SECRET_HEADER = "X-Vapi-Secret"
PREFIX = "sha256="
# Older than this is somebody's recording of a delivery.
MAX_AGE_SECONDS = 300

_DIGITS = re.compile(r"[0-9]{1,16}")
# A number of seconds this large lies in the year 5138: it is milliseconds.
_MILLISECONDS_FROM = 100_000_000_000


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature header's value, without the prefix."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def verify(secrets: Sequence[str], body: bytes, headers: Mapping[str, str], *, now: float) -> bool:
    """Whether any of our secrets vouches for this body, `now` being seconds since 1970. No secret vouches for nothing.

    Where a signature is given, it alone counts: the plain secret says nothing about the body.
    """
    if signature := headers.get(SIGNATURE_HEADER):
        timestamp = headers.get(TIMESTAMP_HEADER, "")
        return _is_fresh(timestamp, now) and _signed(secrets, body, timestamp, signature)
    given = _bytes(headers.get(SECRET_HEADER, ""))
    return any([hmac.compare_digest(secret.encode(), given) for secret in secrets if secret])


def _signed(secrets: Sequence[str], body: bytes, timestamp: str, signature: str) -> bool:
    given = _bytes(signature.removeprefix(PREFIX))
    # Every secret is tried, so that the time taken does not tell which one matched.
    return any([hmac.compare_digest(sign(secret, timestamp, body).encode(), given) for secret in secrets if secret])


def _is_fresh(timestamp: str, now: float) -> bool:
    if not _DIGITS.fullmatch(timestamp):
        return False
    sent_at = float(timestamp)
    if sent_at >= _MILLISECONDS_FROM:
        sent_at /= 1000
    return abs(now - sent_at) <= MAX_AGE_SECONDS


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
