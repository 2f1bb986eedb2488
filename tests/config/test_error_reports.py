"""What a production process sends to Sentry, received by a server of the test's own."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli
import pytest

from config.error_reports import without_personal_data
from tests.config.test_env import PRODUCTION, python

# The database of these variables does not answer: whatever asks it fails.
_REQUESTS = """
import django, sentry_sdk
from django.conf import settings
# Files are not collected here.
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 0.5
django.setup()
from wsgiref.util import setup_testing_defaults
from config.wsgi import application
for path, query in (
    ("/staff/doctor/patients/", "q=Anselm+Picklethorn"),
    ("/admin/find/", "q=%2B43664123"),
    ("/staff/password/set/", "token=link-secret"),
):
    variables = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "wardbook.example.org"}
    variables |= {"HTTP_COOKIE": "__Host-session=session-secret", "HTTP_AUTHORIZATION": "Bearer api-secret"}
    variables |= {"HTTP_X_CSRFTOKEN": "csrf-secret", "HTTP_X_POLL": "poll-secret"}
    setup_testing_defaults(variables)
    application(variables, lambda status, headers: print(status[:3])).close()
sentry_sdk.flush()
"""


# Brotli where it is installed, as for development.
_DECOMPRESS = {"br": brotli.decompress, "gzip": gzip.decompress}


class Sink(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receive)
        self.bodies: list[bytes] = []


class _Receive(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Sink)
        self.server.bodies.append(_DECOMPRESS[self.headers["Content-Encoding"]](body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_outage_reports_no_search_no_link_and_no_secret(sink: Sink) -> None:
    dsn = f"http://public@127.0.0.1:{sink.server_port}/1"
    done = python("-c", _REQUESTS, env=PRODUCTION | {"SENTRY_DSN": dsn})
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["500", "500", "500"]
    sent = b"\n".join(sink.bodies).decode()
    for personal in ("Anselm", "Picklethorn", "43664123", "secret", "query_string", "cookies"):
        assert personal not in sent
    events = [json.loads(line) for line in sent.splitlines() if '"exception"' in line]
    requests = [event["request"] for event in events if "request" in event]
    assert {request["url"].partition("wardbook.example.org")[2] for request in requests} == {
        "/staff/doctor/patients/",
        "/admin/find/",
        "/staff/password/set/",
    }
    assert {tuple(request) for request in requests} == {("method", "url", "headers")}
    assert {name for request in requests for name in request["headers"]} <= {"Host", "User-Agent", "Content-Type"}


@pytest.mark.parametrize(
    ("module", "text", "kept"),
    [
        (
            "psycopg.errors",
            'duplicate key value violates unique constraint "users_phone_key"\nDETAIL:  Key (phone)=(43664) exists.',
            'duplicate key value violates unique constraint "users_phone_key"',
        ),
        (
            "django.db.utils",
            "invalid input syntax for type uuid: \"Anselm\"\nLINE 1: .. 'Anselm'",
            "invalid input syntax for type uuid",
        ),
        ("builtins", "it failed\nDETAIL:  Key (phone)=(43664)", "it failed"),
        (None, "it failed", "it failed"),
    ],
)
def test_a_database_s_detail_stays_here(module: str | None, text: str, kept: str) -> None:
    event: Any = {"exception": {"values": [{"module": module, "value": text}]}, "extra": {"request": "?q=Anselm"}}
    assert without_personal_data(event, {}) == {"exception": {"values": [{"module": module, "value": kept}]}}


def test_a_transaction_tells_no_statement_and_no_address() -> None:
    event: Any = {
        "request": {"url": "https://x/y?q=Anselm", "query_string": "q=Anselm", "headers": {"cookie": "a", "host": "x"}},
        "spans": [{"op": "http", "description": "GET https://x/?q=Anselm", "data": {"http.query": "q=Anselm"}}],
    }
    assert without_personal_data(event, {}) == {
        "request": {"url": "https://x/y", "headers": {"host": "x"}},
        "spans": [{"op": "http"}],
    }
