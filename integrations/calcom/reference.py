"""Our signed reference in a booking's metadata: anyone may write metadata, only we can sign.

A doctor who reads it in Cal.com may copy it into another booking. So it names the event type, which belongs to one
doctor: in any other doctor's booking it proves nothing.
"""

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
    """Which of our requests made a booking, for which patient, of which event type (None: signed before we said so)."""

    request_id: uuid.UUID
    patient_id: uuid.UUID
    event_type_id: int | None

    def signed(self, keys: Sequence[str]) -> str:
        """`<request>.<patient>.<event type>.<hex HMAC-SHA256>` under the first key; 160 of 500 characters at most."""
        return f"{self._claim}.{_signature(keys[0], self._claim)}"

    @property
    def _claim(self) -> str:
        claim = f"{self.request_id}.{self.patient_id}"
        return claim if self.event_type_id is None else f"{claim}.{self.event_type_id}"


def read_reference(metadata: Mapping[str, Any], keys: Sequence[str]) -> Reference | None:
    """The reference in this metadata, if one of our keys signed it."""
    text = metadata.get(METADATA_KEY)
    if not isinstance(text, str):
        return None
    claim, _, signature = text.rpartition(".")
    matches = [hmac.compare_digest(_signature(key, claim), signature) for key in keys if signature.isascii()]
    if not any(matches):
        return None
    request_id, patient_id, *event_type = claim.split(".")
    return Reference(uuid.UUID(request_id), uuid.UUID(patient_id), int(event_type[0]) if event_type else None)


def _signature(key: str, claim: str) -> str:
    return hmac.new(key.encode(), claim.encode(), hashlib.sha256).hexdigest()
