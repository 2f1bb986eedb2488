"""Simulated operations on who works here and when, and on a team: who is in it, and what goes away."""

from __future__ import annotations

from dev.simulators.calcom import outputs
from dev.simulators.calcom.calls import SCHEDULES_VERSION, Call, Reply, Route, page
from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.inputs import (
    EventTypePatch,
    HostBody,
    MembershipBody,
    ScheduleBody,
    SchedulePatch,
    UserBody,
    WindowBody,
)
from dev.simulators.calcom.outputs import Json
from dev.simulators.calcom.records import EventType, Membership, Override, Schedule, Team, User, Window
from dev.simulators.calcom.world import World

WORKDAYS = WindowBody.model_validate(
    {
        "days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
        "startTime": "09:00",
        "endTime": "17:00",
    }
)
ORG = "/v2/organizations/<int:org_id>"
USER = f"{ORG}/users/<int:user_id>"
ONE = "<int:schedule_id>"
MEMBERS = f"{ORG}/teams/<int:team_id>/memberships"
EVENT_TYPE = f"{ORG}/teams/<int:team_id>/event-types/<int:event_type_id>"


def me(call: Call) -> Reply:
    return Reply(outputs.me(call.world))


def list_users(call: Call) -> Reply:
    # Exactly as they are written, and they are stored in lower case.
    emails = {email for email in call.query.get("emails", "").split(",") if email}
    users = [user for user in call.world.users.values() if not emails or user.email in emails]
    return page(call, [outputs.org_user(call.world, user) for user in users], default=1000, highest=1000)


def create_user(call: Call) -> Reply:
    body = call.input(UserBody)
    username = body.username or body.email.partition("@")[0]
    user = call.world.add_user(email=body.email, username=username, time_zone=body.time_zone)
    return Reply(outputs.org_user(call.world, user))


def list_org_schedules(call: Call) -> Reply:
    return page(call, [outputs.schedule(call.world, item) for item in call.world.schedules.values()])


def list_schedules(call: Call) -> Reply:
    owner = _schedule_owner(call)
    mine = [item for item in call.world.schedules.values() if item.owner_id == owner.id]
    return Reply([outputs.schedule(call.world, item) for item in mine])


def create_schedule(call: Call) -> Reply:
    world, owner, body = call.world, _schedule_owner(call), call.input(ScheduleBody)
    schedule = Schedule(
        id=world.store.next_id("schedule"),
        owner_id=owner.id,
        name=body.name,
        time_zone=body.time_zone,
        windows=[],
        overrides=[],
    )
    world.schedules[schedule.id] = schedule
    if body.availability is None:
        body.availability = [WORKDAYS]
    return _patched(call, schedule, owner, body)


def get_schedule(call: Call) -> Reply:
    return Reply(outputs.schedule(call.world, _schedule(call)))


def get_default_schedule(call: Call) -> Reply:
    schedule = call.world.schedules.get(_schedule_owner(call).default_schedule_id or 0)
    if schedule is None:
        raise ApiError(404, "User has no default schedule.")
    return Reply(outputs.schedule(call.world, schedule))


def update_schedule(call: Call) -> Reply:
    return _patched(call, _schedule(call), _schedule_owner(call), call.input(SchedulePatch))


def delete_schedule(call: Call) -> Reply:
    schedule, owner = _schedule(call, missing=400), _schedule_owner(call)
    del call.world.schedules[schedule.id]
    call.world.store.remove(Schedule, [f"{schedule.id:012d}"])
    if owner.default_schedule_id == schedule.id:
        owner.default_schedule_id = None
        call.world.save(owner)
    return Reply(has_data=False)


def _patched(call: Call, schedule: Schedule, owner: User, body: SchedulePatch) -> Reply:
    schedule.name = body.name or schedule.name
    schedule.time_zone = body.time_zone or schedule.time_zone
    if body.availability is not None:
        schedule.windows = [
            Window(days=list(window.days), start=window.start_time, end=window.end_time) for window in body.availability
        ]
    if body.overrides is not None:
        schedule.overrides = [
            Override(day=entry.date, start=entry.start_time, end=entry.end_time) for entry in body.overrides
        ]
    if body.is_default:
        owner.default_schedule_id = schedule.id
    call.world.save(schedule, owner)
    return Reply(outputs.schedule(call.world, schedule))


def _schedule_owner(call: Call) -> User:
    return call.world.user(call.number("user_id")) if "user_id" in call.ids else call.world.owner


def _schedule(call: Call, *, missing: int = 404) -> Schedule:
    owner, number = _schedule_owner(call), call.number("schedule_id")
    schedule = call.world.schedules.get(number)
    if schedule is None:
        raise ApiError(missing, f"Schedule with ID={number} does not exist.")
    if schedule.owner_id != owner.id:
        raise ApiError(403, f"User with ID={owner.id} does not own schedule with ID={number}")
    return schedule


ROUTES = [
    Route("GET", "/v2/me", me),
    Route("GET", f"{ORG}/users", list_users),
    Route("POST", f"{ORG}/users", create_user, 201),
    Route("GET", f"{ORG}/schedules", list_org_schedules),
    Route("POST", f"{USER}/schedules", create_schedule, 201),
    Route("GET", f"{USER}/schedules", list_schedules),
    Route("GET", f"{USER}/schedules/{ONE}", get_schedule),
    Route("PATCH", f"{USER}/schedules/{ONE}", update_schedule),
    Route("DELETE", f"{USER}/schedules/{ONE}", delete_schedule),
    Route("POST", "/v2/schedules", create_schedule, 201, SCHEDULES_VERSION),
    Route("GET", "/v2/schedules", list_schedules, 200, SCHEDULES_VERSION),
    Route("GET", "/v2/schedules/default", get_default_schedule, 200, SCHEDULES_VERSION),
    Route("GET", f"/v2/schedules/{ONE}", get_schedule, 200, SCHEDULES_VERSION),
    Route("PATCH", f"/v2/schedules/{ONE}", update_schedule, 200, SCHEDULES_VERSION),
    Route("DELETE", f"/v2/schedules/{ONE}", delete_schedule, 200, SCHEDULES_VERSION),
]


def list_members(call: Call) -> Reply:
    team = call.world.team(call.number("team_id"))
    return page(call, [_shown(call.world, row) for row in call.world.members_of(team)])


def add_member(call: Call) -> Reply:
    world, body = call.world, call.input(MembershipBody)
    team = world.team(call.number("team_id"))
    if body.user_id not in world.users:
        raise ApiError(422, "User is not part of the Organization")
    if any(row.user_id == body.user_id for row in world.members_of(team)):
        raise ApiError(409, "There was a conflict with the existing data.")
    row = Membership(
        id=world.store.next_id("membership"),
        team_id=team.id,
        user_id=body.user_id,
        accepted=body.accepted,
        role=body.role,
    )
    world.memberships[row.id] = row
    world.save(row)
    return Reply(_shown(world, row))


def update_event_type(call: Call) -> Reply:
    world, body = call.world, call.input(EventTypePatch)
    kind = _event_type(call)
    hosts = None if body.hosts is None else hosts_of_team(world, world.team(kind.team_id), body.hosts)
    given = {
        "length_minutes": body.length_in_minutes,
        "title": body.title,
        "slug": body.slug,
        "host_ids": hosts,
        "schedule_id": body.schedule_id,
        "before_buffer_minutes": body.before_event_buffer,
        "after_buffer_minutes": body.after_event_buffer,
        "notice_minutes": body.minimum_booking_notice,
        "hidden": body.hidden,
        "shows_optimized_slots": body.show_optimized_slots,
    }
    for name, value in given.items():
        if value is not None:
            setattr(kind, name, value)
    world.save(kind)
    return Reply(outputs.event_type(world, kind))


def delete_event_type(call: Call) -> Reply:
    kind = _event_type(call)
    del call.world.event_types[kind.id]
    call.world.store.remove(EventType, [f"{kind.id:012d}"])
    return Reply({"id": kind.id, "title": kind.title})


def delete_user(call: Call) -> Reply:
    """Out of the organisation, and with it out of its teams and event types."""
    world = call.world
    user = world.user(call.number("user_id"))
    shown = outputs.org_user(world, user)
    gone = [row for row in world.memberships.values() if row.user_id == user.id]
    for row in gone:
        del world.memberships[row.id]
    world.store.remove(Membership, [f"{row.id:012d}" for row in gone])
    for kind in world.event_types.values():
        kind.host_ids = [host for host in kind.host_ids if host != user.id]
    world.save_all(world.event_types.values())
    del world.users[user.id]
    world.store.remove(User, [f"{user.id:012d}"])
    return Reply(shown)


def hosts_of_team(world: World, team: Team, hosts: list[HostBody]) -> list[int]:
    """Raises: ApiError for a host who is no member of the team, as Cal.com does."""
    members = {row.user_id for row in world.members_of(team)}
    strangers = [str(host.user_id) for host in hosts if host.user_id not in members]
    if strangers:
        raise ApiError(404, f"Invalid hosts: {', '.join(strangers)} are not members of team with id {team.id}.")
    return [host.user_id for host in hosts]


def _event_type(call: Call) -> EventType:
    team, number = call.world.team(call.number("team_id")), call.number("event_type_id")
    kind = call.world.event_types.get(number)
    if kind is None or kind.team_id != team.id:
        raise ApiError(404, f"Event type with id {number} not found")
    return kind


def _shown(world: World, row: Membership) -> Json:
    user = world.users[row.user_id]
    return {
        "id": row.id,
        "userId": row.user_id,
        "teamId": row.team_id,
        "accepted": row.accepted,
        "role": row.role,
        "disableImpersonation": False,
        "user": {
            "avatarUrl": None,
            "username": user.username,
            "name": user.name,
            "email": user.email,
            "bio": None,
            "metadata": {},
        },
    }


TEAM_ROUTES = [
    Route("GET", MEMBERS, list_members),
    Route("POST", MEMBERS, add_member, 201),
    Route("PATCH", EVENT_TYPE, update_event_type),
    Route("DELETE", EVENT_TYPE, delete_event_type),
    Route("DELETE", f"{ORG}/users/<int:user_id>", delete_user),
]
