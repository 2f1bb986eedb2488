"""Who did not come, as said here and passed on to Cal.com: the queue. `mark_worker` carries it out.

A doctor's mark holds here at once. It is one of `appointment_bookings` without a digest until Cal.com holds it too, and
so long Cal.com's word, given when asked, does not undo it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace

from django.db.models import QuerySet

from clinical.models import Appointment, AppointmentBooking
from clinical.ports import BookingOutcome, OutcomeState
from core.wake_ups import wake
from integrations.calcom.facts.translate import Translation
from integrations.models import BookingRequest

State = BookingRequest.State

# What a mark says; a request of another kind has a person's reason here.
ABSENT, CAME = "absent", "came"
OPEN = (State.QUEUED, State.SENT, State.UNKNOWN)
SUPERSEDED = "superseded"
# Cal.com takes no mark before the start, by its own clock.
AFTER_START = dt.timedelta(minutes=1)
ECHO_NOTE = "A newer mark made here is on its way to Cal.com: recorded, nothing to apply."

_STATES: dict[str, OutcomeState] = {State.DONE: "done", State.REFUSED: "refused"}


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
    wake("pass_on_marks")
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
