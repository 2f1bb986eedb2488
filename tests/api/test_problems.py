from __future__ import annotations

import pytest
from rest_framework.test import APIClient

PROBLEM = {"type", "title", "status", "detail", "code", "errors", "request_id"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing/", 404, "not_found"),
        ("GET", "/api/v1/hospitals/00000000-0000-0000-0000-000000000000/", 404, "not_found"),
        ("DELETE", "/api/v1/me/", 405, "method_not_allowed"),
        ("PUT", "/api/v1/me/", 405, "method_not_allowed"),
        ("GET", "/api/v1/hospitals/?cursor=rubbish", 400, "invalid_cursor"),
        ("GET", "/api/v1/appointments/?cursor=cD1ub3QtYS1kYXRl", 400, "invalid_cursor"),
        ("GET", "/api/v1/appointments/?status=NOPE", 400, "invalid"),
        ("GET", "/api/v1/doctors/?search=%00", 400, "invalid"),
    ],
)
def test_every_error_is_a_problem_document(api: APIClient, method: str, path: str, status: int, code: str) -> None:
    answer = api.generic(method, path)
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == PROBLEM
    assert (answer.status_code, body["status"], body["code"], body["type"]) == (
        status,
        status,
        code,
        f"/api/problems/{code}/",
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "bad_request"),
        (b'{"full_name": NaN}', "application/json", 400, "bad_request"),
        (b'{"full_name": "\\ud800"}', "application/json", 400, "bad_request"),
        (b'{"full_name": "a\\u0000b"}', "application/json", 400, "bad_request"),
        (b'{"full_name": "\xff"}', "application/json", 400, "bad_request"),
        (b"full_name=Paula", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"full_name": "' + b"x" * 65536 + b'"}', "application/json", 413, "too_large"),
    ],
)
def test_a_bad_body_is_refused(api: APIClient, body: bytes, content_type: str, status: int, code: str) -> None:
    answer = api.patch("/api/v1/me/", body, content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert api.get("/api/v1/me/").json()["full_name"] == "Paula Patient"


@pytest.mark.django_db
def test_an_escaped_backslash_before_u0000_is_no_null(api: APIClient) -> None:
    answer = api.patch("/api/v1/me/", b'{"full_name": "a\\\\u0000b"}', content_type="application/json")
    assert answer.json()["full_name"] == "a\\u0000b"


@pytest.mark.django_db
def test_a_wish_for_another_format_is_refused(api: APIClient) -> None:
    answer = api.get("/api/v1/me/", HTTP_ACCEPT="text/html")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


@pytest.mark.django_db
def test_unknown_fields_are_refused_by_name(anyone: APIClient) -> None:
    answer = anyone.post("/api/v1/auth/otp/request/", {"phone": "+436601234567", "color": 1, "age": 2})
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("age", "unknown_field"),
        ("color", "unknown_field"),
    ]
