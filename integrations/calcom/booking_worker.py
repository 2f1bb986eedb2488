"""Carries out booking requests: one call to Cal.com each, never repeated blindly.

QUEUED -> SENT is committed before the call. A worker that dies in between leaves SENT behind; after `STALE_AFTER` the
sweep takes it for UNKNOWN, and an unknown outcome is looked up by our reference before anything is sent again.
"""

from __future__ import annotations

import datetime as dt
import hashlib

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Patient
from clinical.actions.mirror import Applied, UnknownDoctor, apply_booking_facts
from integrations.calcom.bookings import forget_slots
from integrations.calcom.client import TIMEOUT_SECONDS, CalcomClient
from integrations.calcom.doctors import doctor_of
from integrations.calcom.errors import CalcomError, CalcomRefused, CalcomUnknownOutcome
from integrations.calcom.inputs import Attendee, BookingFilters
from integrations.calcom.payloads import Booking, BookingStatus
from integrations.calcom.reference import METADATA_KEY, Reference, read_reference
from integrations.calcom.service import calcom_client
from integrations.calcom.translate import translate_booking
from integrations.models import BookingRequest, CalLink

log = structlog.get_logger(__name__)

State = BookingRequest.State
Kind = BookingRequest.Kind

# Longer than the call's own time-out: until then its worker may still be waiting for the answer.
STALE_AFTER = dt.timedelta(seconds=2 * TIMEOUT_SECONDS)
FIRST_RETRY = dt.timedelta(seconds=2)
LONGEST_RETRY = dt.timedelta(minutes=5)
# A queued booking that could not even be sent is given up after this: the patient has long gone elsewhere.
GIVE_UP_AFTER = dt.timedelta(minutes=15)


def run_next_request() -> bool:
    """Carry out one due request. Returns False when there is none."""
    request = _claim(timezone.now())
    if request is None:
        return False
    client = calcom_client(purpose="booking")
    try:
        booking = _settle(request, client)
    except CalcomRefused as refusal:
        _refused(request, refusal)
    except CalcomUnknownOutcome as error:
        _later(request, State.UNKNOWN, error)
    except CalcomError as error:
        _later(request, State.UNKNOWN if request.state == State.UNKNOWN else State.QUEUED, error)
    else:
        if booking is not None:
            _done(request, booking)
    finally:
        client.close()
    return True


def _claim(now: dt.datetime) -> BookingRequest | None:
    """Take the oldest due request and commit that it is taken, before anything is sent."""
    due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=now)
    waiting = Q(state__in=[State.QUEUED, State.UNKNOWN])
    abandoned = Q(state=State.SENT, sent_at__lte=now - STALE_AFTER)
    with transaction.atomic():
        request = (
            BookingRequest.objects.select_for_update(skip_locked=True)
            .filter(due, waiting | abandoned)
            .exclude(kind=Kind.MARK_ABSENT)
            .order_by("created_at", "pk")
            .first()
        )
        if request is None:
            return None
        was_sent_before = request.state in {State.SENT, State.UNKNOWN}
        request.state, request.sent_at, request.tries = State.SENT, now, request.tries + 1
        request.save(update_fields=["state", "sent_at", "tries"])
    if was_sent_before:
        request.state = State.UNKNOWN
    return request


def _settle(request: BookingRequest, client: CalcomClient) -> Booking | None:
    """The booking as it is after the request; None when it was refused for a reason of our own."""
    if request.kind == Kind.BOOK:
        return _book(request, client)
    if request.kind == Kind.RESCHEDULE:
        return _reschedule(request, client)
    return _cancel(request, client)


def _book(request: BookingRequest, client: CalcomClient) -> Booking | None:
    if request.state == State.UNKNOWN:
        found = _look_up(request, client)
        if found is not None:
            return found
    link = CalLink.objects.filter(doctor_id=request.doctor_id).first()
    patient = Patient.objects.select_related("user__profile").filter(pk=request.patient_id).first()
    if link is None or link.cal_event_type_id is None or patient is None or request.start_ts is None:
        _resolve(request, State.REFUSED, code="not_bookable")
        return None
    reference = Reference(request_id=request.pk, patient_id=patient.pk)
    attendee = Attendee(
        name=patient.user.profile.full_name,
        time_zone=patient.time_zone or "UTC",
        phone=f"+{patient.user.phone}",
    )
    try:
        return client.create_booking(
            start=request.start_ts,
            event_type_id=link.cal_event_type_id,
            attendee=attendee,
            metadata={METADATA_KEY: reference.signed(settings.BOOKING_REFERENCE_KEYS)},
        )
    except CalcomRefused as refusal:
        # An earlier try that was accepted after all takes the very time this one asks for.
        found = _look_up(request, client) if request.tries > 1 and refusal.is_unavailable else None
        if found is None:
            raise
        return found


def _look_up(request: BookingRequest, client: CalcomClient) -> Booking | None:
    """The booking that an earlier try of this request made, by our signed reference."""
    filters = BookingFilters(after_created_at=request.created_at - dt.timedelta(minutes=5))
    for booking in client.iter_org_bookings(filters):
        reference = read_reference(booking.metadata, settings.BOOKING_REFERENCE_KEYS)
        is_first = booking.rescheduled_from_uid is None
        if reference is not None and reference.request_id == request.pk and is_first:
            return booking
    return None


def _reschedule(request: BookingRequest, client: CalcomClient) -> Booking:
    uid = request.booking_uid or ""
    if request.state == State.UNKNOWN:
        moved = client.get_booking(uid)
        if moved.rescheduled_to_uid:
            return client.get_booking(moved.rescheduled_to_uid)
    if request.start_ts is None:
        raise ValueError("a reschedule without a start")
    try:
        return client.reschedule_booking(uid, start=request.start_ts, reason=request.reason or "")
    except CalcomRefused as refusal:
        newer = refusal.newer_uid
        if newer is None or request.state != State.UNKNOWN:
            raise
        return client.get_booking(newer)


def _cancel(request: BookingRequest, client: CalcomClient) -> Booking:
    uid = request.booking_uid or ""
    try:
        return client.cancel_booking(uid, reason=request.reason or "")
    except CalcomRefused as refusal:
        if not refusal.is_already_cancelled:
            raise
        return client.get_booking(uid)


def _done(request: BookingRequest, booking: Booking) -> None:
    """Update the mirror from the answer at once: the webhook may be seconds away, or lost."""
    if request.kind == Kind.CANCEL and booking.status not in {
        BookingStatus.CANCELLED,
        BookingStatus.REJECTED,
    }:
        _resolve(request, State.REFUSED, code="not_cancelled")
        return
    now = timezone.now()
    answer = booking.model_dump(mode="json", by_alias=True)
    digest = hashlib.sha256(booking.model_dump_json().encode()).hexdigest()
    facts = translate_booking(booking, digest=digest, fetched_at=now)
    try:
        applied = apply_booking_facts(facts=facts, payload=answer, doctor_of=doctor_of, at=now)
    except UnknownDoctor:
        applied = Applied(None)
    appointment = applied.appointment
    request.appointment = appointment or request.appointment
    request.booking_uid = booking.uid
    _resolve(request, State.DONE)
    forget_slots(request.doctor_id)


def _refused(request: BookingRequest, refusal: CalcomRefused) -> None:
    if refusal.is_credential_problem:
        _later(request, State.QUEUED, refusal)
        return
    code = "slot_taken" if refusal.is_unavailable else "refused"
    if refusal.is_already_cancelled or refusal.is_already_rescheduled or refusal.is_not_found:
        code = "visit_changed"
    _resolve(request, State.REFUSED, code=code)
    forget_slots(request.doctor_id)


def _resolve(request: BookingRequest, state: str, *, code: str | None = None) -> None:
    request.state, request.outcome_code, request.resolved_at = state, code, timezone.now()
    request.next_try_at = None
    request.save(update_fields=["state", "outcome_code", "resolved_at", "next_try_at", "appointment", "booking_uid"])
    log.info("booking_request.resolved", request=str(request.pk), kind=request.kind, state=state, code=code)


def _later(request: BookingRequest, state: str, error: CalcomError) -> None:
    """Try again with growing pauses; a booking that was never sent is given up in the end."""
    now = timezone.now()
    if state == State.QUEUED and now - request.created_at > GIVE_UP_AFTER:
        _resolve(request, State.REFUSED, code="calendar_unavailable")
        return
    pause = min(FIRST_RETRY * 2 ** min(request.tries - 1, 10), LONGEST_RETRY)
    retry_after = getattr(error, "retry_after", None)
    request.state = state
    request.next_try_at = now + max(pause, dt.timedelta(seconds=retry_after or 0))
    request.save(update_fields=["state", "next_try_at"])
    log.warning(
        "booking_request.postponed",
        request=str(request.pk),
        state=state,
        error=error.code,
        tries=request.tries,
    )
