"""The demo's side in the simulated Cal.com: teams, and doctors with their hours and time off.

Only the simulator is ever written to: a real Cal.com has no control surface to write through.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from dev.demo.absences import Absence
from dev.demo.people import House, Member
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.requests import EventTypeInput, ScheduleInput
from integrations.calcom.schedules.plan import schedule_hash, wanted_schedule
from integrations.calcom.schedules.publisher import PAST_KEPT
from integrations.models import CalLink

TIMEOUT_SECONDS = 20
PROBE_SECONDS = 2
BOOKINGS_AT_ONCE = 500
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(slots=True)
class Calendar:
    """What the simulator gave the demo's doctors; nothing where no simulator runs."""

    links: list[CalLink] = field(default_factory=list)

    @property
    def organizers(self) -> dict[uuid.UUID, int]:
        return {link.doctor_id: link.cal_user_id for link in self.links if link.cal_user_id}

    @property
    def event_types(self) -> dict[uuid.UUID, int]:
        return {link.doctor_id: link.cal_event_type_id for link in self.links if link.cal_event_type_id}


class Simulator:
    def __init__(self, url: str) -> None:
        self._url = url

    def answers(self) -> bool:
        if urlsplit(self._url).hostname not in LOOPBACK:
            return False
        try:
            return requests.get(f"{self._url}/_simulator/state", timeout=PROBE_SECONDS).ok
        except requests.RequestException:
            return False

    def forget_all_but_subscriptions(self, client: CalcomClient) -> None:
        """A database that is empty has no use for the calendar of the one before it."""
        subscriptions = client.list_org_webhooks()
        self._post("reset", {})
        for one in subscriptions:
            client.create_org_webhook(url=one.subscriber_url, secret=one.secret or "", triggers=one.triggers)

    def add_team(self, number: int, name: str) -> None:
        self._post("teams", {"id": number, "name": name})

    def add_user(self, doctor: Member, time_zone: str) -> int:
        named = {"email": doctor.user.email, "name": doctor.profile.full_name, "timeZone": time_zone}
        return int(self._post("users", named)["data"]["id"])

    def import_bookings(self, bookings: Iterable[dict[str, Any]]) -> None:
        rows = list(bookings)
        for first in range(0, len(rows), BOOKINGS_AT_ONCE):
            self._post("bookings", rows[first : first + BOOKINGS_AT_ONCE])

    def _post(self, what: str, body: Any) -> Any:
        answer = requests.post(f"{self._url}/_simulator/{what}", json=body, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()


def running_simulator() -> Simulator | None:
    simulator = Simulator(settings.CALCOM_API_URL)
    return simulator if simulator.answers() else None


def connect(houses: list[House], absences: Sequence[Absence], simulator: Simulator, *, at: dt.datetime) -> Calendar:
    """Give every hospital a team and every doctor a user, a schedule and an event type. Writes no row."""
    client = calcom_client()
    try:
        simulator.forget_all_but_subscriptions(client)
        calendar = Calendar()
        for number, house in enumerate(houses, start=1):
            house.hospital.cal_team_id = number
            simulator.add_team(number, house.hospital.name)
            calendar.links += [
                _connect(doctor, house, _hours(doctor, house, absences, at=at), simulator, client, at=at)
                for doctor in house.doctors
            ]
        return calendar
    finally:
        client.close()


def _connect(
    doctor: Member, house: House, wanted: ScheduleInput, simulator: Simulator, client: CalcomClient, *, at: dt.datetime
) -> CalLink:
    user_id = simulator.add_user(doctor, house.zone.key)
    schedule = client.create_user_schedule(user_id, wanted)
    assert house.hospital.cal_team_id
    client.add_team_member(house.hospital.cal_team_id, user_id)
    event_type = client.create_team_event_type(
        house.hospital.cal_team_id, _event_type(doctor, house, user_id, schedule.id)
    )
    return CalLink(
        doctor_id=doctor.id,
        cal_user_id=user_id,
        cal_schedule_id=schedule.id,
        cal_event_type_id=event_type.id,
        wanted_hash=schedule_hash(wanted),
        pushed_hash=schedule_hash(schedule),
        pushed_at=at,
    )


def _hours(doctor: Member, house: House, absences: Sequence[Absence], *, at: dt.datetime) -> ScheduleInput:
    weekly = [(window.day, window.start, window.end) for window in doctor.windows]
    off = [(one.start, one.end) for one in absences if one.doctor is doctor and one.end > at - PAST_KEPT]
    return wanted_schedule(weekly, off, zone=house.zone, today=at.astimezone(house.zone).date())


def _event_type(doctor: Member, house: House, user_id: int, schedule_id: int) -> EventTypeInput:
    """Named as `integrations.calcom.setup.connect_doctor` names them, which then finds instead of making another."""
    return EventTypeInput(
        length_minutes=house.hospital.visit_length_minutes,
        title=f"Visit: {doctor.profile.full_name}",
        slug=f"visit-{str(doctor.id)[:8]}",
        host_ids=[user_id],
        schedule_id=schedule_id,
        minimum_notice_minutes=house.hospital.booking_notice_minutes,
    )
