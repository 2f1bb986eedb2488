"""The signature Cal.com puts on a webhook: `X-Cal-Signature-256`, hex HMAC-SHA256 over the raw body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "X-Cal-Signature-256"
# What Cal.com sends in place of a signature where the subscription has no secret.
NO_SECRET = "no-secret-provided"


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
