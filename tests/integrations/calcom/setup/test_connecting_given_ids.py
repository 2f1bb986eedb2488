"""Ids typed in are checked before a doctor is connected with them."""

from __future__ import annotations

import pytest

from dev.simulators.calcom.process import SimulatorProcess
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.requests import EventTypeInput, ScheduleInput
from integrations.calcom.api.responses import ScheduleWindow
from integrations.calcom.schedules.event_types import push_next_event_type
from integrations.calcom.schedules.publisher import push_next_schedule
from integrations.calcom.setup.connect_doctor import CannotConnect
from integrations.calcom.setup.connect_queue import GivenIds
from integrations.models import CalConnection, CalLink
from tests.cast import HospitalCast
from tests.integrations.calcom.clinic import TEAM_ID
from tests.integrations.calcom.connections import ask, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def given(ready: HospitalCast, calcom: CalcomClient) -> GivenIds:
    """What somebody made for the doctor in Cal.com by hand, with other hours than ours."""
    user = calcom.create_org_user(email=ready.doctor.user.email or "", name="Dora", time_zone="Europe/Vienna")
    calcom.add_team_member(TEAM_ID, user.id)
    hours = [ScheduleWindow(days=("Tuesday",), start_time="10:00", end_time="11:00")]
    schedule = calcom.create_user_schedule(user.id, ScheduleInput("Europe/Vienna", hours, name="Mine"))
    kind = calcom.create_team_event_type(TEAM_ID, EventTypeInput(20, "Visit", "own", [user.id], schedule.id))
    return GivenIds(user.id, schedule.id, kind.id)


def test_ids_that_fit_are_kept_and_the_hours_there_stay_until_somebody_pushes(
    ready: HospitalCast, given: GivenIds, calcom: CalcomClient
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
    assert calcom.get_user_schedule(given.user_id, given.schedule_id).availability[0].days == ("Tuesday",)
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


def test_what_belongs_to_another_user_is_refused(ready: HospitalCast, given: GivenIds, calcom: CalcomClient) -> None:
    other = calcom.create_org_user(email="other@north.test", name="Other", time_zone="UTC")
    calcom.add_team_member(TEAM_ID, other.id)
    theirs = calcom.create_user_schedule(other.id, ScheduleInput("UTC", name="Theirs"))
    shared = EventTypeInput(20, "Both", "both", [given.user_id, other.id], given.schedule_id)
    elsewhere = EventTypeInput(20, "Else", "else", [given.user_id], theirs.id)
    wrong = {
        GivenIds(given.user_id, theirs.id, given.event_type_id): "schedule_of_another",
        GivenIds(
            given.user_id, given.schedule_id, calcom.create_team_event_type(TEAM_ID, shared).id
        ): "event_type_hosts",
        GivenIds(
            given.user_id, given.schedule_id, calcom.create_team_event_type(TEAM_ID, elsewhere).id
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
