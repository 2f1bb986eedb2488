"""Carries out booking requests: one call to Cal.com each, never repeated blindly.

QUEUED -> SENT is committed before the call. A worker that dies in between leaves SENT behind; after `STALE_AFTER` the
sweep takes it for UNKNOWN, and an unknown outcome is looked up before anything is sent again. A
webhook may be faster than all of this (`inbound.settle_requests`): a request that is DONE stays so.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from clinical.mirror.apply import Applied, UnknownDoctor, apply_booking_facts
from clinical.mirror.facts import BookingFacts
from integrations.calcom.api.errors import CalcomError, CalcomRefused, CalcomUnknownOutcome
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.responses import Booking, BookingStatus
from integrations.calcom.api.transport import TIMEOUT_SECONDS
from integrations.calcom.bookings.calls import Impossible, carry_out, continues_visit
from integrations.calcom.bookings.provider import forget_slots
from integrations.calcom.bookings.waiting import GIVE_UP_AFTER, GIVE_UP_LOOKING_AFTER
from integrations.calcom.facts.people import doctor_of
from integrations.calcom.facts.translate import translate_booking
from integrations.models import BookingRequest

log = structlog.get_logger(__name__)
Kind = BookingRequest.Kind
State = BookingRequest.State
OPEN = (State.QUEUED, State.SENT, State.UNKNOWN)
# Longer than the calls' own time-outs: until then its worker may still be waiting for an answer. A first try is one
# call; a later one asks before, and sometimes after.
STALE_AFTER = dt.timedelta(seconds=2 * TIMEOUT_SECONDS)
RETRY_STALE_AFTER = dt.timedelta(seconds=5 * TIMEOUT_SECONDS)
FIRST_RETRY = dt.timedelta(seconds=2)
LONGEST_RETRY = dt.timedelta(minutes=5)


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
    facts = _ours(request, booking, translate_booking(booking, digest=digest, fetched_at=now))
    try:
        applied = apply_booking_facts(facts=facts, payload=answer, doctor_of=doctor_of, at=now)
    except UnknownDoctor:
        applied = Applied(None)
    appointment = applied.appointment
    if request.appointment is not None:
        forget_slots(request.appointment.doctor_id)
    request.appointment = appointment or request.appointment
    request.booking_uid = booking.uid
    _resolve(request, State.DONE)
    forget_slots(request.doctor_id)


def _ours(request: BookingRequest, booking: Booking, facts: Sequence[BookingFacts]) -> Sequence[BookingFacts]:
    """What Cal.com's answer need not prove: whose booking we made, and which visit it continues."""
    if request.kind == Kind.RESCHEDULE and booking.rescheduled_from_uid is None and booking.uid != request.booking_uid:
        return [*facts, *continues_visit(request, booking.uid, at=facts[0].at)]
    if request.kind == Kind.REASSIGN:
        # The same visit with another doctor: one chain, though Cal.com knows of no move.
        return [replace(facts[0], rescheduled_from=request.booking_uid), *facts[1:]]
    if request.kind == Kind.BOOK:
        return [replace(facts[0], patient_id=request.patient_id), *facts[1:]]
    return facts


def _refused(request: BookingRequest, refusal: CalcomRefused) -> None:
    if refusal.is_credential_problem:
        _later(request, _unsent(request), refusal)
        return
    _resolve(request, State.REFUSED, code=_refusal_code(refusal, request.kind))
    forget_slots(request.doctor_id)


def _refusal_code(refusal: CalcomRefused, kind: str) -> str:
    if refusal.is_not_found and kind == Kind.BOOK:
        return "not_bookable"  # there is no visit yet: the event type is gone
    if refusal.is_already_cancelled or refusal.is_already_rescheduled or refusal.is_not_found:
        return "visit_changed"
    if refusal.is_invalid_phone:
        return "phone_not_valid"
    return "slot_taken" if refusal.is_unavailable else "refused"


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
    is_late = now - request.created_at > (GIVE_UP_AFTER if state == State.QUEUED else GIVE_UP_LOOKING_AFTER)
    # A cancellation is tried until Cal.com answers; so is the second half of a reassignment.
    is_given_up = request.kind != Kind.CANCEL and (state == State.QUEUED or request.kind != Kind.REASSIGN)
    if is_late and is_given_up:
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
