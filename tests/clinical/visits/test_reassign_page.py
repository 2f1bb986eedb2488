"""The page on which a doctor's visits are given to colleagues."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Patient, Role
from clinical.models import Appointment, VisitDecision
from hospitals.models import Doctor, DoctorAvailability
from tests.admin.records import book
from tests.api.calendar import Memory
from tests.cast import HospitalCast, make_staff

pytestmark = pytest.mark.usefixtures("published")

# A Monday; 10:00 in Vienna.
AT = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clock(calendar: Memory) -> object:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def colleague(north: HospitalCast) -> Doctor:
    user = make_staff(north.hospital, Role.DOCTOR, "cora@north.test", "Cora North")
    doctor = Doctor.objects.create(user=user, hospital=north.hospital)
    for day in (1, 2):
        DoctorAvailability.objects.create(doctor=doctor, day_of_week=day, start_time="09:00", end_time="18:00")
    return doctor


def address(doctor: Doctor, query: str = "") -> str:
    return f"/admin/clinical/appointment/reassign/{doctor.pk}/{query}"


def shown(client: Client, doctor: Doctor, query: str = "") -> list[uuid.UUID]:
    return [row.heading.visit.pk for row in client.get(address(doctor, query)).context["rows"]]


def test_one_visit_a_day_or_a_period_is_shown(
    admin_client: Client, north: HospitalCast, south: HospitalCast, patient: Patient, colleague: Doctor
) -> None:
    today, tomorrow = book(north, patient, AT + HOUR), book(north, patient, AT + 24 * HOUR)
    book(north, patient, AT - HOUR)
    book(north, patient, AT + 2 * HOUR, status="CANCELLED")
    assert shown(admin_client, north.doctor) == [today.pk]
    assert shown(admin_client, north.doctor, "?from=2026-11-24") == [tomorrow.pk]
    assert shown(admin_client, north.doctor, "?from=2026-11-23&to=2026-11-24") == [today.pk, tomorrow.pk]
    assert shown(admin_client, north.doctor, f"?visit={tomorrow.pk}") == [tomorrow.pk]
    assert shown(admin_client, north.doctor, "?from=x&to=9999-12-31&visit=y") == [today.pk]
    assert admin_client.get(address(south.doctor)).status_code == 302


def test_nothing_is_preselected_and_what_is_chosen_is_asked_for(
    admin_client: Client, north: HospitalCast, patient: Patient, colleague: Doctor, calendar: Memory
) -> None:
    visit, other = book(north, patient, AT + HOUR), book(north, patient, AT + 2 * HOUR)
    page = admin_client.get(address(north.doctor)).content.decode()
    assert page.count(">Cora North</option>") == 2
    assert "selected" not in page[page.index("visit-row") :]
    answer = admin_client.post(address(north.doctor), {f"to-{visit.pk}": ""})
    assert "Choose a colleague for at least one appointment." in answer.content.decode()
    assert not VisitDecision.objects.exists()
    answer = admin_client.post(address(north.doctor), {f"to-{visit.pk}": str(colleague.pk), "reason": "Ill"})
    assert answer.status_code == 302
    decision = VisitDecision.objects.get()
    assert (decision.appointment_id, decision.choice, decision.reason) == (visit.pk, "reassign", "Ill")
    assert calendar.requests[decision.request_id or uuid.uuid4()]["doctor_id"] == colleague.pk
    page = admin_client.get(f"/admin/clinical/appointment/{visit.pk}/change/").content.decode()
    assert "the booking with the colleague is on its way to Cal.com" in page
    calendar.state, calendar.code = "refused", "slot_taken"
    page = admin_client.get(f"/admin/clinical/appointment/{visit.pk}/change/").content.decode()
    assert "it is still with this doctor" in page
    assert "Not given to a colleague" in admin_client.get(answer.headers["Location"]).content.decode()
    assert Appointment.objects.get(pk=other.pk).doctor_id == north.doctor.pk


def test_the_doctors_see_where_it_stands(
    admin_client: Client, north: HospitalCast, patient: Patient, colleague: Doctor, calendar: Memory
) -> None:
    def page_of(doctor: Doctor) -> str:
        browser = Client()
        browser.force_login(doctor.user)
        return browser.get(f"/staff/doctor/visits/{visit.pk}/").content.decode()

    visit = book(north, patient, AT + HOUR)
    admin_client.post(address(north.doctor), {f"to-{visit.pk}": str(colleague.pk)})
    assert "Reassignment to a colleague pending" in page_of(north.doctor)
    assert "Reschedule or cancel" not in page_of(north.doctor)
    calendar.state = "done"
    Appointment.objects.filter(pk=visit.pk).update(doctor=colleague)
    page = page_of(colleague)
    assert "Reassigned to you from a colleague." in page
    assert "Cancelled by staff." not in page


def test_a_colleague_who_is_not_free_any_more_is_refused(
    admin_client: Client, north: HospitalCast, patient: Patient, colleague: Doctor
) -> None:
    visit = book(north, patient, AT + HOUR)
    DoctorAvailability.objects.filter(doctor=colleague).delete()
    page = admin_client.post(address(north.doctor), {f"to-{visit.pk}": str(colleague.pk)}).content.decode()
    assert "A colleague is not free any more" in page
    assert "No colleague is free at this time." in page
    assert not VisitDecision.objects.exists()


def test_one_appointment_leads_back_to_its_page_and_offers_nothing_where_no_colleague_is_free(
    admin_client: Client, north: HospitalCast, patient: Patient, colleague: Doctor
) -> None:
    visit = book(north, patient, AT + HOUR)
    its_page = f"/admin/clinical/appointment/{visit.pk}/change/"
    answer = admin_client.get(address(north.doctor, f"?visit={visit.pk}"))
    page = answer.content.decode()
    assert answer.context["title"] == "Give to a colleague"
    assert "Booked with <strong>Dora North</strong>" in page
    assert f'<a class="portal-button" href="{its_page}">Back</a>' in page
    assert 'name="reason"' in page
    given = admin_client.post(address(north.doctor), {"visit": str(visit.pk), f"to-{visit.pk}": str(colleague.pk)})
    assert given.headers["Location"] == its_page
    DoctorAvailability.objects.filter(doctor=colleague).delete()
    for query in ("", f"?visit={visit.pk}"):
        page = admin_client.get(address(north.doctor, query)).content.decode()
        assert "No colleague is free at this time." in page
        assert 'name="reason"' not in page
        assert "portal-button-main" not in page


def test_where_nothing_is_left_to_give_the_page_says_why(
    admin_client: Client, north: HospitalCast, patient: Patient, colleague: Doctor
) -> None:
    visit = book(north, patient, AT + HOUR)
    choice = {f"to-{visit.pk}": str(colleague.pk)}
    assert admin_client.post(address(north.doctor), choice).status_code == 302
    page = admin_client.post(address(north.doctor), choice).content.decode()
    assert "Nothing was changed: these appointments have been cancelled, have begun, or are already being" in page
    assert VisitDecision.objects.count() == 1


@pytest.mark.parametrize("count", [2, 20])
def test_the_page_costs_the_same_for_many(
    admin_client: Client, north: HospitalCast, patient: Patient, colleague: Doctor, count: int
) -> None:
    for number in range(count):
        book(north, patient, AT + HOUR + number * HOUR / 4)
    with CaptureQueriesContext(connection) as queries:
        assert len(admin_client.get(address(north.doctor)).context["rows"]) == count
    assert len(queries) == PAGE_QUERIES


PAGE_QUERIES = 9
