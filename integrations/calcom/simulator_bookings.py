"""What may happen to a booking, by Cal.com's rules. Callers hold the world's lock.

Of a single seat see `simulator_seats`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .simulator_availability import Span
from .simulator_calendar import host_for
from .simulator_errors import ApiError
from .simulator_events import Event
from .simulator_inputs import AbsentBody, AttendeeBody, BookingBody, RescheduleBody
from .simulator_records import Attendee, Booking, EventType, Status
from .simulator_world import World

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
            booking = self.insert(kind, visit, [attendee(body.attendee)], metadata=metadata, series=series)
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
            if one.status not in OVER:
                one.cancellation_reason, one.cancelled_by = reason, by
                self.change(one, "cancelled")
        self.announce(Event("BOOKING_CANCELLED", booking))
        return booking

    def reschedule(self, uid: str, body: RescheduleBody) -> Booking:
        old = self.world.booking(uid)
        self.check_can_move(old)
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

    def ask_to_reschedule(self, uid: str, reason: str) -> Booking:
        """The host wants another time. Told as a cancellation; the booker's move brings the visit back."""
        booking = self.world.booking(uid)
        if booking.status in OVER:
            raise ApiError(400, "The booking is over already.")
        booking.cancellation_reason = f"Please reschedule. {reason}".strip()
        booking.cancelled_by = self.world.users[booking.host_id].email
        booking.asks_to_reschedule = True
        self.change(booking, "cancelled")
        self.announce(Event("BOOKING_CANCELLED", booking))
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
        if old.rescheduled_to_uid:
            raise ApiError(
                400,
                f"Can't reschedule booking with uid={old.uid} because it has been cancelled and rescheduled "
                f"already to booking with uid={old.rescheduled_to_uid}.",
            )
        if old.status in OVER and not old.asks_to_reschedule:
            raise ApiError(400, f"Can't reschedule booking with uid={old.uid} because it has been cancelled already.")
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
    """Raises: ApiError for a booking that is over, in Cal.com's words."""
    if booking.status in OVER:
        how = "cancelled and rescheduled already" if booking.rescheduled_to_uid else "cancelled already"
        raise ApiError(400, f"Can't cancel booking with uid={booking.uid} because it has been {how}.")


def sms_email(phone: str) -> str:
    """The address Cal.com makes up for a person who has only a phone."""
    return f"{phone.removeprefix('+')}@sms.cal.com"


def attendee(body: AttendeeBody) -> Attendee:
    """Who comes. Raises: ApiError where the person cannot be reached."""
    if not body.email and not body.phone_number:
        raise ApiError(400, "Missing attendee: an email or a phoneNumber is required.")
    email = body.email or sms_email(body.phone_number or "")
    return Attendee(
        name=body.name,
        email=email,
        time_zone=body.time_zone,
        phone=body.phone_number,
        language=body.language,
    )


def _visits(kind: EventType, body: BookingBody) -> list[Span]:
    if body.recurrence_count and not kind.recurs_every_weeks:
        raise ApiError(400, f"Can't set recurrenceCount: event type with id={kind.id} is not a recurring event.")
    length = timedelta(minutes=body.length_in_minutes or kind.length_minutes)
    pause = timedelta(weeks=kind.recurs_every_weeks or 0)
    starts = [body.start + pause * number for number in range(body.recurrence_count or 1)]
    return [Span(start, start + length) for start in starts]
