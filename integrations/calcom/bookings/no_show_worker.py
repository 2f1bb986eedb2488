"""Passes marks on to Cal.com. A mark says what is so, not what to do: sending it twice does no harm.

One visit's marks go out one after the other. Of several only the last counts, see `marks`.
"""

from __future__ import annotations

import datetime as dt
import hashlib

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from clinical.mirror.apply import UnknownDoctor, apply_booking_facts
from clinical.mirror.facts import BookingFacts
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRefused, CalcomUnknownOutcome
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.responses import Booking
from integrations.calcom.api.transport import TIMEOUT_SECONDS
from integrations.calcom.bookings.no_shows import ABSENT, OPEN, SUPERSEDED
from integrations.calcom.facts.people import doctor_of
from integrations.calcom.facts.translate import translate_booking
from integrations.models import BookingRequest

log = structlog.get_logger(__name__)

State = BookingRequest.State

# Two calls at most, a `GET` and the mark: until then its worker may still be waiting for an answer.
STALE_AFTER = dt.timedelta(seconds=3 * TIMEOUT_SECONDS)
FIRST_RETRY = dt.timedelta(seconds=5)
LONGEST_RETRY = dt.timedelta(minutes=30)
# Nobody waits for it. What Cal.com did not take in so long stays here only.
GIVE_UP_AFTER = dt.timedelta(days=2)

STAYS_LOCAL = "stays_local"
UNKNOWN_THERE = "unknown_there"
REFUSED_THERE = "refused"
UNREACHED = "calendar_unavailable"


def run_next_mark() -> bool:
    """Pass one due mark on. Returns False when there is none."""
    request = _claim(timezone.now())
    if request is None:
        return False
    if _is_superseded(request):
        _resolve(request, State.REFUSED, code=SUPERSEDED)
        return True
    client = calcom_client(purpose="background")
    try:
        booking = _tell(request, client)
    except CalcomRefused as refusal:
        _refused(request, refusal)
    except CalcomError as error:
        _later(request, error)
    else:
        _done(request, booking)
    finally:
        client.close()
    return True


def _claim(now: dt.datetime) -> BookingRequest | None:
    marks = BookingRequest.objects.filter(kind=BookingRequest.Kind.MARK_ABSENT)
    due = Q(next_try_at__isnull=True) | Q(next_try_at__lte=now)
    waiting = Q(state__in=[State.QUEUED, State.UNKNOWN])
    abandoned = Q(state=State.SENT, sent_at__lte=now - STALE_AFTER)
    on_its_way = marks.filter(
        appointment=OuterRef("appointment"), state=State.SENT, sent_at__gt=now - STALE_AFTER
    ).exclude(pk=OuterRef("pk"))
    with transaction.atomic():
        request: BookingRequest | None = (
            marks.select_for_update(skip_locked=True, of=("self",))
            .filter(~Exists(on_its_way), due, waiting | abandoned)
            .order_by("created_at", "pk")
            .first()
        )
        if request is not None:
            request.state, request.sent_at, request.tries = State.SENT, now, request.tries + 1
            request.save(update_fields=["state", "sent_at", "tries"])
    return request


def _is_superseded(request: BookingRequest) -> bool:
    """A newer mark replaces those that wait; another that is open can then only be newer than this one."""
    others = BookingRequest.objects.filter(kind=request.kind, appointment=request.appointment_id, state__in=OPEN)
    return request.appointment_id is not None and others.exclude(pk=request.pk).exists()


def _tell(request: BookingRequest, client: CalcomClient) -> Booking:
    """The booking as it is after the mark. Cal.com names people by email, so it is asked who booked."""
    uid, is_absent = request.booking_uid or "", request.reason == ABSENT
    booking = client.get_booking(uid)
    booker = booking.attendees[0] if booking.attendees else None
    if booker is None or not booker.email:
        raise CalcomRefused("mark_absent", status=400, message="The booking names nobody.")
    if booker.absent == is_absent:
        return booking
    return client.mark_absent(uid, attendee_email=booker.email, absent=is_absent)


def _done(request: BookingRequest, booking: Booking) -> None:
    if not booking.attendees or booking.attendees[0].absent != (request.reason == ABSENT):
        _resolve(request, State.REFUSED, code=REFUSED_THERE)
        return
    if not _is_superseded(request):
        _agree(booking, timezone.now())
    _resolve(request, State.DONE)


def _agree(booking: Booking, now: dt.datetime) -> None:
    """Cal.com holds the mark now: what it says from here on counts again."""
    digest = hashlib.sha256(booking.model_dump_json().encode()).hexdigest()
    said = translate_booking(booking, digest=digest, fetched_at=now)
    facts = [one for one in said if one.no_show is None]
    facts.append(BookingFacts(booking.uid, now, digest, no_show=booking.attendees[0].absent))
    try:
        apply_booking_facts(
            facts=facts, payload=booking.model_dump(mode="json", by_alias=True), doctor_of=doctor_of, at=now
        )
    except UnknownDoctor:
        log.info("calcom.marked_for_unknown_doctor")


def _refused(request: BookingRequest, refusal: CalcomRefused) -> None:
    if refusal.status == 403:
        _resolve(request, State.REFUSED, code=STAYS_LOCAL)
    elif refusal.is_credential_problem:
        _later(request, refusal)
    else:
        _resolve(request, State.REFUSED, code=UNKNOWN_THERE if refusal.is_not_found else REFUSED_THERE)


def _later(request: BookingRequest, error: CalcomError) -> None:
    now = timezone.now()
    if now - request.created_at > GIVE_UP_AFTER:
        _resolve(request, State.REFUSED, code=UNREACHED)
        return
    pause = min(FIRST_RETRY * 2 ** min(request.tries - 1, 12), LONGEST_RETRY)
    retry_after = getattr(error, "retry_after", None)
    request.state = State.UNKNOWN if isinstance(error, CalcomUnknownOutcome) else State.QUEUED
    request.next_try_at = now + max(pause, dt.timedelta(seconds=retry_after or 0))
    request.save(update_fields=["state", "next_try_at"])
    log.warning("booking_mark.postponed", request=str(request.pk), error=error.code, tries=request.tries)


def _resolve(request: BookingRequest, state: str, *, code: str | None = None) -> None:
    request.state, request.outcome_code, request.resolved_at = state, code, timezone.now()
    request.next_try_at = None
    request.save(update_fields=["state", "outcome_code", "resolved_at", "next_try_at"])
    log.info("booking_mark.resolved", request=str(request.pk), state=state, code=code)
