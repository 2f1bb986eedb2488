"""A doctor's hours reach Cal.com whole, and only when they differ."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from hospitals.models import DoctorAvailability, DoctorTimeOff, Hospital
from integrations.calcom.bookings.provider import CalcomBookings
from integrations.calcom.schedules.event_types import push_next_event_type, wanted_of
from integrations.calcom.schedules.publisher import CalcomSchedules, push_next_schedule
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import CalLink
from tests.integrations.calcom.clinic import next_call
from tests.integrations.calcom.conftest import Connected

pytestmark = pytest.mark.django_db


def shown(connected: Connected) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    link = connected.link
    schedule = connected.client.get_user_schedule(link.cal_user_id or 0, link.cal_schedule_id or 0)
    windows = sorted((day, one.start_time, one.end_time) for one in schedule.availability for day in one.days)
    return windows, sorted((one.date[:10], one.start_time, one.end_time) for one in schedule.overrides)


def push_after_the_delay() -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=10), tick=False):
        while push_next_schedule():
            pass


def test_a_connected_doctor_is_in_step(connected: Connected) -> None:
    assert shown(connected) == ([("Monday", "09:00", "12:00")], [])
    assert CalcomSchedules().state(connected.doctor.pk).is_in_step
    assert push_next_schedule() is False


def test_connecting_again_makes_nothing_new(connected: Connected) -> None:
    again = connect_doctor(connected.doctor.pk, connected.client)
    fields = ("cal_user_id", "cal_schedule_id", "cal_event_type_id")
    assert [getattr(again, field) for field in fields] == [getattr(connected.link, field) for field in fields]


def test_changed_hours_are_pushed_once_after_the_delay(connected: Connected) -> None:
    DoctorAvailability.objects.create(doctor=connected.doctor, day_of_week=2, start_time="22:00", end_time="23:59")
    CalcomSchedules().want(connected.doctor.pk)
    assert push_next_schedule() is False
    assert not CalcomSchedules().state(connected.doctor.pk).is_in_step
    push_after_the_delay()
    assert shown(connected) == ([("Monday", "09:00", "12:00"), ("Tuesday", "22:00", "23:59")], [])
    assert CalcomSchedules().state(connected.doctor.pk).is_in_step


def event_type_hidden(connected: Connected) -> bool:
    team_id = connected.doctor.hospital.cal_team_id or 0
    rows = connected.client.list_team_event_types(team_id)
    return next(row.hidden for row in rows if row.id == connected.link.cal_event_type_id)


def test_a_deactivated_doctors_calendar_is_closed_and_opened_again(connected: Connected) -> None:
    user = connected.doctor.user
    for is_active, windows in [(False, []), (True, [("Monday", "09:00", "12:00")])]:
        User.objects.filter(pk=user.pk).update(is_active=is_active)
        CalcomSchedules().want(user.pk)
        push_after_the_delay()
        assert push_next_event_type() is True
        assert push_next_event_type() is False
        assert (shown(connected), event_type_hidden(connected)) == ((windows, []), not is_active)
        assert CalcomBookings().bookable([user.pk]) == (frozenset([user.pk]) if is_active else frozenset())


def test_an_event_type_that_was_hidden_in_calcom_itself_stays_hidden(connected: Connected) -> None:
    link = connected.link
    changes = replace(wanted_of(connected.doctor.hospital), is_hidden=True)
    team_id = connected.doctor.hospital.cal_team_id or 0
    connected.client.update_team_event_type(team_id, link.cal_event_type_id or 0, changes)
    assert push_next_event_type() is False
    assert event_type_hidden(connected) is True


def test_time_off_becomes_what_is_left_of_its_days(connected: Connected) -> None:
    monday = dt.datetime(2050, 9, 5, tzinfo=dt.UTC)
    # 10:00 to 11:00 in Vienna one week, the whole day the next.
    DoctorTimeOff.objects.create(
        doctor=connected.doctor,
        starts_at=monday + dt.timedelta(hours=8),
        ends_at=monday + dt.timedelta(hours=9),
        is_whole_days=False,
    )
    DoctorTimeOff.objects.create(
        doctor=connected.doctor,
        starts_at=monday + dt.timedelta(days=6, hours=22),
        ends_at=monday + dt.timedelta(days=7, hours=22),
    )
    CalcomSchedules().want(connected.doctor.pk)
    push_after_the_delay()
    assert shown(connected)[1] == [
        ("2050-09-05", "09:00", "10:00"),
        ("2050-09-05", "11:00", "12:00"),
        ("2050-09-12", "12:00", "12:00"),
    ]


def test_a_refused_push_is_tried_again_and_said(connected: Connected) -> None:
    DoctorAvailability.objects.all().delete()
    CalcomSchedules().want(connected.doctor.pk)
    next_call(connected.simulator, "PATCH /v2/organizations/*", "500")
    push_after_the_delay()
    state = CalcomSchedules().state(connected.doctor.pk)
    assert (state.is_in_step, state.text) == (False, "Cal.com did not take the hours yet; trying again.")
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1), tick=False):
        assert push_next_schedule() is True
    assert shown(connected) == ([], [])
    assert CalcomSchedules().state(connected.doctor.pk).is_in_step


def test_many_edits_within_the_delay_make_one_push(connected: Connected, caplog: pytest.LogCaptureFixture) -> None:
    began = timezone.now()
    for second in range(9):
        with time_machine.travel(began + dt.timedelta(seconds=second), tick=False):
            hour = f"{13 + second // 2}:{second % 2 * 30:02}"
            DoctorAvailability.objects.filter(day_of_week=2).delete()
            DoctorAvailability.objects.create(doctor=connected.doctor, day_of_week=2, start_time="08:00", end_time=hour)
            CalcomSchedules().want(connected.doctor.pk)
            assert push_next_schedule() is False
    with time_machine.travel(began + dt.timedelta(seconds=10), tick=False):
        caplog.clear()
        assert push_next_schedule() is True
        assert push_next_schedule() is False
    events: list[Any] = [record.msg for record in caplog.records]
    made = [event["operation"] for event in events if event.get("event") == "calcom.call"]
    assert made == ["update_user_schedule", "get_user_schedule"]
    assert shown(connected)[0] == [("Monday", "09:00", "12:00"), ("Tuesday", "08:00", "17:00")]


@pytest.mark.parametrize("zone", [None, "Mars/Olympus"])
def test_a_hospital_without_a_known_zone_pushes_nothing_and_says_so(zone: str | None, connected: Connected) -> None:
    Hospital.objects.update(time_zone=zone)
    DoctorAvailability.objects.all().delete()
    CalcomSchedules().want(connected.doctor.pk)
    push_after_the_delay()
    assert shown(connected) == ([("Monday", "09:00", "12:00")], [])
    state = CalcomSchedules().state(connected.doctor.pk)
    assert (state.is_in_step, state.text) == (False, "Not sent: the hospital has no time zone.")


def test_a_zone_lost_before_the_push_ends_it(connected: Connected) -> None:
    DoctorAvailability.objects.all().delete()
    CalcomSchedules().want(connected.doctor.pk)
    Hospital.objects.update(time_zone=None)
    push_after_the_delay()
    assert shown(connected) == ([("Monday", "09:00", "12:00")], [])
    assert CalLink.objects.get().wanted_hash is None
