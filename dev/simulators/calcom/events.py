"""The bodies of the simulator's webhooks, in payload version 2021-10-20."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from dev.simulators.calcom.outputs import Json, in_no_order, iso
from dev.simulators.calcom.records import Attendee, Booking, User
from dev.simulators.calcom.world import World

WEEKLY = 2


@dataclass(frozen=True, slots=True)
class Event:
    """What has come about.

    `earlier` is the booking it replaces; `seat` is whose seat alone it is about; `people` are who was marked; `asker`
    wants another time. A series cancelled from here on is told as if it were none.
    """

    trigger: str
    booking: Booking
    earlier: Booking | None = None
    seat: Attendee | None = None
    people: tuple[Attendee, ...] = ()
    asker: User | None = None
    is_from_here_on: bool = False


def event_body(world: World, event: Event) -> Json:
    """What a subscriber is posted."""
    trigger, booking = event.trigger, event.booking
    if trigger in {"MEETING_STARTED", "MEETING_ENDED"}:
        return {"triggerEvent": trigger} | _row(world, booking)
    payload = (
        _no_show(booking, event.people)
        if trigger == "BOOKING_NO_SHOW_UPDATED"
        else _booking(world, event) | _extras(event) | _seat(world, event)
    )
    if trigger == "BOOKING_CANCELLED" and event.seat is not None:
        del payload["bookingId"]
    return {"triggerEvent": trigger, "createdAt": iso(world.now()), "payload": payload}


def ping_body(world: World) -> Json:
    """What the test button of Cal.com sends: no booking, no uid."""
    now = iso(world.now())
    person: Json = {"name": "Jane Doe", "email": "jdoe@example.com", "timeZone": "Europe/London"}
    payload: Json = {
        "type": "Test",
        "title": "Test trigger event",
        "description": "",
        "startTime": now,
        "endTime": now,
        "attendees": [person | {"language": {"locale": "en"}}],
        "organizer": {"name": "Cal", "email": "", "timeZone": "Europe/London", "language": {"locale": "en"}},
    }
    return {"triggerEvent": "PING", "createdAt": now, "payload": payload}


def _row(world: World, booking: Booking) -> Json:
    # The booking's bare row, without the envelope's payload: `createdAt` is the booking's own.
    user = world.users[booking.host_id]
    return {
        "id": booking.id,
        "uid": booking.uid,
        "userId": user.id,
        "userPrimaryEmail": user.email,
        "eventTypeId": booking.event_type_id,
        "title": booking.title,
        "responses": _responses(booking.booker, is_closing=False),
        "startTime": iso(booking.start),
        "endTime": iso(booking.end),
        "createdAt": iso(booking.created_at),
        "updatedAt": iso(booking.updated_at) if booking.updated_at is not None else None,
        "status": booking.status.upper(),
        "cancellationReason": booking.cancellation_reason,
        "fromReschedule": booking.rescheduled_from_uid,
        "metadata": dict(booking.metadata),
        "noShowHost": booking.host_absent,
        "user": {
            "email": user.email,
            "name": user.name,
            "timeZone": user.time_zone,
            "username": user.username,
        },
        "attendees": [_attendee_row(booking, person) for person in booking.attendees],
    }


def _attendee_row(booking: Booking, person: Attendee) -> Json:
    row: Json = {"id": booking.id, "bookingId": booking.id, "name": person.name, "email": person.email}
    return row | {"timeZone": person.time_zone, "phoneNumber": person.phone, "noShow": person.absent}


def _booking(world: World, event: Event) -> Json:
    trigger, booking = event.trigger, event.booking
    kind = world.event_types[booking.event_type_id]
    is_closing = trigger in {"BOOKING_CANCELLED", "BOOKING_REJECTED"}
    told: Json = {
        "bookerUrl": "https://app.example.com",
        "type": kind.slug,
        "title": booking.title,
        "customInputs": {},
        "startTime": _spelled(booking.start, trigger),
        "endTime": _spelled(booking.end, trigger),
        "length": kind.length_minutes,
        "eventTypeId": kind.id,
        "eventTitle": kind.title,
        "eventDescription": "",
        "requiresConfirmation": kind.needs_confirmation,
        "price": 0,
        "currency": "usd",
        "uid": booking.uid,
        "bookingId": booking.id,
        "status": booking.status.upper(),
        "organizer": _organizer(world, booking, event.asker),
        "attendees": [_attendee(person, booking.start) for person in in_no_order(world, booking)],
        "team": {"id": kind.team_id, "name": world.teams[kind.team_id].name, "members": []}
        if kind.team_id in world.teams
        else None,
        "schedulingType": {"collective": "COLLECTIVE", "roundRobin": "ROUND_ROBIN"}.get(kind.scheduling_type),
        "responses": _responses(booking.booker, is_closing=is_closing),
        "userFieldsResponses": {},
        "location": booking.location,
        "destinationCalendar": [],
        "iCalUID": f"{booking.uid}@Cal.com",
        "iCalSequence": booking.sequence,
        "seatsPerTimeSlot": kind.seats,
        "organizationId": world.org_id,
        "oneTimePassword": None,
    }
    return told | ({} if event.is_from_here_on else _series(world, booking))


def _series(world: World, booking: Booking) -> Json:
    if booking.recurring_uid is None:
        return {}
    count = len(world.series(booking.recurring_uid))
    return {"recurringEvent": {"freq": WEEKLY, "count": count, "interval": 1}}


def _seat(world: World, event: Event) -> Json:
    """What differs where one seat is meant."""
    person = event.seat
    if person is None:
        return {}
    if event.trigger == "BOOKING_CANCELLED":
        # It says so though the visit stays, and does not name the seat.
        return {"status": "CANCELLED", "attendees": [_attendee(person, event.booking.start)]}
    if event.earlier is not None and world.random.random() < 0.5:
        # By the code path it is the seat that was moved, or the booking, as if all of it were.
        return {}
    named: Json = {"attendeeSeatId": person.seat_uid}
    return named | ({"rescheduleUid": person.seat_uid} if event.earlier else {})


def _extras(event: Event) -> Json:
    trigger, booking, earlier = event.trigger, event.booking, event.earlier
    # Cancellations and rejections carry no metadata: our reference cannot be read from them.
    if trigger == "BOOKING_CANCELLED":
        if event.seat is not None:
            return {}
        closing: Json = {"cancellationReason": booking.cancellation_reason, "requestReschedule": False}
        if booking.asks_to_reschedule:
            reason = f"Please reschedule. {booking.cancellation_reason or ''}".strip()
            closing = {"cancellationReason": reason, "requestReschedule": True}
        return closing | ({"cancelledBy": booking.cancelled_by} if booking.cancelled_by else {})
    if trigger == "BOOKING_REJECTED":
        return {"rejectionReason": booking.rejection_reason}
    extras: Json = {"metadata": dict(booking.metadata)}
    if earlier is None:
        return extras
    moved: Json = {
        "rescheduleId": earlier.id,
        "rescheduleUid": earlier.uid,
        "rescheduleStartTime": _spelled(earlier.start, trigger),
        "rescheduleEndTime": _spelled(earlier.end, trigger),
    }
    by: Json = {"rescheduledBy": booking.rescheduled_by} if booking.rescheduled_by else {}
    return extras | moved | by


def _no_show(booking: Booking, people: tuple[Attendee, ...]) -> Json:
    how = "marked" if any(person.absent for person in people) else "unmarked"
    return {
        "message": f"{', '.join(person.email for person in people)} {how} as no-show",
        "attendees": [{"email": person.email, "noShow": person.absent} for person in people],
        "bookingUid": booking.uid,
        "bookingId": booking.id,
    }


def _organizer(world: World, booking: Booking, asker: User | None) -> Json:
    """Whoever asks for another time is named as the organizer, at the host's address."""
    user = world.users[booking.host_id]
    named = asker or user
    return {
        "id": named.id,
        "name": named.name or "Nameless",
        "email": user.email,
        "username": user.username,
        "usernameInOrg": user.username,
        "timeZone": user.time_zone,
        "language": {"locale": "en"},
        "timeFormat": "h:mma",
        "utcOffset": _offset_minutes(user.time_zone, booking.start),
    }


def _attendee(person: Attendee, at: datetime) -> Json:
    return {
        "email": person.email,
        "name": person.name,
        "firstName": person.name.partition(" ")[0],
        "lastName": person.name.partition(" ")[2],
        "timeZone": person.time_zone,
        "phoneNumber": person.phone,
        "language": {"locale": person.language},
        "utcOffset": _offset_minutes(person.time_zone, at),
    }


def _responses(person: Attendee | None, *, is_closing: bool) -> JsonValue:
    if person is None:
        return {}

    def response(label: str, value: str | None) -> Json:
        shown: Json = {"label": label} | ({} if is_closing else {"isHidden": False})
        return shown | ({"value": value} if value is not None else {})

    return {
        "name": response("name" if is_closing else "your_name", person.name),
        "email": response("email" if is_closing else "email_address", person.email),
        "attendeePhoneNumber": response("phone_number", person.phone),
    }


def _spelled(at: datetime, trigger: str) -> str:
    # Cal.com writes the same instant in three ways, by the code path that sends it.
    if trigger == "BOOKING_REJECTED":
        return iso(at)
    plain = at.astimezone(UTC).isoformat(timespec="seconds")
    return plain if trigger == "BOOKING_CANCELLED" else plain.replace("+00:00", "Z")


def _offset_minutes(zone: str, at: datetime) -> int:
    offset = at.astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds() // 60) if offset is not None else 0
