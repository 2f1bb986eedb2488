from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AccessEvent
from hospitals.hours.actions import replace_weekly_hours
from hospitals.hours.windows import OverlappingWindows, Window
from hospitals.models import Doctor, DoctorAvailability
from tests.cast import HospitalCast, make_hospital
from tests.hospitals import publishing

MORNING = Window(1, dt.time(8), dt.time(12))
AFTERNOON = Window(1, dt.time(13), dt.time(17))
TUESDAY = Window(2, dt.time(8), dt.time(12))


def plan(doctor: Doctor) -> list[Window]:
    return [Window(row.day_of_week, row.start_time, row.end_time) for row in doctor.availability.all()]


def replace(doctor: Doctor, *windows: Window, north: HospitalCast) -> None:
    replace_weekly_hours(doctor=doctor, windows=windows, by=north.admin, at=timezone.now())


def test_the_new_week_replaces_the_old_one_whole(north: HospitalCast, published: list[uuid.UUID]) -> None:
    replace(north.doctor, MORNING, AFTERNOON, north=north)
    kept = DoctorAvailability.objects.get(start_time=MORNING.start).pk
    replace(north.doctor, TUESDAY, MORNING, north=north)
    assert plan(north.doctor) == [MORNING, TUESDAY]
    assert DoctorAvailability.objects.get(day_of_week=1).pk == kept
    assert published == [north.doctor.pk, north.doctor.pk]


def test_a_change_is_on_record(north: HospitalCast, published: list[uuid.UUID]) -> None:
    replace(north.doctor, MORNING, north=north)
    event = AccessEvent.objects.get()
    assert (event.actor_id, event.action, event.object_kind, event.object_id, event.hospital_id) == (
        north.admin.pk,
        "changed_hours",
        "doctor",
        str(north.doctor.pk),
        north.hospital.pk,
    )


def test_saving_the_same_week_again_does_nothing(north: HospitalCast, published: list[uuid.UUID]) -> None:
    replace(north.doctor, MORNING, north=north)
    replace(north.doctor, MORNING, north=north)
    assert published == [north.doctor.pk]
    assert AccessEvent.objects.count() == 1


def test_no_hours_at_all_is_a_week_too(north: HospitalCast, published: list[uuid.UUID]) -> None:
    replace(north.doctor, MORNING, north=north)
    replace(north.doctor, north=north)
    assert plan(north.doctor) == []
    assert published == [north.doctor.pk, north.doctor.pk]


def test_overlapping_hours_change_nothing(north: HospitalCast, published: list[uuid.UUID]) -> None:
    replace(north.doctor, MORNING, north=north)
    published.clear()
    with pytest.raises(OverlappingWindows):
        replace(north.doctor, TUESDAY, Window(2, dt.time(11), dt.time(13)), north=north)
    assert plan(north.doctor) == [MORNING]
    assert published == []
    assert AccessEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_saves_at_once_leave_one_of_the_two_weeks(published: list[uuid.UUID]) -> None:
    north = make_hospital("North", time_zone="Europe/Vienna")
    weeks = [[MORNING, AFTERNOON], [Window(1, dt.time(9), dt.time(16)), TUESDAY]]
    start, problems = threading.Barrier(len(weeks)), []

    def save(week: list[Window]) -> None:
        try:
            start.wait()
            replace(north.doctor, *week, north=north)
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(week,)) for week in weeks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert plan(north.doctor) in weeks
    assert len(publishing.wanted) == 2
