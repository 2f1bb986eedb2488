"""What each kind of booking request asks of Cal.com: one write, after a look where an earlier try may have done it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from django.conf import settings

from accounts.models import Patient
from clinical.mirror.facts import BookingFacts
from core.times import zone_or_utc
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomRefused, CalcomUnavailable
from integrations.calcom.api.requests import Attendee, BookingFilters
from integrations.calcom.api.responses import Booking
from integrations.calcom.facts.reference import METADATA_KEY, Reference, read_reference
from integrations.models import BookingRequest, CalLink

Kind = BookingRequest.Kind
State = BookingRequest.State
# What is not in the calendar by then is not booked any more: the patient has long gone elsewhere.
GIVE_UP_AFTER = dt.timedelta(minutes=15)
# Cal.com's clock may be so far behind ours.
CLOCKS_DIFFER = dt.timedelta(minutes=5)
# A visit was hardly moved more often since it was last seen.
MOVES_FOLLOWED = 5


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
}
