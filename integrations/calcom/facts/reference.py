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

from django.conf import settings

from integrations.models import BookingRequest

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


def proven_reference(metadata: Mapping[str, Any], event_type_id: int | None) -> Reference | None:
    """The reference, if it is ours and was made for a booking of this event type."""
    reference = read_reference(metadata, settings.BOOKING_REFERENCE_KEYS)
    if reference is None or event_type_id is None:
        return None
    if reference.event_type_id is None:
        return reference if _was_made_for(reference, event_type_id) else None
    return reference if reference.event_type_id == event_type_id else None


def _was_made_for(reference: Reference, event_type_id: int) -> bool:
    """An older reference does not say: then the request it names does, as long as its doctor has that event type."""
    return BookingRequest.objects.filter(
        pk=reference.request_id,
        patient_id=reference.patient_id,
        doctor__cal_link__cal_event_type_id=event_type_id,
    ).exists()
