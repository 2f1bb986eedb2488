"""Carries out booking requests: one call to Cal.com each, never repeated blindly.

QUEUED -> SENT is committed before the call. A worker that dies in between leaves SENT behind; after `STALE_AFTER` the
sweep takes it for UNKNOWN, and an unknown outcome is looked up before anything is sent again. A
webhook may be faster than all of this (`inbound.settle_requests`): a request that is DONE stays so.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import Patient
from clinical.mirror.apply import Applied, UnknownDoctor, apply_booking_facts
from clinical.mirror.facts import BookingFacts
from core.times import zone_or_utc
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRefused, CalcomUnavailable, CalcomUnknownOutcome
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.requests import Attendee, BookingFilters
from integrations.calcom.api.responses import Booking, BookingStatus
from integrations.calcom.api.transport import TIMEOUT_SECONDS
from integrations.calcom.bookings.provider import forget_slots
from integrations.calcom.facts.people import doctor_of
from integrations.calcom.facts.reference import METADATA_KEY, Reference, read_reference
from integrations.calcom.facts.translate import translate_booking
from integrations.models import BookingRequest, CalLink

log = structlog.get_logger(__name__)
Kind = BookingRequest.Kind
# What is not in the calendar by then is not booked any more: the patient has long gone elsewhere.
GIVE_UP_AFTER = dt.timedelta(minutes=15)
# Cal.com's clock may be so far behind ours.
CLOCKS_DIFFER = dt.timedelta(minutes=5)
# A visit was hardly moved more often since it was last seen.
MOVES_FOLLOWED = 5
State = BookingRequest.State
OPEN = (State.QUEUED, State.SENT, State.UNKNOWN)
# Longer than the calls' own time-outs: until then its worker may still be waiting for an answer. A first try is one
# call; a later one asks before, and sometimes after.
STALE_AFTER = dt.timedelta(seconds=2 * TIMEOUT_SECONDS)
RETRY_STALE_AFTER = dt.timedelta(seconds=5 * TIMEOUT_SECONDS)
FIRST_RETRY = dt.timedelta(seconds=2)
LONGEST_RETRY = dt.timedelta(minutes=5)


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
    if request.start_ts is None:
        raise ValueError("a reschedule without a start")
    if request.state == State.UNKNOWN:
        found = _moved(request, client)
        if found is not None:
            return found
        _refuse_late(request, at)
    try:
        return client.reschedule_booking(request.booking_uid or "", start=request.start_ts, reason=request.reason or "")
    except CalcomRefused as refusal:
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


_CALLS: dict[str, Callable[[BookingRequest, CalcomClient, dt.datetime], Booking]] = {
    Kind.BOOK: _book,
    Kind.RESCHEDULE: _reschedule,
    Kind.CANCEL: _cancel,
}


def run_next_booking_request() -> bool:
    """Carry out one due request. Returns False when there is none."""
    now = timezone.now()
    request = _claim(now)
    if request is None:
        return False
    client = calcom_client(purpose="booking")
    try:
        booking = carry_out(request, client, at=now)
    except Impossible as reason:
        _resolve(request, State.REFUSED, code=reason.code)
    except CalcomRefused as refusal:
        _refused(request, refusal)
    except CalcomUnknownOutcome as error:
        _later(request, State.UNKNOWN, error)
    except CalcomError as error:
        _later(request, _unsent(request), error)
    else:
        _done(request, booking)
    finally:
        client.close()
    return True


def _claim(now: dt.datetime) -> BookingRequest | None:
    """Take the oldest due request and commit that it is taken, before anything is sent.

    What is asked for one visit is done one after the other: each from where the one before has left it.
    """
    due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=now)
    waiting = Q(state__in=[State.QUEUED, State.UNKNOWN])
    is_stale = Q(sent_at__lte=now - STALE_AFTER, tries=1) | Q(sent_at__lte=now - RETRY_STALE_AFTER)
    abandoned = Q(state=State.SENT) & is_stale
    earlier = BookingRequest.objects.filter(
        appointment=OuterRef("appointment"), created_at__lt=OuterRef("created_at"), state__in=OPEN
    ).exclude(kind=Kind.MARK_ABSENT)
    with transaction.atomic():
        request = (
            BookingRequest.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("appointment")
            .filter(due, waiting | abandoned)
            .exclude(Exists(earlier))
            .exclude(kind=Kind.MARK_ABSENT)
            .order_by("created_at", "pk")
            .first()
        )
        if request is None:
            return None
        was_sent_before = request.state in {State.SENT, State.UNKNOWN}
        if request.appointment is not None and not was_sent_before:
            request.booking_uid = request.appointment.cal_booking_id
        request.state, request.sent_at, request.tries = State.SENT, now, request.tries + 1
        request.save(update_fields=["state", "sent_at", "tries", "booking_uid"])
    if was_sent_before:
        request.state = State.UNKNOWN
    return request


def _done(request: BookingRequest, booking: Booking) -> None:
    """Update the mirror from the answer at once: the webhook may be seconds away, or lost."""
    if request.kind == Kind.CANCEL and booking.status not in {BookingStatus.CANCELLED, BookingStatus.REJECTED}:
        _resolve(request, State.REFUSED, code="not_cancelled")
        return
    now = timezone.now()
    answer = booking.model_dump(mode="json", by_alias=True)
    digest = hashlib.sha256(booking.model_dump_json().encode()).hexdigest()
    facts = _ours(request, translate_booking(booking, digest=digest, fetched_at=now))
    try:
        applied = apply_booking_facts(facts=facts, payload=answer, doctor_of=doctor_of, at=now)
    except UnknownDoctor:
        applied = Applied(None)
    appointment = applied.appointment
    request.appointment = appointment or request.appointment
    request.booking_uid = booking.uid
    _resolve(request, State.DONE)
    forget_slots(request.doctor_id)


def _ours(request: BookingRequest, facts: Sequence[BookingFacts]) -> Sequence[BookingFacts]:
    """Whose booking it is need not be proven by what Cal.com answers: we have made it."""
    if request.kind != Kind.BOOK:
        return facts
    return [replace(facts[0], patient_id=request.patient_id), *facts[1:]]


def _refused(request: BookingRequest, refusal: CalcomRefused) -> None:
    if refusal.is_credential_problem:
        _later(request, _unsent(request), refusal)
        return
    code = "slot_taken" if refusal.is_unavailable else "refused"
    if refusal.is_already_cancelled or refusal.is_already_rescheduled or refusal.is_not_found:
        code = "visit_changed"
    _resolve(request, State.REFUSED, code=code)
    forget_slots(request.doctor_id)


def _unsent(request: BookingRequest) -> str:
    """The state of a request that this try has not changed."""
    return State.UNKNOWN if request.state == State.UNKNOWN else State.QUEUED


def _resolve(request: BookingRequest, state: str, *, code: str | None = None) -> None:
    changes = {"state": state, "outcome_code": code, "resolved_at": timezone.now(), "next_try_at": None}
    if state == State.DONE:
        changes |= {"appointment": request.appointment, "booking_uid": request.booking_uid}
    if _save(request, changes):
        log.info("booking_request.resolved", request=str(request.pk), kind=request.kind, state=state, code=code)


def _save(request: BookingRequest, changes: dict[str, Any]) -> bool:
    """Returns False where somebody else knows better: a webhook, or a worker that took us for dead.

    That it is done is the truth whoever says so, and nobody takes it back.
    """
    held = BookingRequest.objects.filter(pk=request.pk).exclude(state=State.DONE)
    if changes["state"] != State.DONE:
        held = held.filter(state=State.SENT, sent_at=request.sent_at)
    return held.update(**changes) > 0


def _later(request: BookingRequest, state: str, error: CalcomError) -> None:
    """Try again with growing pauses; a booking that was never sent is given up in the end."""
    now = timezone.now()
    if state == State.QUEUED and now - request.created_at > GIVE_UP_AFTER:
        _resolve(request, State.REFUSED, code="calendar_unavailable")
        return
    pause = min(FIRST_RETRY * 2 ** min(request.tries - 1, 10), LONGEST_RETRY)
    retry_after = getattr(error, "retry_after", None)
    if not _save(request, {"state": state, "next_try_at": now + max(pause, dt.timedelta(seconds=retry_after or 0))}):
        return
    log.warning(
        "booking_request.postponed",
        request=str(request.pk),
        state=state,
        error=error.code,
        tries=request.tries,
    )
