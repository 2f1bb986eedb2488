"""What Cal.com holds is looked at once a day; an edit made there is shown, and stays until somebody decides."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts.models import AccessEvent
from hospitals.models import DoctorAvailability, Hospital
from integrations.admin.cal_pages import sides_of
from integrations.calcom.api.requests import ScheduleInput
from integrations.calcom.api.responses import ScheduleOverride, ScheduleWindow
from integrations.calcom.schedules.publisher import CalcomSchedules, push_next_schedule, push_ours
from integrations.calcom.setup.link_check import ask_for_check, check_links
from integrations.models import CalLink
from tests.cast import HospitalCast
from tests.integrations.calcom.clinic import TEAM_ID, call, next_call
from tests.integrations.calcom.conftest import Connected

pytestmark = pytest.mark.django_db

EDITED = "The hours were changed in Cal.com. Patients book by what is there until ours are sent again."
OURS = [("Monday", "09:00", "12:00")]


def edit_there(connected: Connected, *windows: tuple[str, str, str], override: str = "") -> None:
    """As a person does in Cal.com itself."""
    link = connected.link
    week = [ScheduleWindow(days=(day,), start_time=start, end_time=end) for day, start, end in windows]
    dates = [ScheduleOverride(date=override, start_time="00:00", end_time="00:00")] if override else []
    edited = ScheduleInput("Europe/Vienna", week, dates, name="Wardbook hours")
    connected.client.update_user_schedule(link.cal_user_id or 0, link.cal_schedule_id or 0, edited)


def there(connected: Connected) -> list[tuple[str, str, str]]:
    link = connected.link
    schedule = connected.client.get_user_schedule(link.cal_user_id or 0, link.cal_schedule_id or 0)
    return sorted((day, one.start_time, one.end_time) for one in schedule.availability for day in one.days)


def check(connected: Connected) -> CalLink:
    ask_for_check(connected.link, by=None)
    assert check_links(at=timezone.now()) == 1
    return CalLink.objects.get()


def text(connected: Connected) -> tuple[bool, str]:
    state = CalcomSchedules().state(connected.doctor.pk)
    return state.is_in_step, state.text


def push() -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=10), tick=False):
        while push_next_schedule():
            pass


def test_each_link_is_looked_at_once_a_day(connected: Connected) -> None:
    now = timezone.now()
    assert check_links(at=now) == 0
    assert check_links(at=now + dt.timedelta(hours=20)) == 1
    assert check_links(at=now + dt.timedelta(hours=20)) == 0
    assert text(connected) == (True, "Cal.com shows these hours.")


def test_an_edit_there_is_shown_and_not_overwritten(connected: Connected) -> None:
    edit_there(connected, ("Monday", "09:00", "12:00"), ("Friday", "08:00", "23:59"), override="2050-09-05")
    link = check(connected)
    assert (link.drift, link.is_sent, link.is_in_step) == ("edited", True, False)
    assert text(connected) == (False, EDITED)
    assert push_next_schedule() is False
    assert there(connected) == [("Friday", "08:00", "23:59"), ("Monday", "09:00", "12:00")]
    sides = sides_of(CalLink.objects.get(), at=timezone.now())
    assert sides is not None
    assert [(row.name, row.ours, row.theirs) for row in sides.week if row.differs] == [
        ("Friday", ("closed",), ("08:00–midnight",))
    ]
    assert [(row.name, row.ours, row.theirs, row.differs) for row in sides.dates] == [
        ("Mon 5 Sep 2050", ("09:00–12:00", "as every week"), ("closed",), True)
    ]


def test_seen_again_it_keeps_its_first_moment(connected: Connected) -> None:
    edit_there(connected)
    first = check(connected).differs_since
    with time_machine.travel(timezone.now() + dt.timedelta(days=1), tick=False):
        assert check(connected).differs_since == first


def test_pushing_ours_sends_at_once_and_is_on_record(connected: Connected, north: HospitalCast) -> None:
    edit_there(connected)
    check(connected)
    push_ours(doctor=connected.doctor, by=north.admin, at=timezone.now())
    assert text(connected) == (False, "On the way to Cal.com.")
    assert push_next_schedule() is True
    assert there(connected) == OURS
    assert text(connected) == (True, "Cal.com shows these hours.")
    link = CalLink.objects.get()
    assert (link.drift, link.differs_since) == (None, None)
    event = AccessEvent.objects.get()
    assert (event.action, event.actor_id, event.hospital_id) == (
        "pushed_hours",
        north.admin.pk,
        north.hospital.pk,
    )


def test_hours_that_change_here_win(connected: Connected) -> None:
    edit_there(connected)
    check(connected)
    DoctorAvailability.objects.create(doctor=connected.doctor, day_of_week=3, start_time="14:00", end_time="16:00")
    CalcomSchedules().want(connected.doctor.pk)
    push()
    assert there(connected) == [*OURS, ("Wednesday", "14:00", "16:00")]
    assert text(connected) == (True, "Cal.com shows these hours.")


def test_an_edit_undone_there_is_forgotten(connected: Connected) -> None:
    edit_there(connected)
    check(connected)
    edit_there(connected, ("Monday", "09:00", "12:00"))
    assert check(connected).drift is None


def test_hours_that_another_program_changed_here_are_sent(connected: Connected) -> None:
    DoctorAvailability.objects.update(end_time="11:00")
    link = check(connected)
    assert (link.drift, link.is_sent) == (None, False)
    push()
    assert there(connected) == [("Monday", "09:00", "11:00")]


def test_what_is_over_is_no_difference(connected: Connected) -> None:
    edit_there(connected, ("Monday", "09:00", "12:00"), override="2020-01-06")
    assert check(connected).drift is None


def test_a_push_that_reads_back_otherwise_is_tried_three_times_then_shown(connected: Connected) -> None:
    link = CalLink.objects.get()
    DoctorAvailability.objects.update(end_time="11:00")
    CalcomSchedules().want(connected.doctor.pk)
    now = timezone.now() + dt.timedelta(minutes=1)
    for minutes in (0, 1, 3):
        with time_machine.travel(now + dt.timedelta(minutes=minutes), tick=False):
            next_call(connected.simulator, "PATCH /v2/organizations/*/schedules/*", "ignore")
            assert push_next_schedule() is True
    link.refresh_from_db()
    assert (link.drift, link.is_sent, link.failures) == ("read_back", True, 0)
    assert text(connected) == (False, "Cal.com took the hours but shows something else.")
    with time_machine.travel(now + dt.timedelta(hours=2), tick=False):
        assert push_next_schedule() is False
        assert check(connected).drift == "read_back"


def test_a_schedule_gone_from_cal_says_so_and_connecting_again_mends_it(connected: Connected) -> None:
    link = connected.link
    connected.client.delete_user_schedule(link.cal_user_id or 0, link.cal_schedule_id or 0)
    assert check(connected).problem == "schedule_gone"
    assert text(connected) == (False, "The doctor's schedule is gone from Cal.com. Connect again.")


@pytest.mark.parametrize(
    ("path", "problem"),
    [("teams/7/event-types/{event_type}", "event_type_gone"), ("users/{user}", "user_gone")],
)
def test_what_is_removed_there_says_so(connected: Connected, path: str, problem: str) -> None:
    link = connected.link
    address = path.format(event_type=link.cal_event_type_id, user=link.cal_user_id)
    org = connected.simulator.config.org_id
    assert call(connected.simulator, "DELETE", f"/v2/organizations/{org}/{address}").ok
    assert check(connected).problem == problem
    assert not CalLink.objects.get().is_bookable


def test_another_host_there_says_so(connected: Connected) -> None:
    org, link = connected.simulator.config.org_id, connected.link
    other = connected.client.create_org_user(email="other@north.test", name="Other", time_zone="UTC")
    connected.client.add_team_member(TEAM_ID, other.id)
    path = f"/v2/organizations/{org}/teams/{TEAM_ID}/event-types/{link.cal_event_type_id}"
    assert call(connected.simulator, "PATCH", path, {"hosts": [{"userId": other.id}]}).ok
    assert check(connected).problem == "other_host"


def test_without_a_zone_only_what_is_gone_counts(connected: Connected) -> None:
    edit_there(connected)
    Hospital.objects.update(time_zone=None)
    assert check(connected).drift is None


def test_no_calls_left_leaves_the_rest_due(connected: Connected) -> None:
    ask_for_check(connected.link, by=None)
    next_call(connected.simulator, "GET /v2/organizations/*/schedules/*", "429")
    assert check_links(at=timezone.now()) == 0
    assert CalLink.objects.get().checked_at is None
