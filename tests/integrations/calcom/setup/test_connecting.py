"""Doctors are connected by a worker: each step once, whatever fails on the way."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import AccessEvent, Role
from dev.simulators.calcom.process import SimulatorProcess
from hospitals.models import Doctor, Hospital
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.schedules.event_types import push_next_event_type
from integrations.calcom.schedules.publisher import CalcomSchedules, push_next_schedule
from integrations.calcom.setup.connect_queue import ask_to_connect, ask_to_connect_all, connect_next_doctor
from integrations.models import CalConnection, CalLink
from tests.cast import HospitalCast, make_staff
from tests.integrations.calcom.clinic import TEAM_ID, call, control, next_call
from tests.integrations.calcom.connections import ORG, ask, there, work

pytestmark = pytest.mark.django_db
# Each write of a connection, in order.
WRITES = {
    "user": f"POST {ORG}/users",
    "team": f"POST {ORG}/memberships",
    "schedule": f"POST {ORG}/schedules",
    "event_type": f"POST {ORG}/event-types",
}


def test_asking_makes_no_call_and_a_worker_connects(ready: HospitalCast, simulator: SimulatorProcess) -> None:
    ask_to_connect(doctor=ready.doctor, by=ready.admin, at=timezone.now())
    assert there(simulator) == {"users": 1, "schedules": 0, "event_types": 0}
    assert CalConnection.objects.get().state == "asked"
    assert AccessEvent.objects.get().action == "connected_doctor"
    connection = work()
    assert (connection.state, connection.reason, connection.step) == ("done", None, None)
    assert there(simulator) == {"users": 2, "schedules": 1, "event_types": 1}
    link = CalLink.objects.get()
    assert (link.is_in_step, link.is_bookable) == (True, True)
    assert (link.pushed_length_minutes, link.pushed_buffer_minutes, link.pushed_notice_minutes) == (30, 0, 60)
    assert link.pushed_optimized_slots is True
    assert push_next_schedule() is False
    assert push_next_event_type() is False


@pytest.mark.parametrize("fault", ["500", "drop", "500_after_commit", "drop_after_commit", "half_body", "429"])
@pytest.mark.parametrize("step", WRITES)
def test_after_a_failure_of_any_step_nothing_is_doubled(
    ready: HospitalCast, simulator: SimulatorProcess, step: str, fault: str
) -> None:
    ask(ready.doctor)
    next_call(simulator, WRITES[step], fault)
    connection = work()
    assert (connection.state, connection.step) == ("asked", step)
    connection = work(minutes=2)
    assert connection.state == "done"
    assert there(simulator) == {"users": 2, "schedules": 1, "event_types": 1}
    assert CalLink.objects.get().is_in_step


def test_what_never_answers_fails_in_the_end_and_can_be_asked_again(
    ready: HospitalCast, simulator: SimulatorProcess
) -> None:
    ask(ready.doctor)
    next_call(simulator, f"POST {ORG}/schedules", "500", times=5)
    for minutes in range(0, 50, 10):
        connection = work(minutes)
    assert (connection.state, connection.reason, connection.step, connection.tries) == (
        "failed",
        "calcom_unavailable",
        "schedule",
        5,
    )
    assert work(minutes=60).state == "failed"
    ask(ready.doctor)
    assert work().state == "done"
    assert there(simulator) == {"users": 2, "schedules": 1, "event_types": 1}


def test_a_worker_that_died_leaves_the_doctor_to_the_next(ready: HospitalCast, simulator: SimulatorProcess) -> None:
    ask(ready.doctor)
    now = timezone.now()
    CalConnection.objects.update(state="working", tries=1, next_try_at=now + dt.timedelta(seconds=90))
    assert work().state == "working"
    assert work(minutes=2).state == "done"


@pytest.mark.parametrize(
    ("missing", "reason"),
    [({"time_zone": None}, "no_time_zone"), ({"cal_team_id": None}, "no_team")],
)
def test_what_is_missing_here_is_said(ready: HospitalCast, missing: dict[str, None], reason: str) -> None:
    Hospital.objects.update(**missing)
    ask(ready.doctor)
    connection = work()
    assert (connection.state, connection.reason) == ("failed", reason)
    assert not CalLink.objects.exists()


def test_all_are_asked_for_once(ready: HospitalCast, simulator: SimulatorProcess) -> None:
    user = make_staff(ready.hospital, Role.DOCTOR, "second@north.test", "Second North")
    Doctor.objects.create(user=user, hospital=ready.hospital, specialty="Surgery")
    ask(ready.doctor)
    doctors = list(Doctor.objects.filter(hospital=ready.hospital).order_by("pk"))
    assert ask_to_connect_all(doctors=doctors, by=ready.admin, at=timezone.now()) == 1
    while connect_next_doctor():
        pass
    assert list(CalConnection.objects.values_list("state", flat=True)) == ["done", "done"]
    assert there(simulator) == {"users": 3, "schedules": 2, "event_types": 2}


def test_connecting_again_mends_what_is_gone(
    ready: HospitalCast, simulator: SimulatorProcess, calcom: CalcomClient
) -> None:
    ask(ready.doctor)
    work()
    link = CalLink.objects.get()
    calcom.delete_user_schedule(link.cal_user_id or 0, link.cal_schedule_id or 0)
    CalLink.objects.update(problem="schedule_gone")
    ask(ready.doctor)
    work()
    after = CalLink.objects.get()
    assert after.problem is None
    assert after.cal_schedule_id != link.cal_schedule_id
    assert after.cal_event_type_id == link.cal_event_type_id
    (event_type,) = calcom.list_team_event_types(TEAM_ID)
    assert event_type.schedule_id == after.cal_schedule_id


def test_the_event_type_follows_the_hospitals_settings(ready: HospitalCast, calcom: CalcomClient) -> None:
    ask(ready.doctor)
    work()
    Hospital.objects.update(visit_length_minutes=45, buffer_minutes=10, booking_notice_minutes=240)
    assert push_next_event_type() is True
    assert push_next_event_type() is False
    (event_type,) = calcom.list_team_event_types(TEAM_ID)
    assert (event_type.length_in_minutes, event_type.after_event_buffer, event_type.minimum_booking_notice) == (
        45,
        10,
        240,
    )


def test_an_event_type_that_is_gone_is_said_and_not_asked_for_again(
    ready: HospitalCast, simulator: SimulatorProcess
) -> None:
    ask(ready.doctor)
    work()
    control(simulator, "POST", "reset")
    control(simulator, "POST", "teams", {"id": TEAM_ID, "name": "North"})
    Hospital.objects.update(visit_length_minutes=45)
    assert push_next_event_type() is True
    assert CalLink.objects.get().problem == "event_type_gone"
    assert push_next_event_type() is False


def test_a_failed_change_of_the_event_type_is_tried_again(ready: HospitalCast, simulator: SimulatorProcess) -> None:
    ask(ready.doctor)
    work()
    Hospital.objects.update(visit_length_minutes=45)
    next_call(simulator, f"PATCH {ORG}/event-types/*", "500")
    assert push_next_event_type() is True
    assert CalLink.objects.get().event_type_error == "calcom_unknown_outcome"
    assert push_next_event_type() is False
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11), tick=False):
        assert push_next_event_type() is True
    link = CalLink.objects.get()
    assert (link.pushed_length_minutes, link.event_type_error) == (45, None)


@pytest.mark.parametrize("before", [None, False])
def test_an_event_type_without_our_grid_gets_it(
    ready: HospitalCast, simulator: SimulatorProcess, before: bool | None
) -> None:
    """None: connected before the grid was kept."""
    ask(ready.doctor)
    work()
    link = CalLink.objects.get()
    kind = f"/v2/organizations/1/teams/{TEAM_ID}/event-types/{link.cal_event_type_id}"
    assert call(simulator, "PATCH", kind, {"showOptimizedSlots": False}).json()["data"]["showOptimizedSlots"] is False
    CalLink.objects.update(pushed_optimized_slots=before)
    assert push_next_event_type() is True
    assert CalLink.objects.get().pushed_optimized_slots is True
    assert call(simulator, "PATCH", kind, {}).json()["data"]["showOptimizedSlots"] is True
    assert push_next_event_type() is False


def test_the_command_says_in_words_what_is_missing(
    ready: HospitalCast, capsys: pytest.CaptureFixture[str], south: HospitalCast
) -> None:
    with pytest.raises(CommandError, match="1 not connected"):
        call_command("calcom_connect")
    told = capsys.readouterr()
    assert told.out == f"{ready.doctor.pk}: connected\n"
    assert "has no Cal.com team. Set its number" in told.err
    assert CalcomSchedules().state(ready.doctor.pk).is_in_step
