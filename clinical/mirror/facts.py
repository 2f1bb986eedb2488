"""Facts about bookings and how they combine: pure, so that any order of arrival gives the same appointments.

A calendar sends events in no order, twice, or late. Each event is reduced to facts about one uid, each kind of fact
has the time it was true, and the newer of a kind wins. A reschedule makes a new uid, so a visit is a chain of uids.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

ACCEPTED, PENDING, CANCELLED, REJECTED = "accepted", "pending", "cancelled", "rejected"
FINAL = frozenset({CANCELLED, REJECTED})
RESCHEDULE_REQUESTED = "reschedule_requested"
# The digest of a mark made here that the calendar holds too.
AGREED = "agreed"

# A booking is never un-accepted, and a cancelled one never revives: the stronger word wins, whenever it was said.
_STRENGTH = {PENDING: 1, ACCEPTED: 2, CANCELLED: 3, REJECTED: 3}


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """What one event, or one look-up (`is_fetched`), says about one uid. None says nothing.

    `patient_id` is given only when our own signed reference proved it; `phone` is E.164 digits without `+`.
    `digest` breaks ties between facts of the same time.
    """

    uid: str
    at: dt.datetime
    digest: str
    booking_id: int | None = None
    status: str | None = None
    is_fetched: bool = False
    cancellation_reason: str | None = None
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    organizer_id: int | None = None
    organizer_email: str | None = None
    attendee_name: str | None = None
    phone: str | None = None
    patient_id: uuid.UUID | None = None
    booked_at: dt.datetime | None = None
    no_show: bool | None = None
    rescheduled_from: str | None = None
    rescheduled_to: str | None = None


@dataclass(slots=True)
class MergedBooking:
    """The merged facts of one uid, under the names that `AppointmentBooking` keeps them by."""

    uid: str
    booking_id: int | None = None
    status: str | None = None
    status_at: dt.datetime | None = None
    status_hash: str | None = None
    fetched_status: str | None = None
    fetched_status_at: dt.datetime | None = None
    cancellation_reason: str | None = None
    start_ts: dt.datetime | None = None
    end_ts: dt.datetime | None = None
    times_at: dt.datetime | None = None
    times_hash: str | None = None
    organizer_id: int | None = None
    organizer_email: str | None = None
    organizer_at: dt.datetime | None = None
    organizer_hash: str | None = None
    attendee_name: str | None = None
    attendee_phone: str | None = None
    reference: str | None = None
    attendee_at: dt.datetime | None = None
    attendee_hash: str | None = None
    first_told_at: dt.datetime | None = None
    no_show: bool | None = None
    no_show_at: dt.datetime | None = None
    no_show_hash: str | None = None
    rescheduled_from: str | None = None
    rescheduled_from_at: dt.datetime | None = None
    rescheduled_to: str | None = None
    rescheduled_to_at: dt.datetime | None = None


class Told(Protocol):
    """What is known of a booking's status."""

    status: str | None
    status_at: dt.datetime | None
    fetched_status: str | None
    fetched_status_at: dt.datetime | None


class Link(Protocol):
    """A booking's place in its chain."""

    uid: str
    rescheduled_from: str | None
    rescheduled_from_at: dt.datetime | None
    rescheduled_to: str | None
    rescheduled_to_at: dt.datetime | None


Linked = TypeVar("Linked", bound=Link)


class NoShow(Protocol):
    """Who said last whether the patient came."""

    no_show_at: dt.datetime | None
    no_show_hash: str | None


def is_marked_here_only(booking: NoShow) -> bool:
    """Whether the mark was made here and the calendar does not hold it: its answer, when asked, says nothing new."""
    return booking.no_show_at is not None and booking.no_show_hash is None


def merge(booking: MergedBooking, facts: BookingFacts) -> None:
    """Take from `facts` each kind that is newer than what the booking has."""
    booking.booking_id = booking.booking_id or facts.booking_id
    booking.first_told_at = min(booking.first_told_at or facts.at, facts.booked_at or facts.at, facts.at)
    if facts.status is not None:
        _merge_status(booking, facts)
    if facts.start and facts.end and _is_newer(facts, booking.times_at, booking.times_hash):
        booking.start_ts, booking.end_ts = facts.start, facts.end
        booking.times_at, booking.times_hash = facts.at, facts.digest
    if facts.organizer_id is not None or facts.organizer_email:
        _merge_organizer(booking, facts)
    if facts.patient_id is not None:
        # A proof is not undone by a later event that happens not to carry it.
        booking.reference = str(facts.patient_id)
    has_attendee = bool(facts.attendee_name or facts.phone)
    if has_attendee and _is_newer(facts, booking.attendee_at, booking.attendee_hash):
        booking.attendee_name, booking.attendee_phone = facts.attendee_name, facts.phone
        booking.attendee_at, booking.attendee_hash = facts.at, facts.digest
    is_overruled = facts.is_fetched and is_marked_here_only(booking)
    if facts.no_show is not None and not is_overruled and _is_newer(facts, booking.no_show_at, booking.no_show_hash):
        booking.no_show = facts.no_show
        booking.no_show_at, booking.no_show_hash = facts.at, facts.digest
    if facts.rescheduled_from and _is_newer_link(
        facts.at, facts.rescheduled_from, booking.rescheduled_from_at, booking.rescheduled_from
    ):
        booking.rescheduled_from, booking.rescheduled_from_at = facts.rescheduled_from, facts.at
    if facts.rescheduled_to and _is_newer_link(
        facts.at, facts.rescheduled_to, booking.rescheduled_to_at, booking.rescheduled_to
    ):
        booking.rescheduled_to, booking.rescheduled_to_at = facts.rescheduled_to, facts.at


def effective_status(booking: Told) -> str | None:
    """The status that counts: what was looked up, where it is newer or stronger than what events say; else theirs.

    Only a look-up may take a cancellation back. An event is sent after the change it tells of, so one about the change
    before may be later than a look-up.
    """
    if booking.fetched_status is None:
        return booking.status
    if booking.status is None or booking.status_at is None or booking.fetched_status_at is None:
        return booking.fetched_status
    is_newer = booking.fetched_status_at > booking.status_at
    is_stronger = _STRENGTH.get(booking.fetched_status, 0) > _STRENGTH.get(booking.status, 0)
    return booking.fetched_status if is_newer or is_stronger else booking.status


def chain(bookings: Iterable[Linked]) -> Sequence[Linked]:
    """The bookings of one visit from first to last; the last is the head.

    Should two bookings claim the same predecessor, the one linked later is followed, the other is left out.
    """
    by_uid = {booking.uid: booking for booking in bookings}
    successors: dict[str, list[tuple[dt.datetime, str]]] = {}
    for booking in by_uid.values():
        if booking.rescheduled_to in by_uid and booking.rescheduled_to_at:
            successors.setdefault(booking.uid, []).append((booking.rescheduled_to_at, booking.rescheduled_to))
        if booking.rescheduled_from in by_uid and booking.rescheduled_from_at:
            successors.setdefault(booking.rescheduled_from, []).append((booking.rescheduled_from_at, booking.uid))
    followed = {uid: max(candidates)[1] for uid, candidates in successors.items()}
    starts = sorted(set(by_uid) - {uid for candidates in successors.values() for _, uid in candidates})
    # A circle of links has no start; any fixed one will do.
    current: str | None = (starts or sorted(by_uid))[0]
    ordered: list[Linked] = []
    seen: set[str] = set()
    while current is not None and current not in seen:
        seen.add(current)
        ordered.append(by_uid[current])
        current = followed.get(current)
    return ordered


def _merge_status(booking: MergedBooking, facts: BookingFacts) -> None:
    if facts.is_fetched:
        if booking.fetched_status_at is None or (facts.at, facts.status) > (
            booking.fetched_status_at,
            booking.fetched_status,
        ):
            booking.fetched_status, booking.fetched_status_at = facts.status, facts.at
            # The API gives the host's words alone: that another time was asked for, only an event says.
            if booking.cancellation_reason != RESCHEDULE_REQUESTED:
                booking.cancellation_reason = facts.cancellation_reason or booking.cancellation_reason
        return
    new = (_STRENGTH.get(facts.status or "", 0), facts.at, facts.digest)
    if booking.status is not None and booking.status_at is not None:
        old = (_STRENGTH.get(booking.status, 0), booking.status_at, booking.status_hash or "")
        if new <= old:
            return
    if facts.status in FINAL:
        # What a look-up has said of it stays, where this event says nothing.
        looked_up = None if booking.status in FINAL else booking.cancellation_reason
        booking.cancellation_reason = facts.cancellation_reason or looked_up
    booking.status, booking.status_at, booking.status_hash = facts.status, facts.at, facts.digest


def _merge_organizer(booking: MergedBooking, facts: BookingFacts) -> None:
    """The newer counts, but an email alone never replaces an id: it may be that of whoever acted last."""
    new = (facts.organizer_id is not None, facts.at, facts.digest)
    if booking.organizer_at is not None:
        old = (booking.organizer_id is not None, booking.organizer_at, booking.organizer_hash or "")
        if new <= old:
            return
    booking.organizer_id, booking.organizer_email = facts.organizer_id, facts.organizer_email
    booking.organizer_at, booking.organizer_hash = facts.at, facts.digest


def _is_newer(facts: BookingFacts, at: dt.datetime | None, digest: str | None) -> bool:
    return at is None or (facts.at, facts.digest) > (at, digest or "")


def _is_newer_link(at: dt.datetime, target: str, known_at: dt.datetime | None, known_target: str | None) -> bool:
    return known_at is None or (at, target) > (known_at, known_target or "")
