"""Applies facts about bookings to the mirror: the `appointments` rows that everything else reads."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import Patient, Role
from clinical.booking_facts import (
    CANCELLED,
    FINAL,
    BookingFacts,
    MergedBooking,
    chain,
    effective_status,
    merge,
)
from clinical.models import Appointment, AppointmentAlias, AppointmentBooking
from hospitals.models import Doctor

# A visit nobody marked counts as done this long after its end.
COMPLETED_AFTER = dt.timedelta(hours=12)

# (organizer's calendar id, organizer's email) -> doctor, or None for somebody we do not know.
DoctorOf = Callable[[int | None, str | None], Doctor | None]


class UnknownDoctor(Exception):
    """The booking's organizer is no doctor of ours: it is applied again when the doctor is linked."""

    code = "unknown_doctor"


@dataclass(frozen=True, slots=True)
class Applied:
    """`appointment` is None while the facts known so far do not make a visit (no times or no organizer yet)."""

    appointment: Appointment | None
    is_new: bool = False


@transaction.atomic
def apply_booking_facts(
    *, facts: Sequence[BookingFacts], payload: dict[str, Any], doctor_of: DoctorOf, at: dt.datetime
) -> Applied:
    """Merge the facts of one event and derive its visit's row again. Running it twice changes nothing.

    `payload` is kept on the row when the event is the newest about the visit's current booking.

    Raises: UnknownDoctor.
    """
    if not facts:
        return Applied(None)
    uids = {uid for one in facts for uid in (one.uid, one.rescheduled_from, one.rescheduled_to) if uid}
    AppointmentBooking.objects.bulk_create([AppointmentBooking(uid=uid) for uid in sorted(uids)], ignore_conflicts=True)
    bookings = _locked_visit(uids)
    newest_before = {uid: _newest(booking) for uid, booking in bookings.items()}
    for one in facts:
        merge(bookings[one.uid], one)
    ordered = chain(bookings.values())
    head = bookings[ordered[-1].uid]
    said = max((one.at for one in facts if one.uid == head.uid), default=None)
    known = newest_before[head.uid]
    is_newest = said is not None and (known is None or said >= known)
    applied = _derive(bookings, ordered, payload if is_newest else None, doctor_of, at)
    for booking in bookings.values():
        booking.appointment = applied.appointment
        booking.updated_at = at
    AppointmentBooking.objects.bulk_update(bookings.values(), _MERGED_FIELDS)
    return applied


_MERGED_FIELDS = [
    field.attname
    for field in AppointmentBooking._meta.concrete_fields
    if not field.primary_key and field.name not in {"appointment", "created_at"}
] + ["appointment"]


def _locked_visit(uids: set[str]) -> dict[str, AppointmentBooking]:
    """Every booking that is linked to one of these, directly or over others, locked."""
    found: dict[str, AppointmentBooking] = {}
    wanted = set(uids)
    while wanted:
        rows = AppointmentBooking.objects.select_for_update().filter(uid__in=wanted).order_by("uid")
        new = {row.uid: row for row in rows}
        found.update(new)
        named = {uid for row in new.values() for uid in (row.rescheduled_from, row.rescheduled_to) if uid}
        naming = AppointmentBooking.objects.filter(rescheduled_from__in=new).values_list("uid", flat=True)
        named_by = AppointmentBooking.objects.filter(rescheduled_to__in=new).values_list("uid", flat=True)
        wanted = (named | set(naming.union(named_by))) - set(found)
    return found


def _newest(booking: AppointmentBooking) -> dt.datetime | None:
    stamps = (booking.status_at, booking.times_at, booking.organizer_at, booking.fetched_status_at)
    return max((stamp for stamp in stamps if stamp), default=None)


def _derive(
    bookings: dict[str, AppointmentBooking],
    ordered: Sequence[MergedBooking],
    payload: dict[str, Any] | None,
    doctor_of: DoctorOf,
    at: dt.datetime,
) -> Applied:
    head = ordered[-1]
    organizer = next((one for one in reversed(ordered) if one.organizer_at), None)
    status = effective_status(head)
    row = _surviving_row(bookings)
    if head.start_ts is None or head.end_ts is None or organizer is None or status is None:
        return Applied(row)
    doctor = doctor_of(organizer.organizer_id, organizer.organizer_email)
    if doctor is None:
        raise UnknownDoctor
    is_new = row is None
    if row is None:
        row = Appointment(cal_booking_id=head.uid, cal_raw_payload=payload or {})
    if row.doctor_id != doctor.pk:
        row.doctor, row.hospital = doctor, doctor.hospital
    row.cal_booking_id = head.uid
    row.start_ts, row.end_ts = head.start_ts, head.end_ts
    row.cal_status, row.no_show = status, bool(head.no_show)
    row.cancellation_reason = head.cancellation_reason if status in FINAL else None
    if payload is not None:
        row.cal_raw_payload = payload
    row.last_synced_at = at
    _set_patient(row, ordered)
    row.status = visit_status(row, at=at)
    row.save()
    return Applied(row, is_new=is_new)


def visit_status(row: Appointment, *, at: dt.datetime) -> str:
    """CANCELLED if the calendar says so; else COMPLETED if marked, or long past; else SCHEDULED."""
    if row.cal_status in FINAL:
        return Appointment.Status.CANCELLED
    if row.completed_at is not None or row.end_ts + COMPLETED_AFTER <= at:
        return Appointment.Status.COMPLETED
    return Appointment.Status.SCHEDULED


def _surviving_row(bookings: dict[str, AppointmentBooking]) -> Appointment | None:
    """The visit's row; where two rows turn out to be one visit, the older, which takes over from the other."""
    ids = {booking.appointment_id for booking in bookings.values() if booking.appointment_id}
    rows = list(Appointment.objects.select_for_update().filter(pk__in=ids).order_by("created_at", "pk"))
    if not rows:
        return None
    survivor: Appointment
    survivor, *others = rows
    for other in others:
        for relation in Appointment._meta.related_objects:
            if relation.field.model is not AppointmentAlias and not hasattr(relation.field.model, "pgh_obj"):
                relation.field.model._default_manager.filter(**{relation.field.name: other}).update(
                    **{relation.field.name: survivor}
                )
        AppointmentAlias.objects.filter(appointment=other).update(appointment=survivor)
        other_id: uuid.UUID = other.pk
        other.delete()
        AppointmentAlias.objects.create(id=other_id, appointment=survivor)
    return survivor


def _set_patient(row: Appointment, ordered: Sequence[MergedBooking]) -> None:
    """Tie the visit to a patient: by our proven reference, else by phone, else it is a guest's."""
    reference = next((one.reference for one in reversed(ordered) if one.reference), None)
    attendee = next((one for one in reversed(ordered) if one.attendee_at), None)
    proven = Patient.objects.filter(user_id=uuid.UUID(reference)).first() if reference else None
    if proven is not None:
        row.patient, row.patient_match, row.guest_name = proven, Appointment.PatientMatch.REFERENCE, None
        return
    if row.identity_confirmed_at is not None and row.patient_id is not None:
        return  # staff or the patient have said who it is; a typed number does not overrule them
    phone = attendee.attendee_phone if attendee else None
    matched = (
        Patient.objects.filter(user__phone=phone, user__role=Role.PATIENT, user__is_active=True).first()
        if phone
        else None
    )
    row.patient = matched
    row.patient_match = Appointment.PatientMatch.PHONE if matched else Appointment.PatientMatch.NONE
    row.guest_name = attendee.attendee_name if attendee else None


@transaction.atomic
def complete_past_visits(*, at: dt.datetime, limit: int = 1000) -> int:
    """Mark visits completed that ended 12 hours ago and that nobody marked. Returns how many."""
    due = (
        Appointment.objects.select_for_update(skip_locked=True)
        .filter(status=Appointment.Status.SCHEDULED, end_ts__lte=at - COMPLETED_AFTER)
        .order_by("pk")[:limit]
    )
    ids = [row.pk for row in due]
    return (
        Appointment.objects.filter(pk__in=ids)
        .exclude(cal_status__in=[CANCELLED])
        .update(status=Appointment.Status.COMPLETED)
    )
