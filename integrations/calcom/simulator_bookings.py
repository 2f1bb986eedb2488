"""What may happen to a booking, by Cal.com's rules. Callers hold the world's lock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from .simulator_availability import Span
from .simulator_calendar import host_for
from .simulator_errors import ApiError
from .simulator_inputs import AbsentBody, AttendeeBody, BookingBody, RescheduleBody
from .simulator_records import Attendee, Booking, EventType, Status
from .simulator_world import World

Announce = Callable[[str, Booking, Booking | None], None]


@dataclass(frozen=True, slots=True)
class Bookings:
    """The moves. `announce(trigger, booking, earlier)` is called after each, inside the lock."""

    world: World
    announce: Announce
    ping: Callable[[], None]

    def create(self, body: BookingBody) -> Booking:
        kind = self.world.event_type(body.event_type_id)
        if kind.scheduling_type == "managed":
            raise ApiError(400, "This is a parent managed event type that can't be booked.")
        length = timedelta(minutes=body.length_in_minutes or kind.length_minutes)
        attendee = _attendee(body.attendee)
        visit = Span(body.start, body.start + length)
        booking = self._insert(kind, visit, attendee, metadata=dict(body.metadata))
        self.announce("BOOKING_REQUESTED" if booking.status == "pending" else "BOOKING_CREATED", booking, None)
        return booking

    def cancel(self, uid: str, reason: str | None, *, by: str | None) -> Booking:
        booking = self.world.booking(uid)
        if booking.status in {"cancelled", "rejected"}:
            how = "cancelled and rescheduled already" if booking.rescheduled_to_uid else "cancelled already"
            raise ApiError(400, f"Can't cancel booking with uid={uid} because it has been {how}.")
        if booking.end < self.world.now():
            raise ApiError(400, "Cannot cancel a booking that has already ended")
        booking.cancellation_reason = reason
        booking.cancelled_by = by
        self._change(booking, "cancelled")
        self.announce("BOOKING_CANCELLED", booking, None)
        return booking

    def reschedule(self, uid: str, body: RescheduleBody) -> Booking:
        old = self.world.booking(uid)
        self._check_can_move(old)
        kind = self.world.event_type(old.event_type_id)
        visit = Span(body.start, body.start + (old.end - old.start))
        owner = self.world.users[old.host_id].email
        new = self._insert(kind, visit, old.attendee.model_copy(), earlier=old, confirmed=body.rescheduled_by == owner)
        # The reason lands in the new row's cancellationReason; the old row has none.
        new.cancellation_reason = new.rescheduling_reason = body.rescheduling_reason
        new.rescheduled_by = old.rescheduled_by = body.rescheduled_by
        old.rescheduled_to_uid = new.uid
        self._change(old, "cancelled")
        self.world.save(new)
        self.announce("BOOKING_REQUESTED" if new.status == "pending" else "BOOKING_RESCHEDULED", new, old)
        return new

    def ask_to_reschedule(self, uid: str, reason: str) -> Booking:
        """The host wants another time. Told as a cancellation; the booker's move brings the visit back."""
        booking = self.world.booking(uid)
        if booking.status in {"cancelled", "rejected"}:
            raise ApiError(400, "The booking is over already.")
        booking.cancellation_reason = f"Please reschedule. {reason}".strip()
        booking.cancelled_by = self.world.users[booking.host_id].email
        booking.asks_to_reschedule = True
        self._change(booking, "cancelled")
        self.announce("BOOKING_CANCELLED", booking, None)
        return booking

    def confirm(self, uid: str) -> Booking:
        booking = self._pending(uid, "confirm")
        self._change(booking, "accepted")
        self.announce("BOOKING_CREATED", booking.model_copy(update={"metadata": {}}), None)
        return booking

    def decline(self, uid: str, reason: str | None) -> Booking:
        booking = self._pending(uid, "decline")
        booking.rejection_reason = reason
        self._change(booking, "rejected")
        self.announce("BOOKING_REJECTED", booking, None)
        return booking

    def mark_absent(self, uid: str, body: AbsentBody) -> Booking:
        booking = self.world.booking(uid)
        if booking.start > self.world.now():
            raise ApiError(400, f"Booking with uid={uid} hasn't started yet: nobody can be marked absent.")
        if body.host is not None:
            booking.host_absent = body.host
            booking.updated_at = self.world.now()
        marks = {mark.email.lower(): mark.absent for mark in body.attendees}
        if booking.attendee.email.lower() in marks:
            # The mark is on the attendee's own row: the booking's updatedAt stays.
            booking.attendee.absent = marks[booking.attendee.email.lower()]
        self.world.save(booking)
        if marks:
            self.announce("BOOKING_NO_SHOW_UPDATED", booking, None)
        return booking

    def _check_can_move(self, old: Booking) -> None:
        if old.rescheduled_to_uid:
            raise ApiError(
                400,
                f"Can't reschedule booking with uid={old.uid} because it has been cancelled and rescheduled "
                f"already to booking with uid={old.rescheduled_to_uid}.",
            )
        if old.status in {"cancelled", "rejected"} and not old.asks_to_reschedule:
            raise ApiError(400, f"Can't reschedule booking with uid={old.uid} because it has been cancelled already.")
        if old.end < self.world.now():
            raise ApiError(400, f"Can't reschedule booking with uid={old.uid} because it is in the past.")

    def _insert(
        self,
        kind: EventType,
        visit: Span,
        attendee: Attendee,
        *,
        metadata: dict[str, str] | None = None,
        earlier: Booking | None = None,
        confirmed: bool = False,
    ) -> Booking:
        world = self.world
        host_id = host_for(world, kind, visit, ignore_uid=earlier.uid if earlier else None)
        number = world.store.next_id("booking")
        now = world.now()
        attendee.absent = False
        booking = Booking(
            id=number,
            uid=world.new_uid(number),
            event_type_id=kind.id,
            host_id=host_id,
            title=f"{kind.title} between {world.users[host_id].name or 'Nameless'} and {attendee.name}",
            start=visit.start,
            end=visit.end,
            status="pending" if kind.needs_confirmation and not confirmed else "accepted",
            attendee=attendee,
            metadata=dict(earlier.metadata) if earlier else metadata or {},
            rescheduled_from_uid=earlier.uid if earlier else None,
            sequence=earlier.sequence + 1 if earlier else 0,
            created_at=now,
            updated_at=now,
        )
        world.bookings[booking.uid] = booking
        world.save(booking)
        return booking

    def _pending(self, uid: str, verb: str) -> Booking:
        booking = self.world.booking(uid)
        if booking.status != "pending":
            raise ApiError(400, f"Can't {verb} booking with uid={uid}: it is not pending.")
        return booking

    def _change(self, booking: Booking, status: Status) -> None:
        booking.status = status
        booking.sequence += 1
        booking.updated_at = self.world.now()
        self.world.save(booking)


def sms_email(phone: str) -> str:
    """The address Cal.com makes up for a person who has only a phone."""
    return f"{phone.removeprefix('+')}@sms.cal.com"


def _attendee(body: AttendeeBody) -> Attendee:
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
