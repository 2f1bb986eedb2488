"""Connects a doctor to Cal.com: user, team, schedule, event type. Every step can be run again after a failure."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.utils import timezone

from core.times import zone_or_utc
from hospitals.models import Doctor, Hospital
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomRefused
from integrations.calcom.api.requests import EventTypeInput, ScheduleInput
from integrations.calcom.api.responses import EventType, OrgUser, Schedule
from integrations.calcom.inbound.lookups import retry_unknown_doctor_lookups
from integrations.calcom.inbound.processing import retry_unknown_doctors
from integrations.calcom.schedules.event_types import pushed_values, wanted_of, wanted_values
from integrations.calcom.schedules.plan import SCHEDULE_NAME, schedule_hash, shape_of
from integrations.calcom.schedules.publisher import desired_schedule
from integrations.models import CalConnection, CalLink

Step = CalConnection.Step
MEMBERS_PER_PAGE = 250


class CannotConnect(Exception):
    """Something is missing, or not as it must be, that no new try puts right. `code` names it (`texts`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Place:
    """What a doctor has in Cal.com. `is_ours` tells whether the schedule was made for us, by its name."""

    user: OrgUser
    schedule: Schedule
    event_type: EventType
    is_ours: bool = True


def say_nothing(step: Step) -> None:
    del step


def connect_doctor(
    doctor_id: uuid.UUID, client: CalcomClient, *, began: Callable[[Step], None] = say_nothing
) -> CalLink:
    """Find or create what the doctor needs in Cal.com and store the link. Makes 4 to 7 calls.

    `began` is told each step as it begins. Raises: CannotConnect, and whatever the client raises.
    """
    doctor, team_id, wanted = requirements(doctor_id)
    began(Step.USER)
    user = _user(doctor, client)
    began(Step.TEAM)
    _join_team(team_id, user, client)
    began(Step.SCHEDULE)
    schedule = _schedule(user, wanted, client)
    began(Step.EVENT_TYPE)
    event_type = _event_type(doctor, team_id, user, schedule, client)
    began(Step.STORE)
    return store_link(doctor, Place(user, schedule, event_type), wanted)


def requirements(doctor_id: uuid.UUID) -> tuple[Doctor, int, ScheduleInput]:
    """Raises: CannotConnect when something on our side is missing first."""
    doctor = Doctor.objects.select_related("user__profile", "hospital").get(pk=doctor_id)
    wanted = desired_schedule(doctor.pk)
    if not doctor.user.is_active:
        raise CannotConnect("not_active")
    if wanted is None:
        raise CannotConnect("no_time_zone")
    if doctor.hospital.cal_team_id is None:
        raise CannotConnect("no_team")
    if not doctor.user.email:
        raise CannotConnect("no_email")
    return doctor, doctor.hospital.cal_team_id, wanted


def store_link(doctor: Doctor, place: Place, wanted: ScheduleInput) -> CalLink:
    """Keep the ids. A schedule that is not of our making is shown beside ours, and not overwritten until asked for."""
    shown, at = place.schedule, timezone.now()
    is_as_wanted = schedule_hash(shown) == schedule_hash(wanted)
    waits_for_a_person = not place.is_ours and not is_as_wanted
    values = {
        "cal_user_id": place.user.id,
        "cal_schedule_id": shown.id,
        "cal_event_type_id": place.event_type.id,
        "wanted_hash": schedule_hash(wanted),
        "pushed_hash": schedule_hash(wanted if waits_for_a_person else shown),
        "pushed_at": at,
        "next_try_at": None,
        "failures": 0,
        "last_error": None,
        "shown_schedule": shape_of(shown).json(),
        "read_at": at,
        "checked_at": at,
        "drift": CalLink.Drift.EDITED if waits_for_a_person else None,
        "differs_since": at if waits_for_a_person else None,
        "problem": None,
        "event_type_error": None,
        "event_type_next_try_at": None,
        **pushed_values(place.event_type),
    }
    try:
        with transaction.atomic():
            link, _ = CalLink.objects.update_or_create(doctor=doctor, defaults=values)
            retry_unknown_doctors(at=at)
            retry_unknown_doctor_lookups(at=at)
    except IntegrityError:
        refuse_taken(doctor.pk, place.user.id, place.event_type.id)
        raise
    return link


def refuse_taken(doctor_id: uuid.UUID, user_id: int, event_type_id: int) -> None:
    """Raises: CannotConnect when another doctor has one of them."""
    others = CalLink.objects.exclude(pk=doctor_id)
    if others.filter(cal_user_id=user_id).exists():
        raise CannotConnect("user_taken")
    if others.filter(cal_event_type_id=event_type_id).exists():
        raise CannotConnect("event_type_taken")


def _user(doctor: Doctor, client: CalcomClient) -> OrgUser:
    email: str = doctor.user.email or ""
    # Checked here: a list has been known to ignore its filter.
    for user in client.list_org_users(emails=[email]):
        if user.email.lower() == email.lower():
            return user
    zone = zone_or_utc(doctor.hospital.time_zone)
    return client.create_org_user(email=email, name=doctor.full_name, time_zone=zone.key)


def _join_team(team_id: int, user: OrgUser, client: CalcomClient) -> None:
    """Cal.com takes only the team's own members as hosts."""
    try:
        client.add_team_member(team_id, user.id)
    except CalcomRefused as refusal:
        if refusal.is_conflict:
            return
        if refusal.is_not_found or refusal.is_credential_problem or not _is_member(team_id, user, client):
            raise


def _is_member(team_id: int, user: OrgUser, client: CalcomClient) -> bool:
    skip = 0
    while rows := client.list_team_members(team_id, take=MEMBERS_PER_PAGE, skip=skip):
        if any(row.user_id == user.id for row in rows):
            return True
        skip += MEMBERS_PER_PAGE
        if len(rows) < MEMBERS_PER_PAGE:
            return False
    return False


def _schedule(user: OrgUser, wanted: ScheduleInput, client: CalcomClient) -> Schedule:
    for schedule in client.list_user_schedules(user.id):
        if schedule.name == SCHEDULE_NAME:
            return schedule
    return client.create_user_schedule(user.id, wanted)


def _event_type(doctor: Doctor, team_id: int, user: OrgUser, schedule: Schedule, client: CalcomClient) -> EventType:
    slug = f"visit-{str(doctor.pk)[:8]}"
    for event_type in client.list_team_event_types(team_id, slug=slug):
        if event_type.slug == slug:
            return _mended(event_type, doctor.hospital, team_id, user, schedule, client)
    hospital: Hospital = doctor.hospital
    return client.create_team_event_type(
        team_id,
        EventTypeInput(
            length_minutes=hospital.visit_length_minutes,
            title=f"Visit: {doctor.full_name}",
            slug=slug,
            host_ids=[user.id],
            schedule_id=schedule.id,
            after_buffer_minutes=hospital.buffer_minutes,
            minimum_notice_minutes=hospital.booking_notice_minutes,
        ),
    )


def _mended(
    found: EventType, hospital: Hospital, team_id: int, user: OrgUser, schedule: Schedule, client: CalcomClient
) -> EventType:
    """The event type as it must be: another host or schedule stays from a user or schedule that is gone."""
    is_right = [host.user_id for host in found.hosts] == [user.id] and found.schedule_id == schedule.id
    if is_right and pushed_values(found) == wanted_values(hospital):
        return found
    changes = replace(wanted_of(hospital), host_ids=[user.id], schedule_id=schedule.id)
    return client.update_team_event_type(team_id, found.id, changes)
