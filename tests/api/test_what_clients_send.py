"""What generated clients and phones send, and what they keep of an answer."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import DeviceToken, Patient
from config import api as addresses
from tests.api.records import sign_in
from tests.cast import HospitalCast
from tests.clinical.records import make_visit
from tests.clinical.visits.test_appointments import START

PROBLEM = "application/problem+json"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("accept", [PROBLEM, "text/html", "", "application/json;q=0"])
def test_an_operation_that_answers_204_takes_any_accept(patient: Patient, accept: str) -> None:
    other = DeviceToken.objects.create(user=patient.user)[0]
    app = sign_in(patient, needs_step_up=True)
    assert app.post("/api/v1/auth/step-up/", {"date_of_birth": "1990-02-28"}, HTTP_ACCEPT=accept).status_code == 204
    assert app.delete(f"/api/v1/auth/devices/{other.public_id}/", HTTP_ACCEPT=accept).status_code == 204
    assert app.post("/api/v1/auth/logout/", HTTP_ACCEPT=accept).status_code == 204
    assert sign_in(patient).post("/api/v1/auth/logout-all/", HTTP_ACCEPT=accept).status_code == 204


@pytest.mark.parametrize("accept", [PROBLEM, "", "application/*", "text/html, application/json;q=0.1", "*/*;q=0.5"])
def test_who_accepts_json_or_a_problem_gets_json(api: APIClient, accept: str) -> None:
    answer = api.get("/api/v1/me/", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json; q=0.000", "text/*"])
def test_who_does_not_accept_json_is_refused(api: APIClient, accept: str) -> None:
    answer = api.get("/api/v1/me/", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_a_format_in_the_address_changes_nothing(api: APIClient) -> None:
    assert api.get("/api/v1/me/?format=xml").status_code == 200


def test_ids_are_taken_in_either_case(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    visit = str(make_visit(patient, north.doctor, START).pk)
    for path, found in (
        (f"doctors/{str(north.doctor.pk).upper()}/", str(north.doctor.pk)),
        (f"hospitals/{str(north.hospital.pk).upper()}/", str(north.hospital.pk)),
        (f"appointments/{visit.upper()}/", visit),
    ):
        assert api.get(f"/api/v1/{path}").json()["id"] == found
    assert not [one for one in addresses.calls if "<uuid:" in str(one.pattern)]


@pytest.mark.parametrize(
    "path",
    [
        *("me/", "prescriptions/", "access-log/", "ai-sessions/", "auth/devices/", "hospitals/", "nothing/"),
        *("doctors/", "doctors/?search=%00"),
    ],
)
def test_nothing_of_the_api_is_kept_on_a_disk(api: APIClient, path: str) -> None:
    assert api.get(f"/api/v1/{path}")["Cache-Control"] == "private, no-store"


def test_a_call_without_a_token_or_too_often_is_not_kept_either(anyone: APIClient, settings: Settings) -> None:
    assert anyone.get("/api/v1/me/")["Cache-Control"] == "private, no-store"
    settings.API_CALLS_PER_ADDRESS_A_MINUTE = 1
    answers = [anyone.get("/api/v1/me/", REMOTE_ADDR="198.51.100.77") for _ in range(2)]
    assert [(one.status_code, one["Cache-Control"]) for one in answers] == [
        (401, "private, no-store"),
        (429, "private, no-store"),
    ]


@pytest.mark.parametrize("is_debug", [True, False])
def test_an_unknown_address_is_a_problem_in_development_too(settings: Settings, is_debug: bool) -> None:
    settings.DEBUG = is_debug
    for path in ("/api/v1/nothing/", "/api/nothing"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (404, PROBLEM, "not_found")
    assert Client().get("/nothing/")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("is_debug", [True, False])
def test_a_failure_of_ours_is_a_problem_in_development_too(
    settings: Settings, patient: Patient, is_debug: bool
) -> None:
    settings.DEBUG = is_debug
    settings.BOOKING_PROVIDER = "there.is.no.such.provider"
    client = Client(raise_request_exception=False)
    token = DeviceToken.objects.create(user=patient.user)[1]
    answer = client.get("/api/v1/doctors/", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
    assert (answer.json()["code"], answer.json()["request_id"]) == ("server_error", answer["X-Request-ID"])
    assert answer["Cache-Control"] == "private, no-store"


def test_every_answer_names_its_request(api: APIClient) -> None:
    first, second = api.get("/api/v1/me/"), api.get("/api/v1/nothing/")
    assert first["X-Request-ID"] != second["X-Request-ID"]
    assert second.json()["request_id"] == second["X-Request-ID"]


@pytest.mark.parametrize("claimed", ["0af7651916cd43dd8448eb211c80319c", "Phone-1234567890abcdef", "a" * 64])
def test_a_request_may_be_named_by_who_sends_it(api: APIClient, claimed: str) -> None:
    answer = api.get("/api/v1/nothing/", HTTP_X_REQUEST_ID=claimed)
    assert (answer["X-Request-ID"], answer.json()["request_id"]) == (claimed, claimed)


@pytest.mark.parametrize("claimed", ["", "short", "a" * 65, "Paula Patient 1990", 'x" level=error 123456', "ä" * 20])
def test_a_name_that_might_harm_the_logs_is_replaced(api: APIClient, claimed: str) -> None:
    answer = api.get("/api/v1/nothing/", HTTP_X_REQUEST_ID=claimed)
    assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"])


@pytest.mark.parametrize("route", [str(call.pattern) for call in addresses.calls])
def test_every_answer_is_private_named_and_says_the_limits(api: APIClient, route: str) -> None:
    path = "/api/v1/" + re.sub(r"<id:\w+>", "00000000-0000-4000-8000-000000000000", route)
    answers = [api.generic(method, path) for method in ("GET", "POST", "PATCH", "DELETE", "OPTIONS")]
    kept = {answer["Cache-Control"] for answer in answers}
    assert kept <= {"private, no-store", "private, no-cache", "no-store"}
    assert len({answer["X-Request-ID"] for answer in answers}) == 5
    assert {answer["RateLimit-Policy"].partition(";")[0] for answer in answers} <= {'"address"', '"requests"'}
    assert "500" not in {str(answer.status_code) for answer in answers}


def test_a_limit_of_the_call_itself_is_named_before_those_of_all_calls(anyone: APIClient) -> None:
    first, second = (anyone.post("/api/v1/auth/otp/request/", {"phone": "+436601234567"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 429)
    assert first["RateLimit"].startswith('"address";r=')
    assert second["RateLimit-Policy"].startswith('"requests";q=5;w=86400, "address";')
    assert second["RateLimit"].startswith(f'"requests";r=0;t={second["Retry-After"]}, "address";')


@pytest.mark.parametrize(
    ("encoding", "is_packed"),
    [("gzip", True), ("gzip;q=0.5", True), ("gzip;q=0", False), ("br, gzip; q=0.0, *;q=0", False), ("identity", False)],
)
def test_gzip_is_for_who_wants_it(
    api: APIClient, patient: Patient, north: HospitalCast, encoding: str, is_packed: bool
) -> None:
    make_visit(patient, north.doctor, START)
    answer = api.get("/api/v1/appointments/", HTTP_ACCEPT_ENCODING=encoding)
    assert answer.has_header("Content-Encoding") is is_packed
    assert "Accept-Encoding" in answer["Vary"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("appointments/?status=", "status"),
        ("appointments/?to=", "to"),
        ("doctors/?hospital=", "hospital"),
        ("doctors/?specialty=", "specialty"),
        ("prescriptions/?status=", "status"),
    ],
)
def test_an_empty_filter_is_no_filter_but_a_mistake(api: APIClient, path: str, field: str) -> None:
    answer = api.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_an_emptied_search_finds_everybody(api: APIClient, north: HospitalCast) -> None:
    assert len(api.get("/api/v1/doctors/?search=").json()["results"]) == 1


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.5", "\uff11"])
def test_a_limit_is_1_to_100(api: APIClient, limit: str) -> None:
    answer = api.get("/api/v1/appointments/", {"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "limit")


def test_a_refused_token_is_named_so(anyone: APIClient) -> None:
    assert anyone.get("/api/v1/me/")["WWW-Authenticate"] == "Bearer"
    refused = anyone.get("/api/v1/me/", HTTP_AUTHORIZATION="Bearer 123")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


@pytest.mark.parametrize("born", ["2000-2-9", "20000209", "2000-W06-3"])
def test_a_date_has_one_form(api: APIClient, born: str) -> None:
    answer = api.patch("/api/v1/me/", {"date_of_birth": born})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "date_of_birth")


@pytest.mark.parametrize("zone", ["localtime", "Factory", "posix/Europe/Vienna"])
def test_a_time_zone_is_one_that_phones_know(api: APIClient, zone: str) -> None:
    answer = api.patch("/api/v1/me/", {"time_zone": zone})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown_time_zone")


def test_control_characters_in_a_text_become_spaces(api: APIClient) -> None:
    assert api.patch("/api/v1/me/", {"full_name": "Paula\r\nAnna\u0007\u2028Patient\n"}).json()["full_name"] == (
        "Paula Anna Patient"
    )
    assert api.patch("/api/v1/me/", {"full_name": "\n\u0007"}).json()["errors"][0]["code"] == "blank"
