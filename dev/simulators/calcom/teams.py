"""Simulated operations on a team: who is in it, its event types as they change, and what goes away."""

from __future__ import annotations

from dev.simulators.calcom import outputs
from dev.simulators.calcom.calls import Call, Reply, Route, page
from dev.simulators.calcom.errors import ApiError
from dev.simulators.calcom.inputs import EventTypePatch, HostBody, MembershipBody
from dev.simulators.calcom.outputs import Json
from dev.simulators.calcom.records import EventType, Membership, Team, User
from dev.simulators.calcom.world import World


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


ORG = "/v2/organizations/<int:org_id>"
MEMBERS = f"{ORG}/teams/<int:team_id>/memberships"
EVENT_TYPE = f"{ORG}/teams/<int:team_id>/event-types/<int:event_type_id>"

ROUTES = [
    Route("GET", MEMBERS, list_members),
    Route("POST", MEMBERS, add_member, 201),
    Route("PATCH", EVENT_TYPE, update_event_type),
    Route("DELETE", EVENT_TYPE, delete_event_type),
    Route("DELETE", f"{ORG}/users/<int:user_id>", delete_user),
]
