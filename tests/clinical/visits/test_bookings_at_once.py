"""Many bookings of one patient at once, with real commits and the real queue."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import AccessEvent, DeviceToken, Patient
from hospitals.models import DoctorAvailability
from integrations.models import BookingRequest, CalLink
from tests.api.records import client_with
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

START = (dt.datetime.now(dt.UTC) + dt.timedelta(days=30)).replace(hour=9, minute=0, second=0, microsecond=0).isoformat()
TIMES = 12
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _real_queue(nothing_leaves: None, settings: Settings, north: HospitalCast) -> None:
    settings.BOOKING_PROVIDER = "integrations.calcom.bookings.provider.CalcomBookings"
    CalLink.objects.create(doctor=north.doctor, cal_event_type_id=1)
    for day in range(1, 8):
        DoctorAvailability.objects.create(
            doctor=north.doctor, day_of_week=day, start_time=dt.time(8), end_time=dt.time(18)
        )


def at_once(patient: Patient, north: HospitalCast, key: Callable[[int], str]) -> list[Any]:
    body = {"doctor": str(north.doctor.pk), "start": START}
    return sent_at_once(patient, lambda number: ("/api/v1/appointments/", body, {"Idempotency-Key": key(number)}))


def sent_at_once(patient: Patient, request: Callable[[int], tuple[str, dict[str, str], dict[str, str]]]) -> list[Any]:
    _, token = DeviceToken.objects.create(user=patient.user)

    def send(number: int) -> Any:
        path, body, headers = request(number)
        try:
            return client_with(token).post(path, body, headers=headers)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(send, range(TIMES)))


def test_one_key_is_one_booking_however_often_it_is_sent(patient: Patient, north: HospitalCast) -> None:
    answers = at_once(patient, north, lambda _: "the-same")
    # Those that came while the first was at work were told so; afterwards there is nothing left to wait for.
    after = at_once(patient, north, lambda _: "the-same")
    request = BookingRequest.objects.get()
    assert AccessEvent.objects.count() == 1
    for answer in answers:
        if answer.status_code == 202:
            assert answer.json()["request_id"] == str(request.pk)
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_in_use")
    assert 202 in {answer.status_code for answer in answers}
    assert {answer.json().get("request_id") for answer in after} == {str(request.pk)}


def test_no_more_than_the_allowed_visits_are_asked_for(
    patient: Patient, north: HospitalCast, settings: Settings
) -> None:
    settings.MAX_OPEN_VISITS = 3
    answers = at_once(patient, north, lambda _: str(uuid.uuid4()))
    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [409] * (TIMES - 3)
    assert BookingRequest.objects.filter(patient=patient, state=BookingRequest.State.QUEUED).count() == 3


def test_a_visit_is_cancelled_once_however_many_ask_for_it(patient: Patient, north: HospitalCast) -> None:
    visit = make_visit(patient, north.doctor, dt.datetime.fromisoformat(START))
    answers = sent_at_once(patient, lambda _: (f"/api/v1/appointments/{visit.pk}/cancel/", {}, {}))
    assert sorted(answer.json().get("code") or answer.json()["status"] for answer in answers) == [
        *["change_pending"] * (TIMES - 1),
        "pending",
    ]
    assert BookingRequest.objects.get().kind == BookingRequest.Kind.CANCEL


def test_no_more_changes_are_asked_for_than_an_hour_allows(
    patient: Patient, north: HospitalCast, settings: Settings
) -> None:
    settings.VISIT_CHANGES_AN_HOUR = 5
    first = dt.datetime.fromisoformat(START)
    visits = [make_visit(patient, north.doctor, first + dt.timedelta(hours=hours)) for hours in range(TIMES)]
    answers = sent_at_once(patient, lambda number: (f"/api/v1/appointments/{visits[number].pk}/cancel/", {}, {}))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429] * (TIMES - 5)
    assert BookingRequest.objects.count() == 5
