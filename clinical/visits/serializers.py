"""What the patient API is sent about visits, and how it answers while the calendar has not."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinical.ports import CALENDAR_REFUSALS
from clinical.visits.decisions import REASON_LENGTH
from clinical.visits.document import AppointmentSerializer
from core.api.fields import AwareDateTimeField, OneLineField, StrictCharField, StrictSerializer, StrictUUIDField
from core.api.schema import example


@example({"doctor": "8c4c2f0e-3f5c-4b7e-9d1e-2f0a6c1d2b03", "start": "2026-03-04T10:00:00+01:00"})
class BookingSerializer(StrictSerializer):
    doctor = StrictUUIDField()
    start = AwareDateTimeField()
    reason = StrictCharField(max_length=REASON_LENGTH, required=False, allow_blank=True, default="")


@example({"start": "2026-03-05T10:00:00+01:00"})
class RescheduleSerializer(StrictSerializer):
    start = AwareDateTimeField()
    reason = StrictCharField(max_length=REASON_LENGTH, required=False, allow_blank=True, default="")


@example({"reason": "I am ill"})
class CancellationSerializer(StrictSerializer):
    reason = OneLineField(max_length=REASON_LENGTH, required=False, allow_blank=True, default="")


@example({"request_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10", "status": "pending"})
class PendingSerializer(serializers.Serializer[Any]):
    request_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["pending"])


@example(
    {
        "request_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "status": "refused",
        "appointment": None,
        "code": "slot_taken",
    }
)
class BookingOutcomeSerializer(serializers.Serializer[Any]):
    request_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["pending", "done", "refused"])
    appointment = AppointmentSerializer(allow_null=True)
    code = serializers.ChoiceField(choices=CALENDAR_REFUSALS, allow_null=True, help_text="Why it was refused.")
