"""What the patient API is sent about visits, and what it answers about requests to the calendar."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinical.ports import CALENDAR_REFUSALS
from clinical.visits.decisions import REASON_LENGTH
from clinical.visits.document import AppointmentSerializer
from core.api.fields import AwareDateTimeField, OneLineField, OpenChoiceField, StrictSerializer, StrictUUIDField
from core.api.schema import example
from hospitals.staff.serializers import DoctorNameSerializer

STATUSES = ["pending", "done", "refused"]
EXPIRES_AT = (
    "While it is pending: when it is given up at the latest, as far as the calendar can be asked. Null once it is"
    " settled, and for a cancellation, which is tried until the calendar answers."
)


def _reason() -> OneLineField:
    return OneLineField(max_length=REASON_LENGTH, required=False, allow_blank=True)


@example(
    {"doctor": "8c4c2f0e-3f5c-4b7e-9d1e-2f0a6c1d2b03", "start": "2026-03-04T10:00:00+01:00", "reason": "Headaches"}
)
class BookingSerializer(StrictSerializer):
    doctor = StrictUUIDField()
    start = AwareDateTimeField()
    reason = _reason()


@example({"start": "2026-03-05T10:00:00+01:00"})
class RescheduleSerializer(StrictSerializer):
    start = AwareDateTimeField()
    reason = _reason()


@example({"reason": "I am ill"})
class CancellationSerializer(StrictSerializer):
    reason = _reason()


@example(
    {
        "request_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "status": "pending",
        "appointment": None,
        "code": None,
        "expires_at": "2026-03-02T11:00:00+00:00",
    }
)
class BookingOutcomeSerializer(serializers.Serializer[Any]):
    request_id = serializers.UUIDField(
        allow_null=True, help_text="Null where nothing had to be asked: it was so already."
    )
    status = serializers.ChoiceField(choices=STATUSES)
    appointment = AppointmentSerializer(allow_null=True, help_text="Once it is done.")
    code = OpenChoiceField(CALENDAR_REFUSALS, allow_null=True, help_text="Why it was refused.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text=EXPIRES_AT)


class WaitingRequestSerializer(serializers.Serializer[Any]):
    request_id = serializers.UUIDField()
    kind = OpenChoiceField(["book", "reschedule", "cancel"])
    doctor = DoctorNameSerializer()
    appointment_id = serializers.UUIDField(allow_null=True, help_text="Null for a booking.")
    start = serializers.DateTimeField(allow_null=True, help_text="The time asked for; null for a cancellation.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text=EXPIRES_AT)


@example(
    {
        "results": [
            {
                "request_id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
                "kind": "book",
                "doctor": {
                    "id": "8c4c2f0e-3f5c-4b7e-9d1e-2f0a6c1d2b03",
                    "full_name": "Dora Huber",
                    "specialty": "Cardiology",
                },
                "appointment_id": None,
                "start": "2026-03-04T10:00:00+01:00",
                "created_at": "2026-03-02T11:00:00+01:00",
                "expires_at": "2026-03-02T12:00:00+01:00",
            }
        ]
    }
)
class WaitingRequestsSerializer(serializers.Serializer[Any]):
    """All of them, without pages: a person may have a handful."""

    results = WaitingRequestSerializer(many=True)
