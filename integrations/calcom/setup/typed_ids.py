"""Ids of Cal.com that a person typed in: looked at there before they are kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from hospitals.models import Doctor
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomRefused
from integrations.calcom.api.responses import EventType, OrgUser, Schedule
from integrations.calcom.schedules.plan import SCHEDULE_NAME
from integrations.calcom.setup.connect_doctor import (
    CannotConnect,
    Place,
    Step,
    refuse_taken,
    requirements,
    say_nothing,
    store_link,
)
from integrations.models import CalLink

USERS_PER_PAGE = 1000


@dataclass(frozen=True, slots=True)
class GivenIds:
    user_id: int
    schedule_id: int
    event_type_id: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The link that was kept; `has_other_email` is to be told: the Cal.com user may be somebody else's."""

    link: CalLink
    has_other_email: bool


def connect_with_ids(
    doctor_id: uuid.UUID, given: GivenIds, client: CalcomClient, *, began: Callable[[Step], None] = say_nothing
) -> Checked:
    """Check the three against each other and keep them. Makes 3 to 5 calls, none of which writes.

    Raises: CannotConnect with what does not fit, and whatever the client raises.
    """
    doctor, team_id, wanted = requirements(doctor_id)
    refuse_taken(doctor.pk, given.user_id, given.event_type_id)
    began(Step.USER)
    user = _user(doctor, given.user_id, client)
    began(Step.SCHEDULE)
    schedule = _schedule(given, client)
    began(Step.EVENT_TYPE)
    event_type = _event_type(team_id, given, schedule, client)
    began(Step.STORE)
    is_ours = schedule.name == SCHEDULE_NAME
    link = store_link(doctor, Place(user, schedule, event_type, is_ours), wanted)
    return Checked(link, has_other_email=user.email.lower() != (doctor.user.email or "").lower())


def _user(doctor: Doctor, user_id: int, client: CalcomClient) -> OrgUser:
    """By the doctor's email first, which is one row; else among all."""
    for user in client.list_org_users(emails=[doctor.user.email or ""]):
        if user.id == user_id:
            return user
    skip = 0
    while rows := client.list_org_users(take=USERS_PER_PAGE, skip=skip):
        found = next((row for row in rows if row.id == user_id), None)
        if found is not None:
            return found
        skip += USERS_PER_PAGE
        if len(rows) < USERS_PER_PAGE:
            break
    raise CannotConnect("user_unknown")


def _schedule(given: GivenIds, client: CalcomClient) -> Schedule:
    try:
        schedule = client.get_user_schedule(given.user_id, given.schedule_id)
    except CalcomRefused as refusal:
        if refusal.is_not_found:
            raise CannotConnect("schedule_unknown") from None
        if refusal.is_stranger:
            raise CannotConnect("schedule_of_another") from None
        raise
    if schedule.owner_id not in {None, given.user_id}:
        raise CannotConnect("schedule_of_another")
    return schedule


def _event_type(team_id: int, given: GivenIds, schedule: Schedule, client: CalcomClient) -> EventType:
    rows = client.list_team_event_types(team_id)
    found = next((row for row in rows if row.id == given.event_type_id), None)
    if found is None:
        raise CannotConnect("event_type_unknown")
    if found.scheduling_type == "managed":
        raise CannotConnect("event_type_managed")
    if [host.user_id for host in found.hosts] != [given.user_id]:
        raise CannotConnect("event_type_hosts")
    # Without a schedule of its own it reads the host's default.
    reads_it = found.schedule_id == schedule.id or (found.schedule_id is None and schedule.is_default)
    if not reads_it:
        raise CannotConnect("event_type_schedule")
    return found
