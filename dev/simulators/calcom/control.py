"""The simulator's control surface under /_simulator/: for tests and demonstrations, not part of Cal.com."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, JsonValue, TypeAdapter

from dev.simulators.calcom import outputs
from dev.simulators.calcom.bookings import sms_email
from dev.simulators.calcom.calls import Call, Reply, Route
from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.events import Event
from dev.simulators.calcom.inputs import Body, Instant, Metadata, RescheduleBody, Zone
from dev.simulators.calcom.people import update_schedule
from dev.simulators.calcom.records import Attendee, Booking, Delivery, Status, Team
from dev.simulators.calcom.world import World


class TeamImport(Body):
    id: int
    name: str = "Team"


class UserImport(Body):
    email: str
    name: str
    time_zone: Zone = "Europe/London"


class AttendeeImport(Body):
    name: str
    email: str | None = None
    phone_number: str | None = None
    time_zone: str = "Europe/London"


class Happening(Body):
    """What comes about in Cal.com without a call: `uid` names the booking of all but PING.

    `start` is where a booker moves to, on the page that Cal.com gives them.
    """

    trigger: Literal["MEETING_STARTED", "MEETING_ENDED", "REQUEST_RESCHEDULE", "BOOKER_MOVES", "PING"]
    uid: str = ""
    reason: str = ""
    start: Instant | None = None
    # The team's admin who asks for another time; else the host does.
    asker_email: str = ""


class Permissions(Body):
    """What the vendor, or the organisation's owner, allows."""

    admin_api: bool = True
    marks: bool = True


class BookingImport(Body):
    """A booking that is simply there: no rule is asked and no webhook is sent."""

    uid: str
    id: int | None = None
    event_type_id: int
    start: Instant
    end: Instant | None = None
    status: Status = "accepted"
    # One of the two: several have a seat each.
    attendee: AttendeeImport | None = None
    seats: list[AttendeeImport] = []
    guests: list[AttendeeImport] = []
    metadata: Metadata = Field(default_factory=dict)
    rescheduled_from_uid: str | None = None
    rescheduled_to_uid: str | None = None
    recurring_booking_uid: str | None = None
    cancellation_reason: str | None = None
    absent: bool = False
    created_at: Instant | None = None
    updated_at: Instant | None = None


IMPORTS = TypeAdapter(list[BookingImport])


def show_state(call: Call) -> Reply:
    world = call.world
    lists: dict[str, list[JsonValue]] = {
        "users": [outputs.org_user(world, row) for row in world.users.values()],
        "teams": [row.model_dump(mode="json") for row in world.teams.values()],
        "schedules": [outputs.schedule(world, row) for row in world.schedules.values()],
        "event_types": [outputs.event_type(world, row) for row in world.event_types.values()],
        "bookings": [outputs.booking(world, row) for row in sorted(world.bookings.values(), key=lambda row: row.id)],
        "webhooks": [outputs.webhook(world, row) for row in world.webhooks.values()],
        "time_off": [outputs.time_off(row) for row in world.time_off.values()],
        "deliveries": [_delivery(row) for row in world.deliveries.values()],
    }
    counts: JsonValue = {name: len(rows) for name, rows in lists.items()}
    return Reply({"counts": counts, **lists})


def _delivery(row: Delivery) -> JsonValue:
    return {
        "id": row.id,
        "trigger": row.trigger,
        "url": row.url,
        "state": row.state,
        "attempts": row.attempts,
        "last_status": row.last_status,
        "body": row.body,
    }


def reset(call: Call) -> Reply:
    call.world.reset()
    return Reply(has_data=False)


def add_team(call: Call) -> Reply:
    body = call.input(TeamImport)
    team = Team(id=body.id, name=body.name)
    call.world.teams[team.id] = team
    call.world.save(team)
    return Reply(team.model_dump(mode="json"))


def add_user(call: Call) -> Reply:
    """A member with a name, which the API itself takes none of."""
    body = call.input(UserImport)
    username = body.email.partition("@")[0]
    user = call.world.add_user(email=body.email, username=username, time_zone=body.time_zone, name=body.name)
    return Reply(outputs.org_user(call.world, user))


def happen(call: Call) -> Reply:
    body = call.input(Happening)
    if body.trigger == "REQUEST_RESCHEDULE":
        asker = next((user for user in call.world.users.values() if user.email == body.asker_email), None)
        call.bookings.ask_to_reschedule(body.uid, body.reason, asker=asker)
    elif body.trigger == "BOOKER_MOVES" and body.start is not None:
        moved = call.bookings.booker_moves(body.uid, RescheduleBody(start=body.start))
        return Reply(outputs.booking(call.world, moved))
    elif body.trigger == "PING":
        call.bookings.ping()
    else:
        call.bookings.announce(Event(body.trigger, call.world.booking(body.uid)))
    return Reply(has_data=False)


def permit(call: Call) -> Reply:
    body = call.input(Permissions)
    call.world.has_admin_api, call.world.allows_marks = body.admin_api, body.marks
    return Reply(body.model_dump(mode="json"))


def import_bookings(call: Call) -> Reply:
    world = call.world
    rows = [_imported(world, item) for item in IMPORTS.validate_python(call.body)]
    world.store.raise_counter("booking", max((row.id for row in rows), default=0))
    world.save_all(rows)
    world.bookings.update((row.uid, row) for row in rows)
    return Reply({"imported": len(rows)})


def _imported(world: World, item: BookingImport) -> Booking:
    kind = world.event_type(item.event_type_id)
    if not kind.host_ids:
        raise ApiError(422, "There are no hosts for this event type.")
    seated = [item.attendee] if item.attendee else item.seats
    if not seated:
        raise ApiError(400, f"Nobody comes to the booking with uid={item.uid}.")
    created_at = item.created_at or world.now()
    return Booking(
        id=item.id or world.store.next_id("booking"),
        uid=item.uid,
        event_type_id=kind.id,
        host_id=kind.host_ids[0],
        title=f"{kind.title} with {seated[0].name}",
        start=item.start,
        end=item.end or item.start + timedelta(minutes=kind.length_minutes),
        status=item.status,
        attendees=[_person(world, item, person) for person in [*seated, *item.guests]],
        metadata=dict(item.metadata),
        rescheduled_from_uid=item.rescheduled_from_uid,
        rescheduled_to_uid=item.rescheduled_to_uid,
        recurring_uid=item.recurring_booking_uid,
        cancellation_reason=item.cancellation_reason,
        created_at=created_at,
        updated_at=item.updated_at or created_at,
    )


def _person(world: World, item: BookingImport, person: AttendeeImport) -> Attendee:
    return Attendee(
        name=person.name,
        email=person.email or sms_email(person.phone_number or ""),
        time_zone=person.time_zone,
        phone=person.phone_number,
        absent=item.absent and person not in item.guests,
        seat_uid=None if item.attendee else world.new_seat_uid(),
    )


ROUTES = [
    Route("GET", "/_simulator/state", show_state, key="optional"),
    Route("POST", "/_simulator/reset", reset, key="optional"),
    Route("POST", "/_simulator/teams", add_team, 201, key="optional"),
    Route("POST", "/_simulator/users", add_user, 201, key="optional"),
    Route("POST", "/_simulator/events", happen, 201, key="optional"),
    Route("PUT", "/_simulator/permissions", permit, key="optional"),
    # As a person edits hours in Cal.com itself.
    Route("PATCH", "/_simulator/users/<int:user_id>/schedules/<int:schedule_id>", update_schedule, key="optional"),
    Route("POST", "/_simulator/bookings", import_bookings, 201, key="optional"),
]
