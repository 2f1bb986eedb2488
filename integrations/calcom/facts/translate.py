"""What Cal.com says, as facts about uids. The table of triggers is in `docs/integrations/calcom.md`."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from clinical.mirror.facts import ACCEPTED, CANCELLED, FINAL, PENDING, REJECTED, RESCHEDULE_REQUESTED, BookingFacts
from integrations.calcom.api.responses import Booking
from integrations.calcom.facts.people import booker_of, booking_name, booking_phone, event_name, event_phone
from integrations.calcom.facts.reference import Reference, proven_reference
from integrations.calcom.facts.webhook_payloads import BookingEventPayload, WebhookEvent

# All that older builds say of a host who asks the patient to choose another time: it comes before the reason.
REQUEST_PREFIX = "Please reschedule."

_STATUS_OF_TRIGGER = {
    "BOOKING_CREATED": ACCEPTED,
    "BOOKING_REQUESTED": PENDING,
    "BOOKING_RESCHEDULED": ACCEPTED,
    "BOOKING_CANCELLED": CANCELLED,
    "BOOKING_REJECTED": REJECTED,
}

_NOTES = {
    "": "An event without a trigger: recorded, nothing to apply.",
    "PING": "A test of the subscription.",
    "MEETING_STARTED": "Sent by the clock, with a copy made at booking time: recorded, nothing to apply.",
    "MEETING_ENDED": "Sent by the clock, with a copy made at booking time: recorded, nothing to apply.",
    "BOOKING_PAYMENT_INITIATED": "Says accepted before anything is paid: recorded, nothing to apply.",
    "BOOKING_PAID": "Payments are not kept here: recorded, nothing to apply.",
}


class ImpossibleTimes(ValueError):
    """The booking ends before it starts, or as it starts: no visit can be made of it."""

    code = "impossible_times"


@dataclass(frozen=True, slots=True)
class Absence:
    """Out of office that somebody entered in Cal.com. Hours are kept here, so it is drift to show, not to apply."""

    cal_user_id: int
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Translation:
    """`note` says why there is nothing to apply, for the person who reads the stored webhook.

    `lookups` are uids to ask Cal.com about, whether or not there are facts: the event does not say enough.
    `request_id` is our own request that made the booking, where its reference proves that.
    """

    facts: Sequence[BookingFacts] = ()
    note: str = ""
    lookups: Sequence[str] = ()
    absence: Absence | None = None
    request_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """A booking event with a uid, and the time and digest its facts get."""

    trigger: str
    payload: BookingEventPayload
    uid: str
    at: dt.datetime
    digest: str
    reference: Reference | None

    @property
    def old_uid(self) -> str | None:
        return self.payload.reschedule_uid or self.payload.from_reschedule


def translate_event(event: WebhookEvent, *, digest: str, received_at: dt.datetime) -> Translation:
    """The facts of one verified webhook.

    Raises: pydantic.ValidationError for an event of ours that cannot be read, ImpossibleTimes.
    """
    trigger = event.trigger_event
    at = event.created_at or received_at
    if trigger == "BOOKING_NO_SHOW_UPDATED":
        return _no_show(event, at, digest)
    if trigger == "OOO_CREATED":
        return _absence(event)
    if trigger not in _STATUS_OF_TRIGGER:
        return Translation(note=_NOTES.get(trigger, f"{trigger}: recorded, nothing to apply."))
    payload = event.booking()
    if not payload.uid:
        old = payload.reschedule_uid
        return Translation(note=f"{trigger} without a uid: recorded, nothing to apply.", lookups=[old] if old else [])
    if payload.start and payload.end and payload.end <= payload.start:
        raise ImpossibleTimes
    reference = proven_reference(payload.metadata, payload.event_type_id)
    translation = _ABOUT.get(trigger, _closed)(_Told(trigger, payload, payload.uid, at, digest, reference))
    return replace(translation, request_id=reference.request_id) if reference else translation


def _no_show(event: WebhookEvent, at: dt.datetime, digest: str) -> Translation:
    mark = event.no_show()
    marks = {one.no_show for one in mark.attendees if one.no_show is not None}
    if len(marks) != 1:
        # Booker and guests differ, and only the booking tells which of them is the booker.
        return Translation(note="It does not say who did not come: looked up.", lookups=[mark.booking_uid])
    return Translation([BookingFacts(mark.booking_uid, at, digest, booking_id=mark.booking_id, no_show=marks.pop())])


def _absence(event: WebhookEvent) -> Translation:
    entry = event.out_of_office()
    note = "Out of office entered in Cal.com: recorded, and shown beside the doctor's hours."
    if entry.user.id is None:
        return Translation(note=note)
    return Translation(note=note, absence=Absence(entry.user.id, entry.start, entry.end))


def _opened(told: _Told) -> Translation:
    """CREATED, REQUESTED: new, confirmed, asked to be moved, or one more seat."""
    payload = told.payload
    may_confirm = payload.requires_confirmation or bool(payload.i_cal_sequence) or payload.status == PENDING
    may_be_moved = not told.old_uid and (told.trigger == "BOOKING_REQUESTED" or may_confirm)
    return _with_lookups(told, _replacing(told), ask=may_be_moved or _is_seated(payload))


def _moved(told: _Told) -> Translation:
    payload = told.payload
    if payload.attendee_seat_id or (_is_seated(payload) and told.old_uid != told.uid):
        # The old uid is the seat's own or a visit's that others still come to, the new one perhaps another visit.
        uids = [uid for uid in (told.uid, told.old_uid) if uid]
        return Translation(note="One seat was moved: looked up.", lookups=uids)
    if told.old_uid == told.uid:
        times = BookingFacts(
            told.uid, told.at, told.digest, booking_id=payload.booking_id, start=payload.start, end=payload.end
        )
        return Translation([times], lookups=[told.uid])
    return _with_lookups(told, _replacing(told), ask=not told.old_uid)


def _cancelled(told: _Told) -> Translation:
    payload = told.payload
    # A whole visit's cancellation names who did it, or whether another time is asked for; one seat's does neither.
    is_whole = bool(payload.cancelled_by) or payload.request_reschedule is not None or _asks_to_reschedule(payload)
    if payload.attendee_seat_id or (payload.seats_per_time_slot and not is_whole):
        return Translation(note="One seat was given back: the visit stays, and is looked up.", lookups=[told.uid])
    return _closed(told)


def _closed(told: _Told) -> Translation:
    return _with_lookups(told, [_facts(told)], ask=_is_seated(told.payload) or bool(told.payload.recurring_event))


_ABOUT: Mapping[str, Callable[[_Told], Translation]] = {
    "BOOKING_CREATED": _opened,
    "BOOKING_REQUESTED": _opened,
    "BOOKING_RESCHEDULED": _moved,
    "BOOKING_CANCELLED": _cancelled,
}


def _with_lookups(told: _Told, facts: Sequence[BookingFacts], *, ask: bool) -> Translation:
    payload = told.payload
    is_incomplete = payload.start is None or payload.end is None or facts[0].organizer_id is None
    return Translation(facts, lookups=[told.uid] if ask or is_incomplete else [])


def _is_seated(payload: BookingEventPayload) -> bool:
    return bool(payload.attendee_seat_id or payload.seats_per_time_slot)


def _replacing(told: _Told) -> list[BookingFacts]:
    """The facts, and where the booking takes another's place that it does."""
    facts, old_uid = _facts(told), told.old_uid
    if not old_uid or old_uid == told.uid:
        return [facts]
    start, end = told.payload.reschedule_start, told.payload.reschedule_end
    is_possible = start is not None and end is not None and start < end
    old = BookingFacts(
        old_uid,
        told.at,
        told.digest,
        booking_id=told.payload.reschedule_id,
        status=CANCELLED,
        start=start if is_possible else None,
        end=end if is_possible else None,
        rescheduled_to=told.uid,
    )
    return [replace(facts, rescheduled_from=old_uid), old]


def _facts(told: _Told) -> BookingFacts:
    payload, reference = told.payload, told.reference
    # Who took a seat is not whose visit it is, and the reference is of who took it.
    is_seated = _is_seated(payload)
    # Who asks for another time is named as the organizer, and need not be the doctor.
    is_asker = told.trigger == "BOOKING_CANCELLED" and _asks_to_reschedule(payload)
    organizer = None if is_asker else payload.organizer
    return BookingFacts(
        told.uid,
        told.at,
        told.digest,
        booking_id=payload.booking_id,
        status=_STATUS_OF_TRIGGER[told.trigger],
        cancellation_reason=_reason(told),
        start=payload.start,
        end=payload.end,
        organizer_id=None if is_asker else payload.organizer_id,
        organizer_email=organizer.email if organizer else None,
        attendee_name=None if is_seated else event_name(payload),
        phone=None if is_seated else event_phone(payload),
        patient_id=reference.patient_id if reference and not is_seated else None,
    )


def _reason(told: _Told) -> str | None:
    payload = told.payload
    if told.trigger == "BOOKING_REJECTED":
        return payload.rejection_reason or None
    if told.trigger != "BOOKING_CANCELLED":
        return None  # on a moved booking this field holds the reason of the move
    if _asks_to_reschedule(payload):
        return RESCHEDULE_REQUESTED
    return payload.cancellation_reason or None


def _asks_to_reschedule(payload: BookingEventPayload) -> bool:
    if payload.request_reschedule is not None:
        return payload.request_reschedule
    return payload.cancellation_reason.startswith(REQUEST_PREFIX)


def translate_booking(booking: Booking, *, digest: str, fetched_at: dt.datetime) -> list[BookingFacts]:
    """The facts of a booking that the API gave, true when Cal.com last changed it.

    `fetched_at` is when it was asked. Of two answers about the same change the one asked for later wins: some changes
    leave `updatedAt` as it was.
    """
    at = booking.updated_at or booking.created_at or fetched_at
    tie = f"~{fetched_at.astimezone(dt.UTC):%Y%m%dT%H%M%S.%f}:{digest}"  # "~" comes after every hexadecimal digest
    reference = proven_reference(booking.metadata, booking.event_type.id)
    host = booking.hosts[0] if booking.hosts and booking.hosts[0].id is not None else None
    booker = booker_of(booking)
    facts = BookingFacts(
        booking.uid,
        at,
        tie,
        booking_id=booking.id,
        status=booking.status if booking.status != "unknown" else None,
        is_fetched=True,
        # Without the prefix: that another time was asked for, the API does not say.
        cancellation_reason=(booking.cancellation_reason or None) if booking.status in FINAL else None,
        start=booking.start,
        end=booking.end,
        organizer_id=host.id if host else None,
        organizer_email=host.email if host else None,
        attendee_name=booking_name(booking),
        phone=booking_phone(booking),
        patient_id=reference.patient_id if reference else None,
        booked_at=booking.created_at,
        rescheduled_from=booking.rescheduled_from_uid,
        rescheduled_to=booking.rescheduled_to_uid,
    )
    if booker is None:
        return [facts]
    # The mark is on the attendee's own row: it changes without the booking, so its time is that of the question.
    return [facts, BookingFacts(booking.uid, fetched_at, tie, is_fetched=True, no_show=booker.absent)]
