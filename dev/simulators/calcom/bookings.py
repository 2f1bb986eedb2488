"""What may happen to a booking, by Cal.com's rules. Callers hold the world's lock.

Visits of several people come last: each has a seat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers

from dev.simulators.calcom.calendar import host_for
from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.events import Event
from dev.simulators.calcom.hours import Span
from dev.simulators.calcom.inputs import AbsentBody, AttendeeBody, BookingBody, RescheduleBody
from dev.simulators.calcom.records import Attendee, Booking, EventType, Status, User
from dev.simulators.calcom.world import World

OVER = frozenset({"cancelled", "rejected"})


@dataclass(frozen=True, slots=True)
class Bookings:
    """The moves. `announce(event)` is called after each, inside the lock."""

    world: World
    announce: Callable[[Event], None]
    ping: Callable[[], None]

    def create(self, body: BookingBody) -> list[Booking]:
        """One booking, or one for each visit of a series. Each is told by itself."""
        kind = self.world.event_type(body.event_type_id)
        if kind.scheduling_type == "managed":
            raise ApiError(400, "This is a parent managed event type that can't be booked.")
        visits = _visits(kind, body)
        for visit in visits:
            host_for(self.world, kind, visit)
        series = f"series-{self.world.new_uid(-self.world.store.next_id('series'))}" if body.recurrence_count else None
        metadata, rows = dict(body.metadata), []
        for visit in visits:
            booking = self.insert(kind, visit, people_of(body), metadata=metadata, series=series)
            self.announce(Event("BOOKING_REQUESTED" if booking.status == "pending" else "BOOKING_CREATED", booking))
            rows.append(booking)
        return rows

    def cancel(self, uid: str, reason: str | None, *, by: str | None, with_later: bool = False) -> Booking:
        """One booking; with a series' own uid, or with `with_later`, what is left of it. Told once."""
        now = self.world.now()
        series = [one for one in self.world.series(uid) if one.status not in OVER and one.start > now]
        booking = series[0] if series else self.world.booking(uid)
        check_is_live(booking)
        if booking.end < now:
            raise ApiError(400, "Cannot cancel a booking that has already ended")
        if with_later and booking.recurring_uid:
            series = [one for one in self.world.series(booking.recurring_uid) if one.start >= booking.start]
        for one in series or [booking]:
            if one.status not in OVER or one is booking:
                one.cancellation_reason, one.cancelled_by = reason, by
                self.change(one, "cancelled")
        self.announce(Event("BOOKING_CANCELLED", booking, is_from_here_on=with_later))
        return booking

    def reschedule(self, uid: str, body: RescheduleBody) -> Booking:
        old = self.world.booking(uid)
        self.check_can_move(old)
        return self._moved(old, body)

    def _moved(self, old: Booking, body: RescheduleBody) -> Booking:
        kind = self.world.event_type(old.event_type_id)
        visit = Span(body.start, body.start + (old.end - old.start))
        confirmed = body.rescheduled_by == self.world.users[old.host_id].email
        people = [person.model_copy() for person in old.attendees]
        new = self.insert(kind, visit, people, earlier=old, confirmed=confirmed)
        # The reason lands in the new row's cancellationReason; the old row has none.
        new.cancellation_reason = new.rescheduling_reason = body.rescheduling_reason
        new.rescheduled_by = old.rescheduled_by = body.rescheduled_by
        old.rescheduled_to_uid = new.uid
        self.change(old, "cancelled")
        self.world.save(new)
        self.announce(Event("BOOKING_REQUESTED" if new.status == "pending" else "BOOKING_RESCHEDULED", new, old))
        return new

    def booker_moves(self, uid: str, body: RescheduleBody) -> Booking:
        """On the booker's own page, where what the host asked to move may be moved too."""
        return self._moved(self.world.booking(uid), body)

    def ask_to_reschedule(self, uid: str, reason: str, *, asker: User | None = None) -> Booking:
        """The host, or an admin of the team, wants another time.

        Told as a cancellation; the booker's move brings the visit back. The row has the reason alone.
        """
        booking = self.world.booking(uid)
        if booking.status in OVER:
            raise ApiError(400, "The booking is over already.")
        asker = asker or self.world.users[booking.host_id]
        booking.cancellation_reason, booking.cancelled_by = reason or None, asker.email
        booking.asks_to_reschedule = True
        self.change(booking, "cancelled")
        self.announce(Event("BOOKING_CANCELLED", booking, asker=asker))
        return booking

    def confirm(self, uid: str) -> Booking:
        """All of a series that waits. Told once, for the one that was confirmed."""
        booking = self._pending(uid, "confirm")
        for one in self._waiting_with(booking):
            self.change(one, "accepted")
        self.announce(Event("BOOKING_CREATED", booking.model_copy(update={"metadata": {}})))
        return booking

    def decline(self, uid: str, reason: str | None) -> Booking:
        """All of a series that waits. Told once."""
        booking = self._pending(uid, "decline")
        for one in self._waiting_with(booking):
            one.rejection_reason = reason
            self.change(one, "rejected")
        self.announce(Event("BOOKING_REJECTED", booking))
        return booking

    def mark_absent(self, uid: str, body: AbsentBody) -> Booking:
        booking = self.world.booking(uid)
        if booking.start > self.world.now():
            raise ApiError(400, f"Booking with uid={uid} hasn't started yet: nobody can be marked absent.")
        if not self.world.allows_marks:
            # Its own 403 too is caught, and said so.
            raise ApiError(500, "Failed to update no-show status")
        if body.host is not None:
            booking.host_absent = body.host
            booking.updated_at = self.world.now()
        marks = {mark.email.lower(): mark.absent for mark in body.attendees}
        marked = [person for person in booking.attendees if person.email.lower() in marks]
        for person in marked:
            # The mark is on the attendee's own row: the booking's updatedAt stays.
            person.absent = marks[person.email.lower()]
        self.world.save(booking)
        if marked:
            self.announce(Event("BOOKING_NO_SHOW_UPDATED", booking, people=tuple(marked)))
        return booking

    def check_can_move(self, old: Booking) -> None:
        if old.rescheduled_to_uid or old.asks_to_reschedule:
            raise ApiError(
                400,
                f"Can't reschedule booking with uid={old.uid} because it has been cancelled and rescheduled "
                f"already to booking with uid={old.rescheduled_to_uid or 'undefined'}.",
            )
        if old.status in OVER:
            raise ApiError(
                400,
                f"Can't reschedule booking with uid={old.uid} because it has been cancelled."
                " Please provide uid of a booking that is not cancelled.",
            )
        if old.end < self.world.now():
            raise ApiError(400, f"Can't reschedule booking with uid={old.uid} because it is in the past.")

    def insert(
        self,
        kind: EventType,
        visit: Span,
        people: list[Attendee],
        *,
        metadata: dict[str, str] | None = None,
        earlier: Booking | None = None,
        series: str | None = None,
        confirmed: bool = False,
    ) -> Booking:
        """A new row, told to nobody yet. Raises: ApiError where the time cannot be had."""
        world = self.world
        host_id = host_for(world, kind, visit, ignore_uid=earlier.uid if earlier else None)
        number = world.store.next_id("booking")
        now = world.now()
        for person in people:
            person.absent = False
        booking = Booking(
            id=number,
            uid=world.new_uid(number),
            event_type_id=kind.id,
            host_id=host_id,
            title=f"{kind.title} between {world.users[host_id].name or 'Nameless'} and {people[0].name}",
            start=visit.start,
            end=visit.end,
            status="pending" if kind.needs_confirmation and not confirmed else "accepted",
            attendees=people,
            metadata=dict(earlier.metadata) if earlier else metadata or {},
            rescheduled_from_uid=earlier.uid if earlier else None,
            recurring_uid=earlier.recurring_uid if earlier else series,
            sequence=earlier.sequence + 1 if earlier else 0,
            created_at=now,
            updated_at=now,
        )
        world.bookings[booking.uid] = booking
        world.save(booking)
        return booking

    def change(self, booking: Booking, status: Status) -> None:
        booking.status = status
        booking.sequence += 1
        booking.updated_at = self.world.now()
        self.world.save(booking)

    def _pending(self, uid: str, verb: str) -> Booking:
        booking = self.world.booking(uid)
        if booking.status != "pending":
            raise ApiError(400, f"Can't {verb} booking with uid={uid}: it is not pending.")
        return booking

    def _waiting_with(self, booking: Booking) -> Sequence[Booking]:
        series = self.world.series(booking.recurring_uid) if booking.recurring_uid else [booking]
        return [one for one in series if one.status == "pending"]


def check_is_live(booking: Booking) -> None:
    """Raises: ApiError for a booking that is cancelled, in Cal.com's words; one that was rejected can be cancelled."""
    if booking.status == "cancelled":
        is_moved = booking.rescheduled_to_uid or booking.asks_to_reschedule
        how = "cancelled and rescheduled already" if is_moved else "cancelled already"
        raise ApiError(400, f"Can't cancel booking with uid={booking.uid} because it has been {how}.")


def sms_email(phone: str) -> str:
    """The address Cal.com makes up for a person who has only a phone."""
    return f"{phone.removeprefix('+')}@sms.cal.com"


def attendee(body: AttendeeBody) -> Attendee:
    """Who comes. Raises: ApiError where the person cannot be reached."""
    if not body.email and not body.phone_number:
        raise ApiError(400, "Missing attendee: an email or a phoneNumber is required.")
    if body.phone_number and not phonenumbers.is_valid_number(phonenumbers.parse(body.phone_number)):
        raise ApiError(400, "responses - {attendeePhoneNumber}invalid_number, ")
    email = body.email or sms_email(body.phone_number or "")
    return Attendee(
        name=body.name,
        email=email,
        time_zone=body.time_zone,
        phone=body.phone_number,
        language=body.language,
    )


def people_of(body: BookingBody) -> list[Attendee]:
    """Who books, and the guests: of these there is only an e-mail."""
    booker = attendee(body.attendee)
    return [booker, *(Attendee(name="", email=email, time_zone=booker.time_zone) for email in body.guests)]


def _visits(kind: EventType, body: BookingBody) -> list[Span]:
    if body.recurrence_count and not kind.recurs_every_weeks:
        raise ApiError(400, f"Can't set recurrenceCount: event type with id={kind.id} is not a recurring event.")
    length = timedelta(minutes=body.length_in_minutes or kind.length_minutes)
    pause = timedelta(weeks=kind.recurs_every_weeks or 0)
    starts = [body.start + pause * number for number in range(body.recurrence_count or 1)]
    return [Span(start, start + length) for start in starts]


def take_seat(bookings: Bookings, kind: EventType, body: BookingBody) -> Booking:
    """The first makes the booking, each one after has a seat in it. All are told as created."""
    person = attendee(body.attendee)
    person.seat_uid = bookings.world.new_seat_uid()
    booking = _seated(bookings, kind, body.start, person, metadata=dict(body.metadata))
    bookings.announce(Event("BOOKING_CREATED", booking, seat=person))
    return booking


def give_seat_back(bookings: Bookings, uid: str, seat_uid: str, reason: str | None, *, by: str | None) -> Booking:
    """Told as a cancellation, of the one who leaves; the last one's is that of the whole visit."""
    booking = bookings.world.booking(uid)
    check_is_live(booking)
    person = _seat(booking, seat_uid)
    if len(booking.attendees) == 1:
        return bookings.cancel(uid, reason, by=by)
    # Only rows of their own go: the booking's updatedAt stays.
    booking.attendees.remove(person)
    bookings.world.save(booking)
    bookings.announce(Event("BOOKING_CANCELLED", booking.model_copy(update={"cancelled_by": None}), seat=person))
    return booking


def move_seat(bookings: Bookings, uid: str, seat_uid: str, body: RescheduleBody) -> Booking:
    """One person to another time. The seat's uid stands for the old one; who is left behind is not mentioned."""
    old = bookings.world.booking(uid)
    bookings.check_can_move(old)
    person = _seat(old, seat_uid)
    if body.start == old.start:
        raise ApiError(400, "The seat is at this time already.")
    new = _seated(bookings, bookings.world.event_type(old.event_type_id), body.start, person, is_moved=True)
    old.attendees.remove(person)
    bookings.world.save(old)
    if not old.attendees:
        bookings.change(old, "cancelled")
    bookings.announce(Event("BOOKING_RESCHEDULED", new, old, seat=person))
    return new


def move_all_seats(bookings: Bookings, uid: str, body: RescheduleBody) -> Booking:
    """By the host: the one booking changes its time and keeps its uid."""
    booking = bookings.world.booking(uid)
    bookings.check_can_move(booking)
    check_is_live(booking)
    if body.rescheduled_by != bookings.world.users[booking.host_id].email:
        raise ApiError(400, "A seatUid is needed: only the organizer moves everybody.")
    earlier = booking.model_copy()
    visit = Span(body.start, body.start + (booking.end - booking.start))
    host_for(bookings.world, bookings.world.event_type(booking.event_type_id), visit, ignore_uid=uid)
    booking.start, booking.end = visit.start, visit.end
    booking.rescheduled_by = body.rescheduled_by
    bookings.change(booking, booking.status)
    bookings.announce(Event("BOOKING_RESCHEDULED", booking, earlier))
    return booking


def _seated(
    bookings: Bookings,
    kind: EventType,
    start: datetime,
    person: Attendee,
    *,
    metadata: dict[str, str] | None = None,
    is_moved: bool = False,
) -> Booking:
    """The type's booking at this time with the person in it."""
    same_time = (row for row in bookings.world.bookings.values() if (row.event_type_id, row.start) == (kind.id, start))
    booking = next((row for row in same_time if row.status not in OVER), None)
    if booking is None:
        visit = Span(start, start + timedelta(minutes=kind.length_minutes))
        return bookings.insert(kind, visit, [person], metadata=metadata)
    if len(booking.attendees) >= (kind.seats or 1):
        raise ApiError(409, "Booking seats are full")
    if any(other.email.lower() == person.email.lower() for other in booking.attendees):
        raise ApiError(409, "Already signed up for this booking.")
    booking.attendees.append(person)
    if not is_moved:
        booking.updated_at = bookings.world.now()
    bookings.world.save(booking)
    return booking


def _seat(booking: Booking, seat_uid: str) -> Attendee:
    person = next((one for one in booking.attendees if one.seat_uid == seat_uid), None)
    if person is None:
        raise ApiError(404, f"Seat with uid={seat_uid} was not found in booking with uid={booking.uid}")
    return person
