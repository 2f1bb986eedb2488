from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessEvent
from hospitals.hours.actions import TimeOffEndsBeforeStart, TimeOffOver, TimeOffTaken, add_time_off, cancel_time_off
from hospitals.hours.forms import TimeOffForm
from hospitals.models import DoctorTimeOff
from tests.cast import HospitalCast

VIENNA = ZoneInfo("Europe/Vienna")
AT = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def form(**typed: str) -> TimeOffForm:
    return TimeOffForm({f"off-{name}": value for name, value in typed.items()}, zone=VIENNA)


def test_time_off_is_added_published_and_on_record(north: HospitalCast, published: list[uuid.UUID]) -> None:
    end = AT + dt.timedelta(days=1)
    off = add_time_off(
        doctor=north.doctor, starts_at=AT, ends_at=end, is_whole_days=False, reason="course", by=north.admin, at=AT
    )
    stored = DoctorTimeOff.objects.get(pk=off.pk)
    assert (stored.starts_at, stored.ends_at, stored.reason, stored.created_by) == (AT, end, "course", north.admin)
    assert published == [north.doctor.pk]
    assert AccessEvent.objects.get().reason == "time off added"


def test_time_off_that_ends_before_it_starts_is_refused(north: HospitalCast, published: list[uuid.UUID]) -> None:
    with pytest.raises(TimeOffEndsBeforeStart):
        add_time_off(doctor=north.doctor, starts_at=AT, ends_at=AT, is_whole_days=True, by=north.admin, at=AT)
    assert (DoctorTimeOff.objects.count(), AccessEvent.objects.count(), published) == (0, 0, [])


@pytest.mark.parametrize(
    ("days", "refusal"),
    [((-2, -1), TimeOffOver), ((-1, 0), TimeOffOver), ((1, 3), TimeOffTaken), ((2, 3), TimeOffTaken)],
)
def test_time_off_that_is_over_or_there_already_is_refused(
    north: HospitalCast, published: list[uuid.UUID], days: tuple[int, int], refusal: type[Exception]
) -> None:
    def add(first: int, last: int) -> None:
        start, end = AT + first * dt.timedelta(days=1), AT + last * dt.timedelta(days=1)
        add_time_off(doctor=north.doctor, starts_at=start, ends_at=end, is_whole_days=True, by=north.admin, at=AT)

    add(1, 3)
    with pytest.raises(refusal):
        add(*days)
    assert DoctorTimeOff.objects.count() == 1
    add(2, 4)
    assert DoctorTimeOff.objects.count() == 2


@pytest.mark.usefixtures("published")
def test_the_page_says_so_beside_the_first_day_and_removing_asks_first(
    admin_client: Client, north: HospitalCast
) -> None:
    page = admin_client.post(
        reverse("admin:hospitals_doctor_time_off", args=[north.doctor.pk]), {"off-first_day": "2020-01-01"}
    ).content.decode()
    assert '<p class="week-error">This period is already over.</p>' in page
    soon = timezone.now() + dt.timedelta(days=1)
    off = DoctorTimeOff.objects.create(doctor=north.doctor, starts_at=soon, ends_at=soon + dt.timedelta(days=1))
    page = admin_client.get(reverse("admin:hospitals_doctor_hours", args=[north.doctor.pk])).content.decode()
    details = page[page.index('<details class="portal-remove">') :]
    assert details.index("Yes, remove it") < details.index("</details>")
    assert str(off.pk) in details[: details.index("Yes, remove it")]


def test_cancelling_twice_is_cancelling_once(north: HospitalCast, published: list[uuid.UUID]) -> None:
    off = add_time_off(
        doctor=north.doctor,
        starts_at=AT,
        ends_at=AT + dt.timedelta(days=1),
        is_whole_days=True,
        by=north.admin,
        at=AT,
    )
    for _time in range(2):
        cancel_time_off(time_off=DoctorTimeOff(pk=off.pk, doctor=north.doctor), by=north.admin, at=AT)
    assert DoctorTimeOff.objects.count() == 0
    assert published == [north.doctor.pk] * 2
    assert [event.reason for event in AccessEvent.objects.order_by("pk")] == ["time off added", "time off cancelled"]


def test_whole_days_run_from_midnight_to_midnight_of_the_hospital() -> None:
    bound = form(first_day="2026-12-24", last_day="2026-12-26")
    assert bound.is_valid()
    assert bound.cleaned_data["starts_at"] == dt.datetime(2026, 12, 24, tzinfo=VIENNA)
    assert bound.cleaned_data["ends_at"] == dt.datetime(2026, 12, 27, tzinfo=VIENNA)
    assert bound.cleaned_data["is_whole_days"] is True


def test_part_of_a_day_has_times() -> None:
    bound = form(first_day="2026-12-24", start_time="13:00", end_time="15:30")
    assert bound.is_valid()
    assert bound.cleaned_data["starts_at"] == dt.datetime(2026, 12, 24, 13, tzinfo=VIENNA)
    assert bound.cleaned_data["ends_at"] == dt.datetime(2026, 12, 24, 15, 30, tzinfo=VIENNA)
    assert bound.cleaned_data["is_whole_days"] is False


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "first_day"),
        ({"first_day": "2026-12-24", "last_day": "2026-12-23"}, "last_day"),
        ({"first_day": "2026-12-24", "start_time": "15", "end_time": "13"}, "end_time"),
        ({"first_day": "9999-12-31"}, "first_day"),
        ({"first_day": "0001-01-01"}, "first_day"),
        ({"first_day": "2026-12-24", "start_time": "noon"}, "start_time"),
    ],
)
def test_a_mistake_is_told_beside_its_field(typed: dict[str, str], field: str) -> None:
    assert list(form(**typed).errors) == [field]


def test_without_a_zone_days_mean_nothing() -> None:
    bound = TimeOffForm({"off-first_day": "2026-12-24"}, zone=None)
    assert [error.code for error in bound.errors.as_data()["__all__"]] == ["time_zone_missing"]
