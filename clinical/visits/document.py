"""A visit as the app has it: read, described and sent, in the list, alone, as an outcome and in an export."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, TypedDict, cast

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from rest_framework import serializers

from accounts.models import Role, User
from clinical.mirror.facts import RESCHEDULE_REQUESTED
from clinical.models import Appointment, VisitDecision
from clinical.visits.shown import booking_reason
from core.api.fields import OpenChoiceField
from core.api.pages import CursorPages
from core.api.schema import example
from core.db.prepared import Parameter, PreparedRead
from core.times import zone_or_utc
from hospitals.staff.serializers import (
    DoctorNameSerializer,
    HospitalNameSerializer,
    doctor_document,
    hospital_document,
)

ORDER = ("-start_ts", "-id")
SOONEST_FIRST = ("start_ts", "id")
# Who made it: in the app, with the assistant, or anywhere else the calendar is booked.
SOURCES = ("app", "assistant", "hospital")
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
    updated_at: dt.datetime | None
    is_to_come: bool
    patient_match: str
    identity_confirmed_at: dt.datetime | None
    ai_session_id: uuid.UUID | None
    doctor_id: uuid.UUID
    doctor_name: str | None
    specialty: str | None
    hospital_id: uuid.UUID | None
    hospital_name: str | None
    time_zone: str | None
    is_doctor_active: bool
    # What the patient wrote when booking in the app.
    reason: str | None
    # Why the patient was asked to choose another time: empty for no reason given, None for not asked.
    move_reason: str | None
    asked_at: dt.datetime | None


def visit_rows(visits: QuerySet[Any], *, at: dt.datetime) -> QuerySet[Any, Any]:
    """The visits as `VisitRow`: one query, the ask to move of each and what was written in the app included."""
    asks = VisitDecision.objects.open_asks(at=at).filter(appointment=OuterRef("pk"))
    rows: QuerySet[Any, Any] = visits.values(
        *("id", "start_ts", "end_ts", "status", "cal_status", "no_show", "cancellation_reason", "created_at"),
        *("updated_at", "patient_match", "identity_confirmed_at", "ai_session_id", "doctor_id", "hospital_id"),
        is_to_come=ExpressionWrapper(Q(start_ts__gt=at), output_field=BooleanField()),
        is_doctor_active=F("doctor__user__is_active"),
        reason=booking_reason(),
        asked_at=Subquery(asks.values("decided_at")[:1]),
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
    is_booked = visit["status"] == Appointment.Status.SCHEDULED
    is_asked = visit["status"] == Appointment.Status.CANCELLED and visit["cancellation_reason"] == RESCHEDULE_REQUESTED
    is_own = visit["patient_match"] == Appointment.PatientMatch.REFERENCE or visit["identity_confirmed_at"] is not None
    changes = [moment for moment in (visit["updated_at"], visit["asked_at"]) if moment]
    return {
        "id": visit["id"],
        "doctor": doctor_document(visit["doctor_id"], visit["doctor_name"], visit["specialty"]),
        "hospital": hospital_document(visit["hospital_id"], visit["hospital_name"], visit["time_zone"]),
        "start": visit["start_ts"].astimezone(zone),
        "end": visit["end_ts"].astimezone(zone),
        "status": visit["status"],
        "source": _source(visit),
        "reason": visit["reason"] or None,
        "needs_acceptance": not is_own and visit["status"] != Appointment.Status.CANCELLED,
        "pending_confirmation": visit["cal_status"] == "pending" and is_booked,
        "no_show": visit["no_show"],
        "cancellation_reason": visit["cancellation_reason"],
        "asked_to_move": visit["move_reason"] is not None,
        "move_reason": visit["move_reason"] or None,
        "can_cancel": is_booked and visit["is_to_come"],
        "can_reschedule": (is_booked or is_asked) and visit["is_to_come"] and visit["is_doctor_active"],
        "join_url": None,
        "created_at": visit["created_at"].astimezone(zone),
        "updated_at": max([visit["created_at"], *changes]).astimezone(zone),
    }


def _source(visit: VisitRow) -> str:
    if visit["ai_session_id"]:
        return "assistant"
    return "app" if visit["patient_match"] == Appointment.PatientMatch.REFERENCE else "hospital"


EXAMPLE: dict[str, Any] = {
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
    "source": "app",
    "reason": "Headaches",
    "needs_acceptance": False,
    "pending_confirmation": False,
    "no_show": False,
    "cancellation_reason": None,
    "asked_to_move": False,
    "move_reason": None,
    "can_cancel": True,
    "can_reschedule": True,
    "join_url": None,
    "created_at": "2026-02-20T08:15:00+01:00",
    "updated_at": "2026-02-21T09:00:00+01:00",
}


@example(EXAMPLE)
class AppointmentSerializer(serializers.Serializer[VisitRow]):
    id = serializers.UUIDField()
    doctor = DoctorNameSerializer()
    hospital = HospitalNameSerializer(allow_null=True)
    start = serializers.DateTimeField(help_text="With the UTC offset of the hospital's time zone.")
    end = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=Appointment.Status.choices)
    source = OpenChoiceField(  # type: ignore[assignment]  # the metaclass takes the field away
        SOURCES, help_text="Where it was booked: `hospital` is anywhere except in the app and with the assistant."
    )
    reason = serializers.CharField(allow_null=True, help_text="The reason given when it was booked in the app.")
    needs_acceptance = serializers.BooleanField(
        help_text="Booked with the patient's phone number: ask whether it is theirs, then `accept/`."
    )
    pending_confirmation = serializers.BooleanField(help_text="The hospital has not confirmed it yet.")
    no_show = serializers.BooleanField(help_text="The hospital recorded that the patient did not come.")
    cancellation_reason = serializers.CharField(
        allow_null=True, help_text="`reschedule_requested`: the doctor asked for another time. Else what was written."
    )
    asked_to_move = serializers.BooleanField(
        help_text="The hospital asks for another time: offer `reschedule/` and `cancel/`. It stays booked until then."
    )
    move_reason = serializers.CharField(
        allow_null=True, help_text="Why, in the hospital's words; null if no reason was given."
    )
    can_cancel = serializers.BooleanField(help_text="Whether to offer it: booked, and not begun.")
    can_reschedule = serializers.BooleanField(
        help_text="Whether to offer it: booked, or another time was asked for; not begun; the doctor can be booked."
    )
    join_url = serializers.URLField(allow_null=True, help_text="For an appointment by video. Always null for now.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="When any of these fields last changed.")

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
