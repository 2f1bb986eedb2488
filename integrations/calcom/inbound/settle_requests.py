"""What webhooks and pulls tell of our own requests: often before the call is answered, or where no answer came."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from clinical.mirror.apply import apply_booking_facts
from clinical.mirror.facts import FINAL, BookingFacts
from clinical.models import AppointmentBooking
from integrations.calcom.bookings.calls import continues_visit
from integrations.calcom.facts.people import doctor_of
from integrations.models import BookingRequest

log = structlog.get_logger(__name__)

State = BookingRequest.State
Kind = BookingRequest.Kind
OPEN = (State.QUEUED, State.SENT, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class News:
    """Facts that were applied. `request_id` is our request that made the booking, where that is proven."""

    facts: Sequence[BookingFacts]
    request_id: uuid.UUID | None
    payload: dict[str, Any]


def settle_requests(news: Iterable[News], *, at: dt.datetime) -> None:
    """Mark as done the requests that this is the outcome of; the worker then has nothing left to find out."""
    made: dict[uuid.UUID, News] = {}
    changed: dict[tuple[str, str, dt.datetime | None], str] = {}
    for one in news:
        for fact in one.facts:
            changed.update(_changes(fact))
        if one.request_id is not None:
            made.setdefault(one.request_id, one)
    if made:
        # Even one that was given up: there it is. Of a reassignment it is only the half: the old booking must go too.
        unsettled = BookingRequest.objects.filter(pk__in=made).exclude(state=State.DONE).exclude(kind=Kind.REASSIGN)
        for request in unsettled:
            _settle_made(request, made[request.pk], at)
    if changed:
        for request in _about({uid for _, uid, _ in changed}):
            start = request.start_ts if request.kind == Kind.RESCHEDULE else None
            uid = changed.get((request.kind, request.booking_uid or "", start))
            if uid is not None:
                _settle(request, uid, at)


def _about(uids: Iterable[str]) -> QuerySet[BookingRequest]:
    """Open requests about these bookings. A cancellation means the visit: its last booking, and none of a visit that
    is given to a colleague at the time, because that cancels the old booking too.
    """
    reassigning = BookingRequest.objects.filter(kind=Kind.REASSIGN, state__in=OPEN, appointment=OuterRef("appointment"))
    cancels_visit = Q(~Exists(reassigning), kind=Kind.CANCEL, appointment__cal_booking_id=F("booking_uid"))
    return BookingRequest.objects.filter(cancels_visit | Q(kind=Kind.RESCHEDULE), state__in=OPEN, booking_uid__in=uids)


def _changes(fact: BookingFacts) -> dict[tuple[str, str, dt.datetime | None], str]:
    """The requests, by kind, uid and new start, that are fulfilled when this is so."""
    if fact.rescheduled_from:
        return {(Kind.RESCHEDULE, fact.rescheduled_from, fact.start): fact.uid}
    # What was moved is cancelled too, but the visit lives on.
    if fact.status in FINAL and not fact.rescheduled_to:
        return {(Kind.CANCEL, fact.uid, None): fact.uid}
    return {}


def _settle_made(request: BookingRequest, told: News, at: dt.datetime) -> None:
    fact = told.facts[0]
    if request.kind == Kind.RESCHEDULE:
        if fact.rescheduled_from:
            return  # moved since: the reference was copied
        links = continues_visit(request, fact.uid, at=fact.at)
        apply_booking_facts(facts=links, payload=told.payload, doctor_of=doctor_of, at=at)
    _settle(request, fact.uid, at)


def _settle(request: BookingRequest, uid: str, at: dt.datetime) -> None:
    visit_id = AppointmentBooking.objects.filter(uid=uid).values_list("appointment_id", flat=True).first()
    if visit_id is None:
        return
    held = BookingRequest.objects.filter(pk=request.pk).exclude(state=State.DONE)
    if held.update(
        state=State.DONE,
        outcome_code=None,
        appointment_id=visit_id,
        booking_uid=uid,
        resolved_at=at,
        next_try_at=None,
    ):
        log.info("booking_request.told", request=str(request.pk), kind=request.kind)
