"""What each kind of booking request asks of Cal.com: one write, after a look where an earlier try may have done it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence

from django.conf import settings

from accounts.models import Patient
from clinical.mirror.facts import FINAL, BookingFacts
from clinical.models import Appointment, AppointmentBooking
from core.times import zone_or_utc
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomRefused, CalcomUnavailable
from integrations.calcom.api.requests import Attendee, BookingFilters
from integrations.calcom.api.responses import Booking
from integrations.calcom.bookings.waiting import GIVE_UP_AFTER
from integrations.calcom.facts.reference import METADATA_KEY, Reference, read_reference
from integrations.models import BookingRequest, CalLink

Kind = BookingRequest.Kind
State = BookingRequest.State
# Cal.com's clock may be so far behind ours.
CLOCKS_DIFFER = dt.timedelta(minutes=5)
# A visit was hardly moved more often since it was last seen.
MOVES_FOLLOWED = 5
# By this, where no reason was given, the cancellation of a visit that goes to a colleague is known as ours.
REASSIGNED = "Given to a colleague"
# In place of a patient whom nothing proves.
NOBODY = uuid.UUID(int=0)


class Impossible(Exception):
    """Nothing was or will be sent: `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def carry_out(request: BookingRequest, client: CalcomClient, *, at: dt.datetime) -> Booking:
    """The booking as it is after the request; of a request in state UNKNOWN what is there is looked up first.

    Raises: Impossible, CalcomError.
    """
    return _CALLS[request.kind](request, client, at)


def _book(request: BookingRequest, client: CalcomClient, at: dt.datetime) -> Booking:
    if request.state == State.UNKNOWN:
        found = _find(request, client)
        if found is not None:
            return found
        _refuse_late(request, at)
    if request.withdrawn_at is not None:
        raise Impossible("withdrawn")
    return _book_now(request, client)


def _book_now(request: BookingRequest, client: CalcomClient) -> Booking:
    try:
        return _create(request, client)
    except CalcomRefused as refusal:
        # An earlier try that was accepted after all takes the very time this one asks for.
        found = _find(request, client) if request.tries > 1 and refusal.is_unavailable else None
        if found is None:
            raise
        return found


def _create(request: BookingRequest, client: CalcomClient) -> Booking:
    link = CalLink.objects.filter(doctor_id=request.doctor_id).first()
    if request.kind == Kind.REASSIGN:
        return _create_again(request, link, client)
    patient = Patient.objects.select_related("user__profile").filter(pk=request.patient_id).first()
    if link is None or link.cal_event_type_id is None or patient is None or request.start_ts is None:
        raise Impossible("not_bookable")
    reference = Reference(request.pk, patient.pk, link.cal_event_type_id)
    return client.create_booking(
        start=request.start_ts,
        event_type_id=link.cal_event_type_id,
        attendee=Attendee(
            name=patient.user.profile.full_name,
            time_zone=zone_or_utc(patient.time_zone).key,
            phone=f"+{patient.user.phone}",
        ),
        metadata={METADATA_KEY: reference.signed(settings.BOOKING_REFERENCE_KEYS)},
    )


def _create_again(request: BookingRequest, link: CalLink | None, client: CalcomClient) -> Booking:
    """Book a visit's patient with another doctor, as the visit knows them: a typed number is proven by nothing here."""
    visit = Appointment.objects.select_related("patient__user__profile").filter(pk=request.appointment_id).first()
    if visit is None or visit.status != Appointment.Status.SCHEDULED or visit.start_ts != request.start_ts:
        raise Impossible("visit_changed")
    if link is None or link.cal_event_type_id is None:
        raise Impossible("not_bookable")
    booked = AppointmentBooking.objects.filter(uid=request.booking_uid).first()
    is_proven = visit.patient is not None and visit.patient_match == Appointment.PatientMatch.REFERENCE
    if is_proven and visit.patient is not None:
        name, phone = visit.patient.user.profile.full_name, visit.patient.user.phone
    else:
        name, phone = (booked.attendee_name, booked.attendee_phone) if booked else (None, None)
    if not phone:
        raise Impossible("refused")
    reference = Reference(request.pk, visit.patient_id if is_proven else NOBODY, link.cal_event_type_id)
    zone = visit.patient.time_zone if visit.patient else None
    return client.create_booking(
        start=visit.start_ts,
        event_type_id=link.cal_event_type_id,
        attendee=Attendee(name=name or visit.guest_name or "-", time_zone=zone_or_utc(zone).key, phone=f"+{phone}"),
        metadata={METADATA_KEY: reference.signed(settings.BOOKING_REFERENCE_KEYS)},
    )


def _reassign(request: BookingRequest, client: CalcomClient, at: dt.datetime) -> Booking:
    """Book with the colleague, then cancel with the doctor: whatever fails in between, the patient has a booking."""
    # Only after a try of unknown outcome may the cancellation of the old booking be our own.
    may_have_cancelled = request.state == State.UNKNOWN
    new = _book(request, client, at)
    if new.status in FINAL and new.rescheduled_to_uid is None:
        raise Impossible("visit_changed")  # cancelled since: the old booking stays as it is
    # From here on something was done: what fails now is looked up by the next try, never booked again.
    request.state = State.UNKNOWN
    uid, reason = request.booking_uid or "", request.reason or REASSIGNED
    try:
        is_gone = client.cancel_booking(uid, reason=reason).status in FINAL
    except CalcomRefused as refusal:
        if refusal.is_credential_problem:
            raise
        # If not by an earlier try of ours, then by the patient or the practice, who want no visit.
        is_ours = refusal.is_already_cancelled and may_have_cancelled
        is_gone = is_ours and client.get_booking(uid).cancellation_reason == reason
    if not is_gone:
        # It was moved or is kept there: the patient must not have both.
        client.cancel_booking(new.uid)
        raise Impossible("visit_changed")
    return new


def _find(request: BookingRequest, client: CalcomClient) -> Booking | None:
    """The booking that an earlier try of this request made, by our signed reference."""
    filters = BookingFilters(after_created_at=request.created_at - CLOCKS_DIFFER)
    try:
        for booking in client.iter_org_bookings(filters):
            reference = read_reference(booking.metadata, settings.BOOKING_REFERENCE_KEYS)
            is_first = booking.rescheduled_from_uid is None
            if reference is not None and reference.request_id == request.pk and is_first:
                return booking
    except CalcomRefused as refusal:
        # The question was refused. What became of the booking is as unknown as before.
        raise CalcomUnavailable(refusal.operation, status=refusal.status) from None
    return None


def _reschedule(request: BookingRequest, client: CalcomClient, at: dt.datetime) -> Booking:
    """The move; where the host had asked for another time, a booking made anew (`continues_visit`)."""
    if request.start_ts is None:
        raise ValueError("a reschedule without a start")
    if request.state == State.UNKNOWN:
        found = _moved(request, client) or _find(request, client)
        if found is not None:
            return found
        _refuse_late(request, at)
    try:
        return client.reschedule_booking(request.booking_uid or "", start=request.start_ts, reason=request.reason or "")
    except CalcomRefused as refusal:
        if refusal.is_asked_to_move:
            return _book_now(request, client)
        was_moved = refusal.is_already_rescheduled or refusal.is_already_cancelled
        found = _moved(request, client) if request.tries > 1 and was_moved else None
        if found is None:
            raise
        return found


def _moved(request: BookingRequest, client: CalcomClient) -> Booking | None:
    """What the booking was moved to, if that is the time that was asked for; somebody else may have moved it."""
    new_uid = client.get_booking(request.booking_uid or "").rescheduled_to_uid
    moved = client.get_booking(new_uid) if new_uid else None
    return moved if moved is not None and moved.start == request.start_ts else None


def _cancel(request: BookingRequest, client: CalcomClient, at: dt.datetime) -> Booking:
    """The visit is meant, whatever its booking's uid is by now. One that is cancelled already is as wished."""
    uid = request.booking_uid or ""
    for _ in range(MOVES_FOLLOWED):
        try:
            return client.cancel_booking(uid, reason=request.reason or "")
        except CalcomRefused as refusal:
            if not refusal.is_already_cancelled and not refusal.is_already_rescheduled:
                raise
        there = client.get_booking(uid)
        if there.rescheduled_to_uid is None:
            return there
        uid = there.rescheduled_to_uid
    raise Impossible("visit_changed")


def _refuse_late(request: BookingRequest, at: dt.datetime) -> None:
    if at - request.created_at > GIVE_UP_AFTER:
        raise Impossible("calendar_unavailable")


def continues_visit(request: BookingRequest, uid: str, *, at: dt.datetime) -> Sequence[BookingFacts]:
    """The links of a booking made anew to the one whose host had asked for another time: Cal.com has none."""
    old_uid = request.booking_uid or ""
    return [
        BookingFacts(uid, at, "", patient_id=request.patient_id, rescheduled_from=old_uid),
        BookingFacts(old_uid, at, "", rescheduled_to=uid),
    ]


_CALLS: dict[str, Callable[[BookingRequest, CalcomClient, dt.datetime], Booking]] = {
    Kind.BOOK: _book,
    Kind.RESCHEDULE: _reschedule,
    Kind.CANCEL: _cancel,
    Kind.REASSIGN: _reassign,
}
