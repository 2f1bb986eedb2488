"""Applies facts about bookings to the mirror: the `appointments` rows that everything else reads."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from clinical.mirror.facts import CANCELLED, FINAL, BookingFacts, MergedBooking, chain, effective_status, merge
from clinical.mirror.rows import HeldBooking, MirrorRows, Overtaken, read_rows
from clinical.mirror.tombstones import ids_only, nameless, take_names_out
from clinical.models import Appointment
from hospitals.models import Doctor

# A visit nobody marked counts as done this long after its end.
COMPLETED_AFTER = dt.timedelta(hours=12)
# Each time another worker has finished with the same visits, so it is never for long.
TRIES_WHEN_OVERTAKEN = 10

# (organizer's calendar id, organizer's email)
Organizer = tuple[int | None, str | None]
# The doctor, or None for somebody we do not know.
DoctorOf = Callable[[int | None, str | None], Doctor | None]
# The doctors of those who are known.
DoctorsOf = Callable[[Collection[Organizer]], Mapping[Organizer, Doctor]]


class UnknownDoctor(Exception):
    """The booking's organizer is no doctor of ours: it is applied again when the doctor is linked."""

    code = "unknown_doctor"


@dataclass(frozen=True, slots=True)
class BookingEvent:
    """What one event says. `payload` is kept on the visit when the event is the newest about its current booking."""

    facts: Sequence[BookingFacts]
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """`appointment` is None while the facts known so far do not make a visit (no times or no organizer yet)."""

    appointment: Appointment | None
    is_new: bool = False


def apply_booking_facts(
    *, facts: Sequence[BookingFacts], payload: dict[str, Any], doctor_of: DoctorOf, at: dt.datetime
) -> Applied:
    """Merge the facts of one event and derive its visit's row again. Running it twice changes nothing.

    Raises: UnknownDoctor, and nothing of the event is kept.
    """

    def doctors_of(organizers: Collection[Organizer]) -> dict[Organizer, Doctor]:
        return {one: doctor for one in organizers if (doctor := doctor_of(*one))}

    [outcome] = apply_booking_events(events=[BookingEvent(facts, payload)], doctors_of=doctors_of, at=at)
    if isinstance(outcome, UnknownDoctor):
        raise outcome
    return outcome


def apply_booking_events(
    *, events: Sequence[BookingEvent], doctors_of: DoctorsOf, at: dt.datetime
) -> list[Applied | UnknownDoctor]:
    """Apply many events as if one after the other, in a handful of statements. The outcomes are in their order.

    What an event of an unknown doctor says is not kept. A visit that several events change is written, and put into
    its history, once: as it is in the end.

    Raises: Overtaken when other workers have been faster again and again.
    """
    for _ in range(TRIES_WHEN_OVERTAKEN - 1):
        try:
            return _apply_all(events, doctors_of, at)
        except Overtaken:
            continue
    return _apply_all(events, doctors_of, at)


@transaction.atomic
def _apply_all(events: Sequence[BookingEvent], doctors_of: DoctorsOf, at: dt.datetime) -> list[Applied | UnknownDoctor]:
    facts = [one for event in events for one in event.facts]
    if not facts:
        return [Applied(None) for _ in events]
    rows = read_rows(facts)
    doctors = doctors_of(_organizers(facts, rows.bookings.values()))
    outcomes = [_apply(event, rows, doctors, at) for event in events]
    rows.write(at=at)
    return outcomes


def _organizers(facts: Iterable[BookingFacts], bookings: Iterable[MergedBooking]) -> set[Organizer]:
    said = {(one.organizer_id, one.organizer_email) for one in facts}
    said |= {(one.organizer_id, one.organizer_email) for one in bookings}
    return {one for one in said if any(one)}


def _apply(
    event: BookingEvent, rows: MirrorRows, doctors: Mapping[Organizer, Doctor], at: dt.datetime
) -> Applied | UnknownDoctor:
    if not event.facts:
        return Applied(None)
    named = {uid for one in event.facts for uid in (one.uid, one.rescheduled_from, one.rescheduled_to) if uid}
    bookings = rows.linked(named)
    is_erased = rows.tombstones.cover(event.facts, bookings.values())
    facts = [nameless(one) for one in event.facts] if is_erased else event.facts
    payload = ids_only(event.payload) if is_erased else event.payload
    newest_before = {uid: _newest(booking) for uid, booking in bookings.items()}
    before = {one.uid: copy(bookings[one.uid]) for one in facts}
    for one in facts:
        merge(bookings[one.uid], one)
    if is_erased:
        take_names_out(bookings.values(), at=at)
    ordered = chain(bookings.values())
    head = ordered[-1]
    said = max((one.at for one in facts if one.uid == head.uid), default=None)
    known = newest_before[head.uid]
    is_newest = said is not None and (known is None or said >= known)
    try:
        applied = _derive(rows, bookings.values(), ordered, payload if is_newest else None, doctors, at)
    except UnknownDoctor as unknown:
        rows.restore(before)
        return unknown
    for booking in bookings.values():
        booking.appointment_id = applied.appointment.pk if applied.appointment else None
    rows.keep_bookings(bookings.values())
    return applied


def _newest(booking: HeldBooking) -> dt.datetime | None:
    stamps = (booking.status_at, booking.times_at, booking.organizer_at, booking.fetched_status_at)
    return max((stamp for stamp in stamps if stamp), default=None)


def _derive(
    rows: MirrorRows,
    bookings: Collection[HeldBooking],
    ordered: Sequence[MergedBooking],
    payload: dict[str, Any] | None,
    doctors: Mapping[Organizer, Doctor],
    at: dt.datetime,
) -> Applied:
    """Raises: UnknownDoctor, before anything is changed."""
    head = ordered[-1]
    organizer = _organizer(ordered)
    status = effective_status(head)
    if head.start_ts is None or head.end_ts is None or organizer is None or status is None:
        return Applied(rows.visit_of(bookings))
    doctor = doctors.get((organizer.organizer_id, organizer.organizer_email))
    if doctor is None and organizer.organizer_id is not None:
        raise UnknownDoctor
    row = rows.visit_of(bookings)
    is_new = row is None
    if row is None:
        if doctor is None:
            return Applied(None)  # an email that is no doctor's proves nothing: the look-up will tell
        row = Appointment(pk=uuid.uuid4(), cal_raw_payload=payload or {}, created_at=at)
    if doctor is not None and row.doctor_id != doctor.pk:
        row.doctor_id, row.hospital_id = doctor.pk, doctor.hospital_id
    row.cal_booking_id = head.uid
    row.start_ts, row.end_ts = head.start_ts, head.end_ts
    row.cal_status, row.no_show = status, bool(head.no_show)
    row.cancellation_reason = head.cancellation_reason if status in FINAL else None
    if payload is not None:
        row.cal_raw_payload = payload
    row.last_synced_at = at
    if any(one.erased_at for one in bookings):
        _keep_erased(row, ordered, rows)
    else:
        _set_patient(row, ordered, rows)
    row.status = visit_status(row, at=at)
    rows.keep_visit(row)
    return Applied(row, is_new=is_new)


def _organizer(ordered: Sequence[MergedBooking]) -> MergedBooking | None:
    """The last booking that names the organizer by id; where none does, by email."""
    known = [one for one in reversed(ordered) if one.organizer_at]
    return next((one for one in known if one.organizer_id is not None), known[0] if known else None)


def visit_status(row: Appointment, *, at: dt.datetime) -> str:
    """CANCELLED if the calendar says so; else COMPLETED if marked, or long past; else SCHEDULED."""
    if row.cal_status in FINAL:
        return Appointment.Status.CANCELLED
    if row.completed_at is not None or row.end_ts + COMPLETED_AFTER <= at:
        return Appointment.Status.COMPLETED
    return Appointment.Status.SCHEDULED


def _keep_erased(row: Appointment, ordered: Sequence[MergedBooking], rows: MirrorRows) -> None:
    """The visit stays that of the patient who is erased, or nobody's."""
    row.guest_name = None
    reference = next((one.reference for one in reversed(ordered) if one.reference), None)
    proven = rows.patients.get(reference) if reference else None
    if proven is not None:
        row.patient_id, row.patient_match = proven, Appointment.PatientMatch.REFERENCE


def _set_patient(row: Appointment, ordered: Sequence[MergedBooking], rows: MirrorRows) -> None:
    """Tie the visit to a patient: by our proven reference, else by phone, else it is a guest's."""
    reference = next((one.reference for one in reversed(ordered) if one.reference), None)
    attendee = next((one for one in reversed(ordered) if one.attendee_at), None)
    proven = rows.patients.get(reference) if reference else None
    if proven is not None:
        row.patient_id, row.patient_match, row.guest_name = proven, Appointment.PatientMatch.REFERENCE, None
        return
    if row.identity_confirmed_at is not None and row.patient_id is not None:
        return  # staff or the patient have said who it is; a typed number does not overrule them
    phone = attendee.attendee_phone if attendee else None
    owner = rows.phones.get(phone) if phone else None
    # What was booked before belongs to whoever had the number then.
    is_theirs = owner is not None and _booked_at(row, ordered) >= owner.since
    row.patient_id = owner.patient_id if owner and is_theirs else None
    row.patient_match = Appointment.PatientMatch.PHONE if row.patient_id else Appointment.PatientMatch.NONE
    row.guest_name = attendee.attendee_name if attendee else None


def _booked_at(row: Appointment, ordered: Sequence[MergedBooking]) -> dt.datetime:
    """When the visit was booked, at the latest."""
    return min((one.first_told_at for one in ordered if one.first_told_at), default=row.created_at)


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
