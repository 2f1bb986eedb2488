"""What our reference in a booking's metadata proves, and what it does not: see `reference`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from integrations.calcom.reference import Reference, read_reference
from integrations.models import BookingRequest


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
