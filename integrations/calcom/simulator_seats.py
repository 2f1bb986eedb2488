"""Visits of several people, each with a seat, by Cal.com's rules. Callers hold the world's lock."""

from __future__ import annotations

from datetime import datetime, timedelta

from .simulator_availability import Span
from .simulator_bookings import OVER, Bookings, attendee, check_is_live
from .simulator_calendar import host_for
from .simulator_errors import ApiError
from .simulator_events import Event
from .simulator_inputs import BookingBody, RescheduleBody
from .simulator_records import Attendee, Booking, EventType


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
