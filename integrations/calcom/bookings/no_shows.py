"""Who did not come, as said here and passed on to Cal.com: the queue, and the worker that empties it.

A doctor's mark holds here at once. It is one of `appointment_bookings` without a digest until Cal.com holds it too, and
so long Cal.com's word, given when asked, does not undo it. A mark says what is so, not what to do: sending it twice
does no harm. One visit's marks go out one after the other; of several only the last counts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from clinical.mirror.apply import UnknownDoctor, apply_booking_facts
from clinical.mirror.facts import BookingFacts
from clinical.models import Appointment, AppointmentBooking
from clinical.ports import BookingOutcome, OutcomeState
from core.wake_ups import wake
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRefused, CalcomUnknownOutcome
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.responses import Booking
from integrations.calcom.api.transport import TIMEOUT_SECONDS
from integrations.calcom.facts.people import booker_of, doctor_of
from integrations.calcom.facts.translate import Translation, translate_booking
from integrations.models import BookingRequest

log = structlog.get_logger(__name__)
State = BookingRequest.State
# What a mark says; a request of another kind has a person's reason here.
ABSENT, CAME = "absent", "came"
OPEN = (State.QUEUED, State.SENT, State.UNKNOWN)
SUPERSEDED = "superseded"
# Cal.com takes no mark before the start, by its own clock.
AFTER_START = dt.timedelta(minutes=1)
ECHO_NOTE = "A newer mark made here is on its way to Cal.com: recorded, nothing to apply."
_STATES: dict[str, OutcomeState] = {State.DONE: "done", State.REFUSED: "refused"}
# Cal.com answers every refusal of a mark like a failure of its own. So often it is tried, each time after a look.
REFUSALS_BELIEVED = 4
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


def queue_mark(appointment: Appointment, *, absent: bool, at: dt.datetime) -> bool:
    """Queue what Cal.com does not hold yet, in place of what has not gone out. Returns whether there was anything.

    To be called with the visit locked, and before the mark is written.
    """
    marks = _marks(appointment.pk).filter(state__in=OPEN)
    waiting = list(marks.select_for_update().order_by("pk"))
    _supersede([one for one in waiting if one.state != State.SENT], at)
    may_be_other = any(one.state != State.QUEUED and one.reason != _word(absent) for one in waiting)
    if not may_be_other and _is_absent_there(appointment) == absent:
        return False
    BookingRequest.objects.create(
        kind=BookingRequest.Kind.MARK_ABSENT,
        patient_id=appointment.patient_id,
        doctor_id=appointment.doctor_id,
        appointment=appointment,
        booking_uid=appointment.cal_booking_id,
        reason=_word(absent),
        created_at=at,
        next_try_at=appointment.start_ts + AFTER_START if appointment.start_ts > at else None,
    )
    wake("pass_on_no_shows")
    return True


def mark_outcome(appointment_id: uuid.UUID) -> BookingOutcome | None:
    """What became of passing on the visit's last mark."""
    row = (
        _marks(appointment_id)
        .order_by("-created_at", "-pk")
        .values_list("pk", "state", "appointment_id", "outcome_code")
        .first()
    )
    if row is None or row[3] == SUPERSEDED:
        return None
    request_id, state, _, code = row
    return BookingOutcome(request_id, _STATES.get(state, "pending"), appointment_id, code)


def without_echoes(translations: Sequence[Translation]) -> list[Translation]:
    """Leave out the no-show marks of bookings that a mark made here is on its way to: ours comes after them."""
    uids = {one.uid for said in translations for one in said.facts if one.no_show is not None}
    marked = (
        set(
            BookingRequest.objects.filter(
                kind=BookingRequest.Kind.MARK_ABSENT, state__in=OPEN, booking_uid__in=uids
            ).values_list("booking_uid", flat=True)
        )
        if uids
        else set()
    )
    return [_without_mark(said, marked) for said in translations]


def _without_mark(said: Translation, marked: set[str | None]) -> Translation:
    if not any(one.no_show is not None and one.uid in marked for one in said.facts):
        return said
    return replace(said, facts=[one for one in said.facts if one.no_show is None], note=said.note or ECHO_NOTE)


def _supersede(requests: Sequence[BookingRequest], at: dt.datetime) -> None:
    BookingRequest.objects.filter(pk__in=[one.pk for one in requests]).update(
        state=State.REFUSED, outcome_code=SUPERSEDED, resolved_at=at, next_try_at=None
    )


def _is_absent_there(appointment: Appointment) -> bool:
    known = AppointmentBooking.objects.filter(uid=appointment.cal_booking_id, no_show_hash__isnull=False)
    return known.filter(no_show=True).exists()


def _word(absent: bool) -> str:
    return ABSENT if absent else CAME


def _marks(appointment_id: uuid.UUID) -> QuerySet[BookingRequest]:
    return BookingRequest.objects.filter(appointment=appointment_id, kind=BookingRequest.Kind.MARK_ABSENT)


def pass_on_next_no_show() -> bool:
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
    except CalcomUnknownOutcome as error:
        _unanswered(request, error)
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
        if request is None:
            return None
        was_sent_before = request.state in {State.SENT, State.UNKNOWN}
        request.state, request.sent_at, request.tries = State.SENT, now, request.tries + 1
        request.save(update_fields=["state", "sent_at", "tries"])
    if was_sent_before:
        request.state = State.UNKNOWN
    return request


def _is_superseded(request: BookingRequest) -> bool:
    """A newer mark replaces those that wait; another that is open can then only be newer than this one."""
    others = BookingRequest.objects.filter(kind=request.kind, appointment=request.appointment_id, state__in=OPEN)
    return request.appointment_id is not None and others.exclude(pk=request.pk).exists()


def _tell(request: BookingRequest, client: CalcomClient) -> Booking:
    """The booking as it is after the mark. Cal.com names people by email, so it is asked who booked.

    What it says of an earlier mark counts only after a try without an answer: a `GET` may come from a replica that
    lags behind the last write.
    """
    uid, is_absent = request.booking_uid or "", request.reason == ABSENT
    booking = client.get_booking(uid)
    booker = booker_of(booking)
    if booker is None or not booker.email:
        raise CalcomRefused("mark_absent", status=400, message="The booking names nobody.")
    if request.state == State.UNKNOWN and booker.absent == is_absent:
        return booking
    return client.mark_absent(uid, attendee_email=booker.email, absent=is_absent)


def _done(request: BookingRequest, booking: Booking) -> None:
    booker = booker_of(booking)
    if booker is None or booker.absent != (request.reason == ABSENT):
        _resolve(request, State.REFUSED, code=REFUSED_THERE)
        return
    if not _is_superseded(request):
        _agree(booking, timezone.now(), no_show=booker.absent)
    _resolve(request, State.DONE)


def _agree(booking: Booking, now: dt.datetime, *, no_show: bool) -> None:
    """Cal.com holds the mark now: what it says from here on counts again."""
    digest = hashlib.sha256(booking.model_dump_json().encode()).hexdigest()
    said = translate_booking(booking, digest=digest, fetched_at=now)
    facts = [one for one in said if one.no_show is None]
    facts.append(BookingFacts(booking.uid, now, digest, no_show=no_show))
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


def _unanswered(request: BookingRequest, error: CalcomUnknownOutcome) -> None:
    was_looked_at = request.state == State.UNKNOWN
    if error.is_refused_mark and was_looked_at and request.tries >= REFUSALS_BELIEVED:
        _resolve(request, State.REFUSED, code=STAYS_LOCAL)
    else:
        _later(request, error)


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
