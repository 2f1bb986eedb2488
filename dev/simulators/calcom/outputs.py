"""The simulator's records as the API prints them."""

from __future__ import annotations

from datetime import UTC, datetime, time

from pydantic import JsonValue

from dev.simulators.calcom.records import Attendee, Booking, EventType, OutOfOffice, Schedule, Team, User, Webhook
from dev.simulators.calcom.world import World

Json = dict[str, JsonValue]


def iso(at: datetime) -> str:
    """`2026-01-02T03:04:05.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(at: time) -> str:
    return at.strftime("%H:%M")


def me(world: World) -> Json:
    owner = world.owner
    return {
        "id": owner.id,
        "username": owner.username,
        "email": owner.email,
        "name": owner.name,
        "avatarUrl": None,
        "bio": None,
        "timeFormat": 12,
        "defaultScheduleId": owner.default_schedule_id,
        "weekStart": "Sunday",
        "timeZone": owner.time_zone,
        "organizationId": world.org_id,
        "organization": {"isPlatform": False, "id": world.org_id},
    }


def org_user(world: World, user: User) -> Json:
    profile: Json = {
        "id": user.id,
        "organizationId": world.org_id,
        "userId": user.id,
        "username": user.username,
    }
    return {
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "email": user.email,
        "emailVerified": None,
        "timeZone": user.time_zone,
        "weekStart": "Sunday",
        "defaultScheduleId": user.default_schedule_id,
        "locale": "en",
        "timeFormat": 12,
        "hideBranding": False,
        "createdDate": iso(user.created_at),
        "metadata": {},
        "profile": profile,
    }


def schedule(world: World, item: Schedule) -> Json:
    owner = world.users.get(item.owner_id)
    return {
        "id": item.id,
        "ownerId": item.owner_id,
        "name": item.name,
        "timeZone": item.time_zone,
        "isDefault": owner is not None and owner.default_schedule_id == item.id,
        "availability": [
            {"days": list(window.days), "startTime": clock(window.start), "endTime": clock(window.end)}
            for window in item.windows
        ],
        "overrides": [
            {"date": entry.day.isoformat(), "startTime": clock(entry.start), "endTime": clock(entry.end)}
            for entry in item.overrides
        ],
    }


def event_type(world: World, item: EventType) -> Json:
    team = world.teams.get(item.team_id, Team(id=item.team_id, name=f"Team {item.team_id}"))
    hosts: list[JsonValue] = [
        {"userId": host, "name": world.users[host].name or "", "mandatory": False, "priority": "medium"}
        for host in item.host_ids
    ]
    return {
        "id": item.id,
        "lengthInMinutes": item.length_minutes,
        "title": item.title,
        "slug": item.slug,
        "description": "",
        "locations": [],
        "bookingFields": item.booking_fields,
        "disableGuests": False,
        "slotInterval": item.slot_interval_minutes,
        "showOptimizedSlots": item.shows_optimized_slots,
        "minimumBookingNotice": item.notice_minutes,
        "beforeEventBuffer": item.before_buffer_minutes,
        "afterEventBuffer": item.after_buffer_minutes,
        "recurrence": {"interval": item.recurs_every_weeks, "frequency": "weekly"} if item.recurs_every_weeks else None,
        **({"seats": _seats(item.seats)} if item.seats else {}),
        "metadata": {},
        "price": 0,
        "currency": "usd",
        "lockTimeZoneToggleOnBookingPage": False,
        "forwardParamsSuccessRedirect": None,
        "successRedirectUrl": None,
        "isInstantEvent": False,
        "scheduleId": item.schedule_id,
        "confirmationPolicy": {"type": "always"} if item.needs_confirmation else {"disabled": True},
        "hidden": item.hidden,
        "bookingRequiresAuthentication": False,
        "teamId": item.team_id,
        "hosts": hosts,
        "assignAllTeamMembers": False,
        "schedulingType": item.scheduling_type,
        "team": _team(team),
    }


def _seats(number: int) -> Json:
    return {"seatsPerTimeSlot": number, "showAttendeeInfo": False, "showAvailabilityCount": False}


def _team(team: Team) -> Json:
    bare = ("bannerUrl", "logoUrl", "brandColor", "darkBrandColor", "theme")
    named: Json = {"id": team.id, "name": team.name, "slug": f"team-{team.id}", "weekStart": "Sunday"}
    return named | dict.fromkeys(bare, "")


def booking(world: World, item: Booking) -> Json:
    kind = world.event_types[item.event_type_id]
    optional: Json = {
        "cancellationReason": item.cancellation_reason,
        "cancelledByEmail": item.cancelled_by,
        "reschedulingReason": item.rescheduling_reason,
        "rescheduledByEmail": item.rescheduled_by,
        "rescheduledFromUid": item.rescheduled_from_uid,
        "rescheduledToUid": item.rescheduled_to_uid,
        "recurringBookingUid": item.recurring_uid,
    }
    always: Json = {
        "id": item.id,
        "uid": item.uid,
        "title": item.title,
        "description": "",
        "hosts": [host(world, item)],
        "status": item.status,
        "start": iso(item.start),
        "end": iso(item.end),
        "duration": int((item.end - item.start).total_seconds() // 60),
        "eventTypeId": kind.id,
        "eventType": {"id": kind.id, "slug": kind.slug},
        "location": item.location,
        "absentHost": item.host_absent,
        "createdAt": iso(item.created_at),
        "updatedAt": iso(item.updated_at) if item.updated_at is not None else None,
        "metadata": dict(item.metadata),
        "icsUid": f"{item.uid}@Cal.com",
        "attendees": [_attendee(person) for person in in_no_order(world, item)],
        "guests": [],
    }
    if kind.seats is None:
        always["bookingFieldsResponses"] = _responses(item.attendees[0])
    return always | {name: value for name, value in optional.items() if value is not None}


def host(world: World, item: Booking) -> Json:
    user = world.users[item.host_id]
    return {
        "id": user.id,
        "name": user.name or "Nameless",
        "email": user.email,
        "displayEmail": user.email,
        "username": user.username,
        "timeZone": user.time_zone,
    }


def in_no_order(world: World, item: Booking) -> list[Attendee]:
    """The booker among the guests, as the database happens to give them."""
    people = list(item.attendees)
    if not any(person.seat_uid for person in people):
        world.random.shuffle(people)
    return people


def _attendee(person: Attendee) -> Json:
    shown: Json = {
        "name": person.name,
        "email": person.email,
        "displayEmail": person.email,
        "timeZone": person.time_zone,
        "language": person.language,
        "absent": person.absent,
    }
    shown |= {"phoneNumber": person.phone} if person.phone else {}
    if person.seat_uid is None:
        return shown
    # Who has a seat has the answers and the metadata of an own booking.
    return shown | {"seatUid": person.seat_uid, "bookingFieldsResponses": _responses(person), "metadata": {}}


def _responses(person: Attendee) -> Json:
    answers: Json = {"name": person.name, "email": person.email}
    return answers | ({"attendeePhoneNumber": person.phone} if person.phone else {})


def webhook(world: World, item: Webhook) -> Json:
    scope: Json = {"teamId": item.org_id} if item.org_id is not None else {}
    shown: Json = {
        "id": item.id,
        "userId": world.owner.id,
        "subscriberUrl": item.url,
        "active": item.active,
        "triggers": list(item.triggers),
        "payloadTemplate": item.template,
        "secret": item.secret,
    }
    return scope | shown


def time_off(item: OutOfOffice) -> Json:
    shown: Json = {
        "id": item.id,
        "uuid": item.uuid,
        "userId": item.user_id,
        "start": iso(item.start),
        "end": iso(item.end),
        "notes": item.notes,
        "reason": item.reason,
    }
    return shown | ({"toUserId": item.to_user_id} if item.to_user_id is not None else {})
