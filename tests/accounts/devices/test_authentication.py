from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import DeviceToken, Patient
from tests.api.records import sign_in
from tests.cast import HospitalCast

pytestmark = pytest.mark.usefixtures("nothing_leaves")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("Basic dXNlcjpwYXNz", "not_authenticated"),
        ("Bearer", "invalid_token"),
        ("Bearer two words", "invalid_token"),
        ("Bearer nosuchtoken", "invalid_token"),
        ("Bearer \x00", "invalid_token"),
        ("Bearer ümlaut", "invalid_token"),
    ],
)
def test_a_request_without_a_good_token_is_told_how_to_sign_in(
    anyone: APIClient, header: str | None, code: str
) -> None:
    if header is not None:
        anyone.credentials(HTTP_AUTHORIZATION=header)
    answer = anyone.get("/api/v1/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    challenge = 'Bearer error="invalid_token"' if code == "invalid_token" else "Bearer"
    assert answer["WWW-Authenticate"] == challenge
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_a_token_check_is_one_query_however_many_devices_there_are(patient: Patient) -> None:
    for _ in range(5):
        api = sign_in(patient)
    with CaptureQueriesContext(connection) as queries:
        assert api.get("/api/v1/hospitals/").status_code == 200
    assert len(queries) == 2


@pytest.mark.django_db
def test_a_token_lives_30_days_from_its_last_use_with_one_write_a_day(
    patient: Patient, clock: time_machine.Traveller
) -> None:
    api = sign_in(patient)
    clock.shift(dt.timedelta(hours=24))
    with CaptureQueriesContext(connection) as queries:
        api.get("/api/v1/hospitals/")
    # A statement that was planned before has no text.
    assert not any((query["sql"] or "").startswith("UPDATE") for query in queries)
    clock.shift(dt.timedelta(seconds=1))
    api.get("/api/v1/hospitals/")
    token = DeviceToken.objects.get()
    assert (token.expiry, token.last_used_at) == (timezone.now() + dt.timedelta(days=30), timezone.now())
    clock.shift(dt.timedelta(days=30, seconds=1))
    assert api.get("/api/v1/hospitals/").json()["code"] == "invalid_token"


@pytest.mark.django_db
def test_a_token_of_staff_opens_nothing(north: HospitalCast) -> None:
    _, token = DeviceToken.objects.create(user=north.doctor.user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    answer = client.get("/api/v1/hospitals/")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_browsers_cookie_is_nothing_to_the_api(north: HospitalCast) -> None:
    browser = APIClient()
    browser.force_login(north.doctor.user)
    answer = browser.get("/api/v1/me/")
    assert answer.status_code == 401
    assert not answer.cookies
    assert "Content-Security-Policy" not in answer.headers
    assert browser.get("/staff/doctor/").headers["Content-Security-Policy"]
