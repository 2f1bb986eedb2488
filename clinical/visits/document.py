"""A visit as the app has it: read, described and sent, in the list, alone, as an outcome and in an export."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, TypedDict, cast

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone
from rest_framework import serializers

from accounts.models import Role, User
from clinical.models import Appointment, VisitDecision
from core.api.pages import CursorPages
from core.api.schema import example
from core.db.prepared import Parameter, PreparedRead
from core.times import zone_or_utc
from hospitals.staff.serializers import (
    HospitalNameSerializer,
    PersonSerializer,
    doctor_document,
    hospital_document,
)

ORDER = ("-start_ts", "-id")
# Stands for whichever patient asks: the scope is still `for_user`'s.
_ANYBODY = User(pk=cast(Any, Parameter("patient")), role=Role.PATIENT, is_active=True)
_THEN = cast(Any, Parameter("at"))


class VisitRow(TypedDict):
    id: uuid.UUID
    start_ts: dt.datetime
    end_ts: dt.datetime
    status: str
    cal_status: str | None
    no_show: bool
    cancellation_reason: str | None
    created_at: dt.datetime
    doctor_id: uuid.UUID
    doctor_name: str | None
    specialty: str | None
    hospital_id: uuid.UUID | None
    hospital_name: str | None
    time_zone: str | None
    # Why the patient was asked to choose another time: empty for no reason given, None for not asked.
    move_reason: str | None


def visit_rows(visits: QuerySet[Any], *, at: dt.datetime) -> QuerySet[Any, Any]:
    """The visits as `VisitRow`: one query, the ask to move of each included."""
    asks = VisitDecision.objects.open_asks(at=at).filter(appointment=OuterRef("pk"))
    rows: QuerySet[Any, Any] = visits.values(
        *("id", "start_ts", "end_ts", "status", "cal_status", "no_show", "cancellation_reason", "created_at"),
        *("doctor_id", "hospital_id"),
        specialty=F("doctor__specialty"),
        doctor_name=F("doctor__user__profile__full_name"),
        hospital_name=F("hospital__name"),
        time_zone=F("hospital__time_zone"),
        move_reason=Subquery(asks.values("reason")[:1]),
    )
    return rows


def visit_document(visit: VisitRow) -> dict[str, Any]:
    """What `AppointmentSerializer` describes; times have the offset of the hospital's zone."""
    zone = zone_or_utc(visit["time_zone"])
    return {
        "id": visit["id"],
        "doctor": doctor_document(visit["doctor_id"], visit["doctor_name"], visit["specialty"]),
        "hospital": hospital_document(visit["hospital_id"], visit["hospital_name"], visit["time_zone"]),
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
        # Written out: it costs a third of the field by field one.
        return visit_document(instance)


def own_visit(appointment_id: uuid.UUID, *, by: User) -> VisitRow:
    """The visit of this id, or of which this id is an alias.

    Raises: Appointment.DoesNotExist.
    """
    at = timezone.now()
    rows = _ONE.rows(patient=by.pk, at=at, id=appointment_id) or list(
        own_visits(by, at=at).filter(aliases__pk=appointment_id)[:1]
    )
    if not rows:
        raise Appointment.DoesNotExist
    return cast(VisitRow, rows[0])


def own_visits(by: User, *, at: dt.datetime) -> QuerySet[Any, Any]:
    return visit_rows(Appointment.objects.for_user(by), at=at).order_by(*ORDER)


class NewestVisits:
    """The first page of `own_visits`, for a paginator that only slices from the beginning."""

    def __init__(self, by: User) -> None:
        self._patient = by.pk

    def order_by(self, *_: str) -> NewestVisits:
        return self

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        return _NEWEST.rows(patient=self._patient, at=timezone.now())[part]


_ONE = PreparedRead(lambda: own_visits(_ANYBODY, at=_THEN).filter(pk=Parameter("id")).order_by())
_NEWEST = PreparedRead(lambda: own_visits(_ANYBODY, at=_THEN)[: CursorPages.page_size + 1])
