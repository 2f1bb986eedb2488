"""A doctor's Cal.com page: both sides of the hours, and the buttons, which leave work and make no call."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessEvent, User
from hospitals.models import Doctor, DoctorAvailability, Hospital
from integrations.calcom.facts.people import note_absence
from integrations.calcom.schedules.plan import schedule_hash, shape_of
from integrations.calcom.schedules.publisher import desired_schedule
from integrations.models import CalConnection, CalLink
from tests.cast import HospitalCast

pytestmark = pytest.mark.usefixtures("published")


@pytest.fixture(autouse=True)
def no_call() -> Iterator[None]:
    """A web process asks Cal.com nothing: any call would fail here."""
    with responses.RequestsMock():
        yield


@pytest.fixture
def operator_client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create(email="operator@wardbook.test", is_superuser=True))
    return client


@pytest.fixture
def link(north: HospitalCast) -> CalLink:
    """Connected, with Monday hours here; in Cal.com somebody moved them to Friday and closed a date."""
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time="09:00", end_time="12:00")
    wanted = desired_schedule(north.doctor.pk)
    assert wanted
    shown: Any = shape_of(wanted).json()
    shown["week"] = {"5": [["20:00", "23:59"]]}
    shown["dates"] = {"2050-09-05": []}
    return CalLink.objects.create(
        doctor=north.doctor,
        cal_user_id=11,
        cal_schedule_id=12,
        cal_event_type_id=13,
        wanted_hash=schedule_hash(wanted),
        pushed_hash=schedule_hash(wanted),
        pushed_at=timezone.now(),
        shown_schedule=shown,
        read_at=timezone.now(),
        drift=CalLink.Drift.EDITED,
        differs_since=timezone.now(),
    )


def address(doctor: Doctor, page: str = "doctor") -> str:
    return reverse(f"admin:integrations_callink_{page}", args=[doctor.pk])


def cells(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    texts = [
        [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]
    return [[" ".join(text.split()) for text in row] for row in texts]


@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/New_York", "Pacific/Auckland"])
def test_an_absence_is_shown_with_its_own_days(admin_client: Client, link: CalLink, zone: str) -> None:
    Hospital.objects.update(time_zone=zone)
    days = dt.date(2050, 1, 5), dt.date(2050, 1, 7)
    note_absence(11, first=days[0], last=days[1], told_at=timezone.now())
    page = admin_client.get(address(link.doctor)).content.decode()
    listed = admin_client.get(reverse("admin:integrations_callink_changelist")).content.decode()
    assert "<dd>5 Jan 2050 &ndash; 7 Jan 2050</dd>" in page
    assert "5 Jan 2050 to 7 Jan 2050, not in the hours here" in listed


def test_both_sides_are_shown_with_the_differences(admin_client: Client, link: CalLink) -> None:
    page = admin_client.get(address(link.doctor)).content.decode()
    rows = cells(page)
    assert ["Monday differs", "09:00–12:00", "closed"] in rows
    assert ["Friday differs", "closed", "20:00–midnight"] in rows
    assert ["Tuesday", "closed", "closed"] in rows
    assert ["Mon 5 Sep 2050 differs", "09:00–12:00 as every week", "closed"] in rows
    assert ["Time zone", "Europe/Vienna", "Europe/Vienna"] in rows
    assert "The hours were changed in Cal.com." in page
    assert "Send our hours to Cal.com" in page
    # A row's own page is the same.
    own = admin_client.get(reverse("admin:integrations_callink_change", args=[link.pk])).content.decode()
    assert cells(own) == rows


def test_push_ours_leaves_work_and_a_line(admin_client: Client, link: CalLink, north: HospitalCast) -> None:
    answer = admin_client.post(address(link.doctor, "push"))
    assert answer.headers["Location"] == address(link.doctor)
    link.refresh_from_db()
    assert (link.is_sent, link.pushed_hash, link.drift) == (False, None, "edited")
    event = AccessEvent.objects.get()
    assert (event.action, event.actor_id, event.object_id) == ("pushed_hours", north.admin.pk, str(north.doctor.pk))
    assert "On the way to Cal.com." in admin_client.get(address(link.doctor)).content.decode()


def test_looking_again_leaves_work(admin_client: Client, link: CalLink) -> None:
    CalLink.objects.update(checked_at=timezone.now())
    assert admin_client.post(address(link.doctor, "look")).status_code == 302
    assert CalLink.objects.get().checked_at is None


def test_a_doctor_without_a_link_can_be_connected(admin_client: Client, north: HospitalCast) -> None:
    assert "Connect to Cal.com" in admin_client.get(address(north.doctor)).content.decode()
    assert admin_client.post(address(north.doctor, "connect")).status_code == 302
    connection = CalConnection.objects.get()
    assert (connection.state, connection.given_user_id) == ("asked", None)
    assert AccessEvent.objects.get().action == "connected_doctor"
    assert "Waiting for its turn." in admin_client.get(address(north.doctor)).content.decode()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "working", "step": "schedule"}, "Being connected, now: the schedule."),
        ({"state": "failed", "reason": "no_team"}, "Not connected. The hospital has no Cal.com team."),
        ({"state": "asked", "reason": "calcom_unavailable"}, "Waits to be tried again: Cal.com did not answer"),
        ({"state": "done", "has_other_email": True}, "Connected. The user in Cal.com has another email"),
    ],
)
def test_how_far_it_is_or_why_not_is_said(
    admin_client: Client, north: HospitalCast, values: dict[str, object], said: str
) -> None:
    CalConnection.objects.create(doctor=north.doctor, **values)
    assert said in admin_client.get(address(north.doctor)).content.decode()


def test_what_is_gone_is_said_and_can_be_connected_again(admin_client: Client, link: CalLink) -> None:
    CalLink.objects.update(problem="event_type_gone")
    page = admin_client.get(address(link.doctor)).content.decode()
    assert "The doctor&#x27;s event type is gone from Cal.com, so patients cannot book. Connect again." in page
    assert "connect again" in admin_client.get(reverse("admin:integrations_callink_changelist")).content.decode()


def test_without_a_zone_nothing_is_compared(admin_client: Client, link: CalLink) -> None:
    Hospital.objects.update(time_zone=None)
    page = admin_client.get(address(link.doctor)).content.decode()
    assert "Not sent: the hospital has no time zone." in page
    assert cells(page) == []


def test_another_hospitals_doctor_is_not_there(admin_client: Client, south: HospitalCast) -> None:
    for page in ("push", "look", "connect"):
        assert admin_client.post(address(south.doctor, page)).headers["Location"] == "/admin/"
    assert admin_client.get(address(south.doctor)).headers["Location"] == "/admin/"
    assert (CalConnection.objects.count(), AccessEvent.objects.count()) == (0, 0)


def test_an_operator_types_numbers_and_a_worker_checks_them(operator_client: Client, north: HospitalCast) -> None:
    typed = {"user_id": "21", "schedule_id": "22", "event_type_id": "23"}
    assert operator_client.post(address(north.doctor, "ids"), typed).headers["Location"] == address(north.doctor)
    connection = CalConnection.objects.get()
    given = (connection.given_user_id, connection.given_schedule_id, connection.given_event_type_id)
    assert (connection.state, given) == ("asked", (21, 22, 23))
    assert not CalLink.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"user_id": "11"}, "This Cal.com user belongs to another doctor here."),
        ({"event_type_id": "13"}, "This event type belongs to another doctor here."),
        ({"schedule_id": "x"}, "Enter a whole number."),
        ({"user_id": "9223372036854775808"}, "At most 9223372036854775807."),
    ],
)
def test_numbers_that_cannot_be_are_refused_beside_their_field(
    operator_client: Client, link: CalLink, south: HospitalCast, change: dict[str, str], said: str
) -> None:
    typed = {"user_id": "21", "schedule_id": "22", "event_type_id": "23"} | change
    page = operator_client.post(address(south.doctor, "ids"), typed).content.decode()
    assert said in page
    assert (CalConnection.objects.count(), AccessEvent.objects.count()) == (0, 0)


def test_all_of_a_hospital_are_asked_for(
    admin_client: Client, operator_client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    page = reverse("admin:integrations_callink_connect_all")
    assert "Dora North" in admin_client.get(page).content.decode()
    assert admin_client.post(page, {"hospital": str(south.hospital.pk)}).status_code == 302
    assert CalConnection.objects.get().doctor_id == north.doctor.pk
    operator_client.post(page, {"hospital": str(south.hospital.pk)})
    assert CalConnection.objects.count() == 2
    shown = operator_client.get(page, {"hospital": str(south.hospital.pk)}).content.decode()
    assert "Dora South" in shown
    assert "Waiting for its turn." in shown


def test_the_list_of_the_unconnected_asks_nothing_per_doctor(
    admin_client: Client, north: HospitalCast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(8):
        page = admin_client.get(reverse("admin:integrations_callink_connect_all"))
    assert page.status_code == 200
    assert "Dora North" in page.content.decode()


def test_hours_in_step_are_said_once(admin_client: Client, link: CalLink) -> None:
    CalLink.objects.update(drift=None, differs_since=None, shown_schedule=None)
    CalLink.objects.update(pushed_length_minutes=30, pushed_buffer_minutes=0, pushed_notice_minutes=60)
    page = admin_client.get(address(link.doctor)).content.decode()
    assert "Cal.com shows these hours." in page
    assert "Cal.com has not been read yet." not in page
    assert "30 min appointment, 0 min pause after, booked at least 60 min ahead" in page
    CalLink.objects.update(pushed_hash="older")
    assert "Cal.com has not been read yet." in admin_client.get(address(link.doctor)).content.decode()
