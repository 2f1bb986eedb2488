"""Doctors are connected by a worker: each step once, whatever fails on the way; ids typed in are checked first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AccessEvent, Role
from hospitals.models import Doctor, DoctorAvailability, Hospital
from integrations.calcom.client import CalcomClient
from integrations.calcom.connect import CannotConnect
from integrations.calcom.connecting import ask_to_connect, ask_to_connect_all, connect_next_doctor
from integrations.calcom.event_types import push_next_event_type
from integrations.calcom.given_ids import GivenIds
from integrations.calcom.inputs import EventTypeInput, ScheduleInput
from integrations.calcom.payloads import ScheduleWindow
from integrations.calcom.schedules import CalcomSchedules, push_next_schedule
from integrations.calcom.simulator_process import SimulatorProcess
from integrations.models import CalConnection, CalLink
from tests.cast import HospitalCast, make_staff
from tests.integrations.calcom.clinic import TEAM_ID, control, next_call

pytestmark = pytest.mark.django_db

ORG = "/v2/organizations/*"
# Each write of a connection, in order.
WRITES = {
    "user": f"POST {ORG}/users",
    "team": f"POST {ORG}/memberships",
    "schedule": f"POST {ORG}/schedules",
    "event_type": f"POST {ORG}/event-types",
}


@pytest.fixture
def ready(simulator: SimulatorProcess, north: HospitalCast, settings: Settings) -> HospitalCast:
    """Hospital North with a team in an emptied simulator, its doctor with Monday hours and not connected."""
    settings.CALCOM_API_URL = simulator.url
    settings.CALCOM_API_KEY = simulator.api_key
    control(simulator, "POST", "reset")
    control(simulator, "POST", "teams", {"id": TEAM_ID, "name": "North"})
    Hospital.objects.filter(pk=north.hospital.pk).update(cal_team_id=TEAM_ID)
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time="09:00", end_time="12:00")
    return north


@pytest.fixture
def client(simulator: SimulatorProcess) -> Iterator[CalcomClient]:
    client = CalcomClient(simulator.config)
    yield client
    client.close()


def ask(doctor: Doctor, given: GivenIds | None = None) -> None:
    ask_to_connect(doctor=doctor, given=given, by=None, at=timezone.now())


def work(minutes: int = 0) -> CalConnection:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes), tick=False):
        while connect_next_doctor():
            pass
    return CalConnection.objects.get()


def there(simulator: SimulatorProcess) -> dict[str, int]:
    state: Any = control(simulator, "GET", "state")
    # The owner of the key is a user too.
    return {name: state["counts"][name] for name in ("users", "schedules", "event_types")}


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
    ready: HospitalCast, simulator: SimulatorProcess, client: CalcomClient
) -> None:
    ask(ready.doctor)
    work()
    link = CalLink.objects.get()
    client.delete_user_schedule(link.cal_user_id or 0, link.cal_schedule_id or 0)
    CalLink.objects.update(problem="schedule_gone")
    ask(ready.doctor)
    work()
    after = CalLink.objects.get()
    assert after.problem is None
    assert after.cal_schedule_id != link.cal_schedule_id
    assert after.cal_event_type_id == link.cal_event_type_id
    (event_type,) = client.list_team_event_types(TEAM_ID)
    assert event_type.schedule_id == after.cal_schedule_id


def test_the_event_type_follows_the_hospitals_settings(ready: HospitalCast, client: CalcomClient) -> None:
    ask(ready.doctor)
    work()
    Hospital.objects.update(visit_length_minutes=45, buffer_minutes=10, booking_notice_minutes=240)
    assert push_next_event_type() is True
    assert push_next_event_type() is False
    (event_type,) = client.list_team_event_types(TEAM_ID)
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


@pytest.fixture
def given(ready: HospitalCast, client: CalcomClient) -> GivenIds:
    """What somebody made for the doctor in Cal.com by hand, with other hours than ours."""
    user = client.create_org_user(email=ready.doctor.user.email or "", name="Dora", time_zone="Europe/Vienna")
    client.add_team_member(TEAM_ID, user.id)
    hours = [ScheduleWindow(days=("Tuesday",), start_time="10:00", end_time="11:00")]
    schedule = client.create_user_schedule(user.id, ScheduleInput("Europe/Vienna", hours, name="Mine"))
    kind = client.create_team_event_type(TEAM_ID, EventTypeInput(20, "Visit", "own", [user.id], schedule.id))
    return GivenIds(user.id, schedule.id, kind.id)


def test_ids_that_fit_are_kept_and_the_hours_there_stay_until_somebody_pushes(
    ready: HospitalCast, given: GivenIds, client: CalcomClient
) -> None:
    ask(ready.doctor, given)
    connection = work()
    assert (connection.state, connection.has_other_email) == ("done", False)
    link = CalLink.objects.get()
    assert (link.cal_user_id, link.cal_schedule_id, link.cal_event_type_id) == (
        given.user_id,
        given.schedule_id,
        given.event_type_id,
    )
    assert (link.drift, push_next_schedule()) == ("edited", False)
    assert client.get_user_schedule(given.user_id, given.schedule_id).availability[0].days == ("Tuesday",)
    # Length, buffer and notice follow the hospital's.
    assert push_next_event_type() is True
    assert CalLink.objects.get().pushed_length_minutes == 30


def test_another_email_is_told(ready: HospitalCast, given: GivenIds) -> None:
    user = ready.doctor.user
    user.email = "another@north.test"
    user.save()
    ask(ready.doctor, given)
    assert work().has_other_email is True


@pytest.mark.parametrize(
    ("change", "reason", "step"),
    [
        ({"user_id": 999}, "user_unknown", "user"),
        ({"schedule_id": 999}, "schedule_unknown", "schedule"),
        ({"event_type_id": 999}, "event_type_unknown", "event_type"),
    ],
)
def test_ids_that_cal_does_not_know_are_refused(
    ready: HospitalCast, given: GivenIds, change: dict[str, int], reason: str, step: str
) -> None:
    values = {"user_id": given.user_id, "schedule_id": given.schedule_id, "event_type_id": given.event_type_id}
    ask(ready.doctor, GivenIds(**(values | change)))
    connection = work()
    assert (connection.state, connection.reason, connection.step) == ("failed", reason, step)
    assert not CalLink.objects.exists()


def test_what_belongs_to_another_user_is_refused(ready: HospitalCast, given: GivenIds, client: CalcomClient) -> None:
    other = client.create_org_user(email="other@north.test", name="Other", time_zone="UTC")
    client.add_team_member(TEAM_ID, other.id)
    theirs = client.create_user_schedule(other.id, ScheduleInput("UTC", name="Theirs"))
    shared = EventTypeInput(20, "Both", "both", [given.user_id, other.id], given.schedule_id)
    elsewhere = EventTypeInput(20, "Else", "else", [given.user_id], theirs.id)
    wrong = {
        GivenIds(given.user_id, theirs.id, given.event_type_id): "schedule_of_another",
        GivenIds(
            given.user_id, given.schedule_id, client.create_team_event_type(TEAM_ID, shared).id
        ): "event_type_hosts",
        GivenIds(
            given.user_id, given.schedule_id, client.create_team_event_type(TEAM_ID, elsewhere).id
        ): "event_type_schedule",
    }
    for ids, reason in wrong.items():
        ask(ready.doctor, ids)
        assert work().reason == reason
    assert not CalLink.objects.exists()


def test_ids_of_another_doctor_are_refused_at_once(
    ready: HospitalCast, south: HospitalCast, given: GivenIds, simulator: SimulatorProcess
) -> None:
    CalLink.objects.create(doctor=south.doctor, cal_user_id=given.user_id)
    with pytest.raises(CannotConnect) as refusal:
        ask(ready.doctor, given)
    assert refusal.value.code == "user_taken"
    assert not CalConnection.objects.exists()


def test_a_user_whom_another_doctor_has_meanwhile_is_refused(
    ready: HospitalCast, south: HospitalCast, given: GivenIds
) -> None:
    ask(ready.doctor)
    CalLink.objects.create(doctor=south.doctor, cal_user_id=given.user_id)
    assert work().reason == "user_taken"


def test_the_command_says_in_words_what_is_missing(
    ready: HospitalCast, capsys: pytest.CaptureFixture[str], south: HospitalCast
) -> None:
    with pytest.raises(CommandError, match="1 not connected"):
        call_command("calcom_connect")
    told = capsys.readouterr()
    assert told.out == f"{ready.doctor.pk}: connected\n"
    assert "has no Cal.com team. Set its number" in told.err
    assert CalcomSchedules().state(ready.doctor.pk).is_in_step
