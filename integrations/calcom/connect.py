"""Connects a doctor to Cal.com: user, schedule, event type. Every step can be run again after a failure."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from hospitals.models import Doctor, Hospital
from integrations.calcom.client import CalcomClient
from integrations.calcom.errors import CalcomRefused
from integrations.calcom.inputs import EventTypeInput, ScheduleInput
from integrations.calcom.lookups import retry_unknown_doctor_lookups
from integrations.calcom.payloads import EventType, OrgUser, Schedule
from integrations.calcom.processing import retry_unknown_doctors
from integrations.calcom.schedule_plan import SCHEDULE_NAME, schedule_hash
from integrations.calcom.schedules import desired_schedule
from integrations.models import CalLink


class CannotConnect(Exception):
    """Something on our side is missing first; `code` names it, the text says what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def connect_doctor(doctor_id: uuid.UUID, client: CalcomClient) -> CalLink:
    """Find or create what the doctor needs in Cal.com and store the link. Makes 3 to 7 calls.

    Raises: CannotConnect, and whatever the client raises.
    """
    doctor = Doctor.objects.select_related("user__profile", "hospital").get(pk=doctor_id)
    team_id, wanted = _requirements(doctor)
    user = _user(doctor, client)
    _join_team(team_id, user, client)
    schedule = _schedule(user, wanted, client)
    event_type = _event_type(doctor, team_id, user, schedule, client)
    with transaction.atomic():
        link, _ = CalLink.objects.update_or_create(
            doctor=doctor,
            defaults={
                "cal_user_id": user.id,
                "cal_schedule_id": schedule.id,
                "cal_event_type_id": event_type.id,
                "wanted_hash": schedule_hash(wanted),
                "pushed_hash": schedule_hash(schedule),
                "pushed_at": timezone.now(),
            },
        )
        retry_unknown_doctors(at=timezone.now())
        retry_unknown_doctor_lookups(at=timezone.now())
    return link


def _requirements(doctor: Doctor) -> tuple[int, ScheduleInput]:
    wanted = desired_schedule(doctor.pk)
    if wanted is None:
        raise CannotConnect("no_time_zone", "Set the hospital's time zone first.")
    if doctor.hospital.cal_team_id is None:
        raise CannotConnect("no_team", "Set the hospital's Cal.com team first.")
    if not doctor.user.email:
        raise CannotConnect("no_email", "The doctor needs an email address first.")
    return doctor.hospital.cal_team_id, wanted


def _user(doctor: Doctor, client: CalcomClient) -> OrgUser:
    email: str = doctor.user.email or ""
    # Checked here: a list has been known to ignore its filter.
    for user in client.list_org_users(emails=[email]):
        if user.email.lower() == email.lower():
            return user
    zone = doctor.hospital.time_zone or "UTC"
    return client.create_org_user(email=email, name=doctor.full_name, time_zone=zone)


def _join_team(team_id: int, user: OrgUser, client: CalcomClient) -> None:
    """Cal.com takes only the team's own members as hosts."""
    try:
        client.add_team_member(team_id, user.id)
    except CalcomRefused as refusal:
        if not refusal.is_conflict:
            raise


def _schedule(user: OrgUser, wanted: ScheduleInput, client: CalcomClient) -> Schedule:
    for schedule in client.list_user_schedules(user.id):
        if schedule.name == SCHEDULE_NAME:
            return schedule
    return client.create_user_schedule(user.id, wanted)


def _event_type(doctor: Doctor, team_id: int, user: OrgUser, schedule: Schedule, client: CalcomClient) -> EventType:
    slug = f"visit-{str(doctor.pk)[:8]}"
    for event_type in client.list_team_event_types(team_id):
        if event_type.slug == slug:
            return event_type
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
