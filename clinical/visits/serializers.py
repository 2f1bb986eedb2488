"""What the patient API is sent about visits, and what it answers about requests to the calendar."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from clinical.ports import CALENDAR_REFUSALS
from clinical.visits.decisions import REASON_LENGTH
from clinical.visits.document import EXAMPLE, AppointmentSerializer
from core.api.fields import AwareDateTimeField, OneLineField, OpenChoiceField, StrictSerializer, StrictUUIDField
from core.api.schema import example
from hospitals.staff.serializers import DoctorNameSerializer

STATUSES = [("pending", "not settled yet"), ("done", "carried out"), ("refused", "not carried out: see `code`")]
EXPIRES_AT = (
    "While it is pending: when it is given up at the latest. Null once it is settled, and for a cancellation, which is"
    " tried until the calendar answers."
)
_REQUEST = "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10"


def _outcome(name: str, *statuses: str, **fields: Any) -> OpenApiExample:
    unsettled = {"request_id": _REQUEST, "status": "pending", "appointment": None, "code": None, "expires_at": None}
    return OpenApiExample(name, value={**unsettled, **fields}, status_codes=statuses, response_only=True)


_BOOKED = _outcome("Done", "200", "201", status="done", appointment=EXAMPLE)
_PENDING = _outcome("Pending", "202", expires_at="2026-03-02T11:00:00+01:00")
_MOVED = {"start": "2026-03-05T10:00:00+01:00", "end": "2026-03-05T10:30:00+01:00"}
_CANCELLED = {"status": "CANCELLED", "cancellation_reason": "I am ill", "can_cancel": False, "can_reschedule": False}
MOVES = [
    OpenApiExample("Move", value={"start": "2026-03-05T10:00:00+01:00"}, request_only=True),
    _outcome("Done", "200", status="done", appointment={**EXAMPLE, **_MOVED}),
    _PENDING,
]
CANCELLATIONS = [
    OpenApiExample("Cancellation", value={"reason": "I am ill"}, request_only=True),
    _outcome("Done", "200", status="done", appointment={**EXAMPLE, **_CANCELLED}),
    _outcome("Pending", "202"),
]
WITHDRAWALS = [_outcome("Withdrawn", "200", status="refused", code="withdrawn"), _PENDING]
OUTCOMES = [
    _BOOKED,
    _outcome("Pending", "200", expires_at="2026-03-02T11:00:00+01:00"),
    _outcome("Refused", "200", status="refused", code="slot_taken"),
]


def _reason() -> OneLineField:
    return OneLineField(max_length=REASON_LENGTH, required=False, allow_blank=True)


@example(
    {"doctor": "8c4c2f0e-3f5c-4b7e-9d1e-2f0a6c1d2b03", "start": "2026-03-04T10:00:00+01:00", "reason": "Headaches"}
)
class BookingSerializer(StrictSerializer):
    doctor = StrictUUIDField()
    start = AwareDateTimeField()
    reason = _reason()


class RescheduleSerializer(StrictSerializer):
    start = AwareDateTimeField()
    reason = _reason()


class CancellationSerializer(StrictSerializer):
    reason = _reason()


@extend_schema_serializer(examples=[_BOOKED, _PENDING])
class BookingOutcomeSerializer(serializers.Serializer[Any]):
    request_id = serializers.UUIDField(allow_null=True, help_text="Null if nothing had to be done.")
    status = serializers.ChoiceField(choices=STATUSES)
    appointment = AppointmentSerializer(allow_null=True, help_text="The appointment, once the status is `done`.")
    code = OpenChoiceField(CALENDAR_REFUSALS, allow_null=True, help_text="Why, once the status is `refused`.")
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
    """All of them, without pages."""

    results = WaitingRequestSerializer(many=True)
