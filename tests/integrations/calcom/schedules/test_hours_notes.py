"""What Cal.com makes of the hours otherwise than meant is said beside them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from hospitals.hours.open_hours import WeeklyWindow
from hospitals.models import DoctorAvailability
from integrations.calcom.schedules.clock_changes import misread_hours
from integrations.calcom.schedules.publisher import CalcomSchedules
from tests.cast import HospitalCast
from tests.integrations.calcom.conftest import Connected

BREAK = "on Sundays they end at 23:58, so patients cannot book the last appointment before midnight."


def sunday(opens: str, closes: str) -> WeeklyWindow:
    return 7, dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)


@pytest.mark.parametrize(
    ("zone", "misread"),
    # From the hours 00:00-06:00, 03:00-06:00, 08:00-12:00 (on Saturday), 13:00-18:59 and 20:00-23:59.
    [
        ("Europe/Vienna", {"2027-03-28": ["00:00"], "2027-10-31": ["00:00"]}),
        ("America/New_York", {"2027-03-14": ["00:00", "03:00", "13:00"], "2027-11-07": ["00:00", "03:00", "13:00"]}),
        ("Australia/Sydney", {"2027-04-04": ["00:00"], "2027-10-03": ["00:00"]}),
        ("Asia/Kolkata", {}),
    ],
)
def test_which_hours_are_misread(zone: str, misread: dict[str, list[str]]) -> None:
    weekly = [sunday("00:00", "02:30"), sunday("03:00", "06:00"), sunday("13:00", "18:59"), sunday("20:00", "23:59")]
    found = misread_hours(
        [*weekly, (6, dt.time(8), dt.time(12))], zone=ZoneInfo(zone), today=dt.date(2027, 1, 1), days=365
    )
    assert {f"{day}": [f"{one[1]:%H:%M}" for one in hours] for day, hours in found} == misread


@pytest.mark.django_db
def test_ordinary_hours_need_no_word(connected: Connected) -> None:
    assert CalcomSchedules().state(connected.doctor.pk).notes == []


@pytest.mark.django_db
@time_machine.travel(dt.datetime(2027, 1, 11, 12, tzinfo=dt.UTC), tick=False)
def test_admin_and_doctor_read_it_beside_the_hours(connected: Connected, north: HospitalCast) -> None:
    admin, doctor = Client(), Client()
    admin.force_login(north.admin)
    doctor.force_login(north.doctor.user)
    DoctorAvailability.objects.all().delete()
    DoctorAvailability.objects.bulk_create(
        DoctorAvailability(doctor=connected.doctor, day_of_week=day, start_time="00:00", end_time="23:59")
        for day in range(1, 8)
    )
    clock = "On Sunday 28 March 2027 the clock changes, and the calendar may offer these hours up to an hour off"
    notes = CalcomSchedules().state(connected.doctor.pk).notes
    assert len(notes) == 3
    assert notes[0].endswith(BREAK)
    assert notes[1] == f"{clock}: 00:00–24:00."
    for page in (
        admin.get(reverse("admin:hospitals_doctor_hours", args=[connected.doctor.pk])),
        doctor.get(reverse("staff:doctor-hours")),
    ):
        text = " ".join(page.content.decode().split())
        assert BREAK in text
        assert f"{clock}: 00:00–24:00." in text
