from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Patient, Role
from clinical.agenda.hospital_week import Week, hospital_week, visits_by_day, week_of
from hospitals.models import Doctor, DoctorTimeOff
from tests.cast import HospitalCast, make_staff
from tests.clinical.records import make_visit

VIENNA = ZoneInfo("Europe/Vienna")
# Clocks go back on the Sunday of this week.
WEEK = Week(dt.date(2026, 10, 19), VIENNA)
HOUR = dt.timedelta(hours=1)


def at(day: int, hour: int) -> dt.datetime:
    return dt.datetime(2026, 10, day, hour, tzinfo=VIENNA)


def test_a_week_begins_on_monday() -> None:
    assert week_of(dt.date(2026, 10, 25), VIENNA) == WEEK
    assert (WEEK.previous, WEEK.next, WEEK.last) == (
        dt.date(2026, 10, 12),
        dt.date(2026, 10, 26),
        dt.date(2026, 10, 25),
    )
    assert WEEK.end - WEEK.start == dt.timedelta(days=7)
    assert (WEEK.end.astimezone(dt.UTC) - WEEK.start.astimezone(dt.UTC)) == dt.timedelta(days=7, hours=1)


def test_the_hospitals_week_counts_visits_by_doctor_and_day(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    make_visit(patient, north.doctor, at(19, 0))
    make_visit(patient, north.doctor, at(19, 23))
    make_visit(patient, north.doctor, at(19, 12), status="CANCELLED")
    make_visit(patient, north.doctor, at(25, 23), minutes=30)
    make_visit(None, north.doctor, at(25, 23) + HOUR / 4)
    make_visit(patient, north.doctor, at(18, 23))
    make_visit(patient, north.doctor, at(26, 0))
    make_visit(patient, south.doctor, at(20, 9))
    DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=at(20, 0), ends_at=at(22, 0))
    [row] = hospital_week(north.admin, WEEK).rows
    assert row.doctor == north.doctor
    assert [(cell.visits, cell.cancelled, cell.overlaps) for cell in row.cells] == [
        (2, 1, 0),
        *[(0, 0, 0)] * 5,
        (2, 0, 1),
    ]
    assert (row.cells[0].first, row.cells[0].last) == (at(19, 0), at(19, 23) + HOUR / 2)
    assert [cell.is_off for cell in row.cells] == [False, True, True, False, False, False, False]


def test_a_doctor_who_left_is_shown_while_there_are_visits(north: HospitalCast, patient: Patient) -> None:
    north.doctor.user.is_active = False
    north.doctor.user.save()
    assert hospital_week(north.admin, WEEK).rows == []
    make_visit(patient, north.doctor, at(20, 9))
    assert [row.doctor for row in hospital_week(north.admin, WEEK).rows] == [north.doctor]


def test_a_doctors_week_has_each_visit_on_its_day(north: HospitalCast, patient: Patient) -> None:
    second = make_visit(patient, north.doctor, at(20, 9) + HOUR / 4)
    first = make_visit(None, north.doctor, at(20, 9))
    late = make_visit(patient, north.doctor, at(25, 23), status="CANCELLED")
    off = DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=at(25, 9), ends_at=at(25, 10))
    days = visits_by_day(north.admin, north.doctor, WEEK, at=WEEK.start)
    assert [one.visit.pk for day in days for one in day.visits] == [first.pk, second.pk, late.pk]
    assert [len(day.visits) for day in days] == [0, 2, 0, 0, 0, 0, 1]
    assert days[6].time_off == [off]


@pytest.mark.parametrize("count", [2, 20])
def test_a_week_takes_as_many_queries_for_twenty_as_for_two(north: HospitalCast, patient: Patient, count: int) -> None:
    for number in range(count):
        user = make_staff(north.hospital, Role.DOCTOR, f"d{number}@north.test", f"Doctor {number}")
        doctor = Doctor.objects.create(user=user, hospital=north.hospital)
        make_visit(patient, doctor, at(20, 9))
        make_visit(patient, north.doctor, at(20, 0) + number * HOUR)
        DoctorTimeOff.objects.create(doctor=doctor, starts_at=at(20, 9), ends_at=at(20, 10))
    with CaptureQueriesContext(connection) as queries:
        assert [row.doctor.full_name for row in hospital_week(north.admin, WEEK).rows]
    assert len(queries) == 4
    with CaptureQueriesContext(connection) as queries:
        days = visits_by_day(north.admin, north.doctor, WEEK, at=WEEK.start)
        assert [one.name for day in days for one in day.visits]
    assert len(queries) == 2
