from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import AccessEvent, Patient
from clinical.agenda.doctor_week import Item, doctor_week
from hospitals.models import DoctorAvailability, DoctorTimeOff
from tests.cast import HospitalCast, make_patient
from tests.clinical.conftest import SignedIn
from tests.clinical.records import make_visit

# Wednesday, 11:00 in Vienna.
NOW = dt.datetime(2026, 3, 4, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
POLL = {"HX-Request": "true", "X-Poll": "1"}
WEEK_QUERIES = 5


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


def lines(north: HospitalCast, date: dt.date) -> list[list[str]]:
    """Each day's lines: from, to, kind, name or reason, state."""
    week = doctor_week(user=north.doctor.user, date=date, at=NOW)
    return [[line(one) for one in day.items] for day in week.days]


def line(item: Item) -> str:
    said = f"{item.heading.name} {item.heading.state}" if item.heading else item.note
    return f"{item.starts:%H:%M}-{item.ends:%H:%M} {item.kind} {said}".rstrip()


@pytest.mark.parametrize("count", [2, 20])
@time_machine.travel(NOW, tick=False)
def test_the_week_costs_the_same_however_full(
    count: int, browser: Client, north: HospitalCast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        patient = make_patient(f"4366000{number:05d}", f"Patient {number}")
        make_visit(patient, north.doctor, NOW + DAY * (number % 4) + dt.timedelta(minutes=30 * number))
        DoctorTimeOff.objects.create(
            doctor=north.doctor, starts_at=NOW + DAY * (number % 4), ends_at=NOW + DAY * (number % 4 + 1)
        )
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time=dt.time(9), end_time=dt.time(17))
    with django_assert_num_queries(WEEK_QUERIES):
        page = browser.get("/staff/doctor/week/")
    assert page.content.count(b"visit-booked") + page.content.count(b"visit-now") == count
    assert not AccessEvent.objects.exists()


def test_each_day_has_its_visits_gaps_and_time_off(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    for day in (1, 2, 3):
        DoctorAvailability.objects.create(
            doctor=north.doctor, day_of_week=day, start_time=dt.time(9), end_time=dt.time(12)
        )
    monday = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    make_visit(patient, north.doctor, monday, status="COMPLETED")
    make_visit(None, north.doctor, monday + DAY, guest_name="Gus", cal_status="cancelled", status="CANCELLED")
    make_visit(None, north.doctor, monday + 6 * DAY + dt.timedelta(hours=13, minutes=30), guest_name="Night owl")
    make_visit(patient, north.doctor, monday + 7 * DAY)
    make_visit(patient, south.doctor, monday)
    DoctorTimeOff.objects.create(
        doctor=north.doctor, starts_at=monday + 2 * DAY, ends_at=monday + 3 * DAY, reason="Teaching"
    )
    assert lines(north, dt.date(2026, 3, 8)) == [
        ["09:00-10:00 free", "10:00-10:30 visit Paula Patient completed", "10:30-12:00 free"],
        ["09:00-12:00 free", "10:00-10:30 visit Gus cancelled"],
        ["09:00-10:00 free", "10:00-00:00 off Teaching"],
        ["00:00-10:00 off Teaching"],
        [],
        [],
        ["23:30-00:00 visit Night owl booked"],
    ]


def test_a_week_in_which_clocks_change(north: HospitalCast, patient: Patient) -> None:
    # Sunday 29 March has 23 hours in Vienna.
    late = dt.datetime(2026, 3, 29, 21, 45, tzinfo=dt.UTC)
    make_visit(patient, north.doctor, late)
    make_visit(patient, north.doctor, late + dt.timedelta(minutes=15))
    assert lines(north, dt.date(2026, 3, 23))[6] == ["23:45-00:00 visit Paula Patient booked"]
    assert lines(north, dt.date(2026, 3, 30))[0] == ["00:00-00:30 visit Paula Patient booked"]


@time_machine.travel(NOW, tick=False)
def test_the_week_leads_to_its_days_and_to_other_weeks(browser: Client) -> None:
    page = browser.get("/staff/doctor/week/2026-03-04/").content.decode()
    assert "2 March \N{EN DASH} 8 March" in page
    assert "No working hours and no appointments in this week." in page
    assert re.findall(r'/staff/doctor/week/([\d-]+)/"', page) == ["2026-02-23", "2026-03-09", "2026-03-02"]
    assert set(re.findall(r"/staff/doctor/day/([\d-]+)/", page)) == {f"2026-03-0{day}" for day in range(2, 9)}
    assert "/staff/doctor/week/2026-03-04/" in browser.get("/staff/doctor/").content.decode()
    for edge in ("2000-01-03", "2199-12-29"):
        assert browser.get(f"/staff/doctor/week/{edge}/").status_code == 200


@time_machine.travel(NOW, tick=False)
def test_a_poll_that_changed_nothing_is_a_304(browser: Client, north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, NOW)
    address = "/staff/doctor/week/2026-03-02/"
    etag = browser.get(address, headers=POLL).headers["ETag"]
    same = browser.get(address, headers={**POLL, "If-None-Match": etag})
    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize(
    ("kind", "first", "last"), [("day", "2000-01-03", "2199-12-29"), ("week", "2000-01-03", "2199-12-23")]
)
def test_no_link_leads_beyond_the_first_and_the_last_day(kind: str, first: str, last: str, browser: Client) -> None:
    for date, gone in ((first, "prev"), (last, "next")):
        page = browser.get(f"/staff/doctor/{kind}/{date}/").content.decode()
        assert f'rel="{gone}"' not in page
        links = set(re.findall(r'"(/staff/doctor/(?:day|week)/[^"]*)"', page))
        assert {address: browser.get(address).status_code for address in links} == dict.fromkeys(links, 200)
