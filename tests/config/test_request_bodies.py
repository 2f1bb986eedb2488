from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from config.request_bodies import body_refusal
from config.rsgi import _split, environ
from tests.cast import HospitalCast

LIMIT, FILE_LIMIT = 256 * 1024, 2560 * 1024
FORM = "multipart/form-data; boundary=b"
IMPORT = "/admin/staff-import/"


@pytest.mark.parametrize(
    ("path", "length", "coding", "status"),
    [
        ("/staff/login/", None, None, None),
        ("/staff/login/", "", None, None),
        ("/staff/login/", str(LIMIT), None, None),
        ("/staff/login/", str(LIMIT + 1), None, 413),
        ("/admin/", str(LIMIT + 1), None, 413),
        ("/api/v1/me/", str(LIMIT + 1), None, 413),
        ("/webhooks/calcom/", str(LIMIT + 1), None, 413),
        ("/healthz", str(LIMIT + 1), None, 413),
        (IMPORT, str(FILE_LIMIT), None, None),
        (IMPORT, str(FILE_LIMIT + 1), None, 413),
        ("/webhooks/vapi/", None, "chunked", 411),
        ("/webhooks/vapi/", "5", "chunked", 411),
        # No number: Django reads nothing then.
        ("/staff/login/", "-1", None, None),
        ("/staff/login/", "²", None, None),
    ],
)
def test_refusals(path: str, length: str | None, coding: str | None, status: int | None) -> None:
    assert body_refusal(path, length, coding) == status


@pytest.mark.parametrize("path", ["/staff/login/", "/admin/login/", "/staff/doctor/", "/nowhere/"])
def test_a_large_form_is_refused_before_it_is_parsed(path: str, settings: Settings) -> None:
    """Without the database, and before Django's check against forged forms, which would answer 403."""
    settings.FILE_UPLOAD_HANDLERS = ["tests.config.test_request_bodies.NoUpload"]
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    answer = client.generic("POST", path, b"x" * (LIMIT + 1), content_type=FORM)
    assert (answer.status_code, answer.content) == (413, b"This request is too large.")


class NoUpload:
    def __init__(self, request: object) -> None:
        raise AssertionError("a body was parsed")


def test_a_large_call_is_refused_with_a_problem(anyone: APIClient) -> None:
    answer = anyone.generic("POST", "/api/v1/auth/otp/request/", "x" * (LIMIT + 1), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    # By a plain client: the description leaves out what only a broken client meets.
    plain = Client().generic("POST", "/api/v1/auth/otp/request/", "{}", headers={"Transfer-Encoding": "chunked"})
    assert (plain.status_code, plain.json()["code"]) == (411, "length_required")


def test_only_who_is_signed_in_sends_a_large_file(admin_client: Client, north: HospitalCast) -> None:
    def send(client: Client, size: int) -> int:
        return client.post(IMPORT, {"file": SimpleUploadedFile("staff.csv", b"x" * size)}).status_code

    stranger = Client()
    assert send(stranger, LIMIT) == 413
    stranger.cookies["sessionid"] = "made-up"
    assert send(stranger, LIMIT) == 413
    assert send(admin_client, LIMIT) == 200
    assert send(admin_client, FILE_LIMIT) == 413


# What granian's requests become


class Headers(dict[str, list[str]]):
    def get_all(self, name: str) -> list[str]:
        return self[name]


class Asked:
    proto, http_version, scheme, method = "http", "1.1", "https", "POST"
    path, query_string = "/a b/ä", "q=%20x"
    client, server = "[2001:db8::1]:55000", "127.0.0.1:8000"
    headers = Headers(
        {
            "host": ["north.test"],
            "content-type": ["text/plain"],
            "content-length": ["3"],
            "cookie": ["a=1", "b=2"],
            "x-forwarded-for": ["192.0.2.1", "192.0.2.2"],
            "x_forwarded_for": ["192.0.2.3"],
        }
    )


def test_a_request_in_wsgi_s_words() -> None:
    made = environ(Asked(), b"abc")  # type: ignore[arg-type]  # its headers' `get` answers lists, which nothing asks
    assert made.pop("wsgi.input").read() == b"abc"
    assert {name: value for name, value in made.items() if name.isupper()} == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b/Ã¤",
        "QUERY_STRING": "q=%20x",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "2001:db8::1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "3",
        "HTTP_HOST": "north.test",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_FORWARDED_FOR": "192.0.2.1,192.0.2.2",
    }


def test_addresses_and_ports() -> None:
    assert _split("192.0.2.1:80") == ("192.0.2.1", "80")
    assert _split("[::1]:80") == ("::1", "80")
