"""Our signed reference in a booking's metadata: anyone may write metadata, only we can sign."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

METADATA_KEY = "wardbook"


@dataclass(frozen=True, slots=True)
class Reference:
    """Which of our requests made a booking, and for which patient."""

    request_id: uuid.UUID
    patient_id: uuid.UUID

    def signed(self, keys: Sequence[str]) -> str:
        """`<request>.<patient>.<hex HMAC-SHA256>` under the first key; 138 of the 500 characters allowed."""
        return f"{self._claim}.{_signature(keys[0], self._claim)}"

    @property
    def _claim(self) -> str:
        return f"{self.request_id}.{self.patient_id}"


def read_reference(metadata: Mapping[str, Any], keys: Sequence[str]) -> Reference | None:
    """The reference in this metadata, if one of our keys signed it."""
    text = metadata.get(METADATA_KEY)
    if not isinstance(text, str):
        return None
    claim, _, signature = text.rpartition(".")
    matches = [hmac.compare_digest(_signature(key, claim), signature) for key in keys if signature.isascii()]
    if not any(matches):
        return None
    request_id, _, patient_id = claim.partition(".")
    return Reference(uuid.UUID(request_id), uuid.UUID(patient_id))


def _signature(key: str, claim: str) -> str:
    return hmac.new(key.encode(), claim.encode(), hashlib.sha256).hexdigest()
