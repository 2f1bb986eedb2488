"""Shapes of the patient API. `to_representation` is written out: it costs a third of the field by field one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinical.models import Appointment
from clinical.ports import CALENDAR_REFUSALS
from clinical.visits.app_reads import VisitRow
from core.api.fields import AwareDateTimeField, OneLineField, StrictCharField, StrictSerializer, StrictUUIDField
from core.api.schema import example
from core.times import zone_or_utc
from hospitals.staff.serializers import REASON_LENGTH, HospitalNameSerializer, PersonSerializer


@example(
    {
        "id": "0d9f6c9e-2f6b-4c39-9a53-6f0c3b1c7a10",
        "doctor": {"id": "8c4c2f0e-3f5c-4b7e-9d1e-2f0a6c1d2b03", "full_name": "Dora Huber", "specialty": "Cardiology"},
        "hospital": {
            "id": "5b1f1c57-7f0a-4d55-8a52-0c6f0f6f6c01",
            "name": "North Hospital",
            "time_zone": "Europe/Vienna",
        },
        "start": "2026-03-04T10:00:00+01:00",
        "end": "2026-03-04T10:30:00+01:00",
        "status": "SCHEDULED",
        "pending_confirmation": False,
        "no_show": False,
        "cancellation_reason": None,
        "asked_to_move": False,
        "move_reason": None,
        "created_at": "2026-02-20T08:15:00+01:00",
    }
)
class AppointmentSerializer(serializers.Serializer[VisitRow]):
    id = serializers.UUIDField()
    doctor = PersonSerializer()
    hospital = HospitalNameSerializer(allow_null=True)
    start = serializers.DateTimeField(help_text="With the offset of the hospital's zone.")
    end = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=Appointment.Status.choices)
    pending_confirmation = serializers.BooleanField()
    no_show = serializers.BooleanField()
    cancellation_reason = serializers.CharField(allow_null=True)
    asked_to_move = serializers.BooleanField(
        help_text="The hospital asks for another time: offer `reschedule/` and `cancel/`. Until then it stays booked."
    )
    move_reason = serializers.CharField(allow_null=True, help_text="Why, in the hospital's words; null for no reason.")
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: VisitRow) -> dict[str, Any]:
        return visit_document(instance)


def visit_document(visit: VisitRow) -> dict[str, Any]:
    """What `AppointmentSerializer` describes; times have the offset of the hospital's zone."""
    zone = zone_or_utc(visit["time_zone"])
    return {
        "id": visit["id"],
        "doctor": {
            "id": visit["doctor_id"],
            "full_name": visit["doctor_name"] or "",
            "specialty": visit["specialty"],
        },
        "hospital": {
            "id": visit["hospital_id"],
            "name": visit["hospital_name"],
            "time_zone": visit["time_zone"],
        }
        if visit["hospital_id"]
        else None,
        "start": visit["start_ts"].astimezone(zone),
        "end": visit["end_ts"].astimezone(zone),
        "status": visit["status"],
        "pending_confirmation": visit["cal_status"] == "pending" and visit["status"] == Appointment.Status.SCHEDULED,
        "no_show": visit["no_show"],
        "cancellation_reason": visit["cancellation_reason"],
        "asked_to_move": visit["move_reason"] is not None,
        "move_reason": visit["move_reason"] or None,
        "created_at": visit["created_at"].astimezone(zone),
    }


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
