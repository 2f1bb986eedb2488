from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from django.http import HttpResponse
from django.test import Client, RequestFactory
from prometheus_client import REGISTRY
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Patient
from config import logs
from config.request_log import RequestLogMiddleware
from core import wake_ups
from core.request_ids import current_request_id, request_id_bound
from tests.cast import HospitalCast

GIVEN = "0123abcd-0123-0123"


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What production's handler writes."""
    written = StringIO()
    made: Any = logs.logging_settings(as_json=True)
    formatter = {key: value for key, value in made["formatters"]["lines"].items() if key != "()"}
    handler = logging.StreamHandler(written)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**formatter))
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


def events(lines: StringIO, name: str = "request") -> list[dict[str, Any]]:
    read = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [one for one in read if one["event"] == name]


@pytest.fixture(autouse=True)
def _logged(settings: Settings) -> None:
    settings.ACCESS_LOG = True


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_route(lines: StringIO, api: APIClient, patient: Patient) -> None:
    answer = api.get(f"/api/v1/prescriptions/{patient.pk}/?search=Paula", headers={"X-Request-ID": GIVEN})
    (line,) = events(lines)
    assert line.pop("took_ms") > 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "request_id": GIVEN,
        "route": "/api/v1/prescriptions/<id:prescription_id>/",
        "status": 404,
    }
    assert answer["X-Request-ID"] == answer.json()["request_id"] == GIVEN
    assert str(patient.pk) not in lines.getvalue()
    assert "Paula" not in lines.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/no/such/Paula/", "unknown", 404),
        ("/webhooks/calcom/", "/webhooks/calcom/", 401),
        ("/static/no.css", "static", 404),
        ("/api/v1/me/", "/api/v1/me/", 401),
    ],
)
def test_what_is_answered_before_a_view_has_its_route_too(lines: StringIO, path: str, route: str, status: int) -> None:
    name = "wardbook_http_requests_total"
    labels = {"method": "POST", "route": route, "status": str(status)}
    before = REGISTRY.get_sample_value(name, labels) or 0
    assert Client().post(path, "{}", content_type="application/json").status_code == status
    assert [(line["route"], line["status"]) for line in events(lines)] == (
        [] if route == "static" else [(route, status)]
    )
    assert REGISTRY.get_sample_value(name, labels) == before + 1
    assert "Paula" not in lines.getvalue()


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "two words", 'a"quote"a', "line\\nbreak", "ü" * 10])
def test_an_id_that_is_none_is_replaced(given: str) -> None:
    answer = RequestLogMiddleware(lambda _: HttpResponse())(RequestFactory().get("/healthz", HTTP_X_REQUEST_ID=given))
    assert len(answer["X-Request-ID"]) == 32
    assert answer["X-Request-ID"] != given


def test_what_machines_ask_every_few_seconds_is_not_logged(lines: StringIO) -> None:
    assert Client().get("/healthz").status_code == 200
    assert events(lines) == []


def test_an_id_is_bound_for_as_long_as_its_request() -> None:
    assert current_request_id() == ""
    with request_id_bound(GIVEN):
        assert current_request_id() == GIVEN
    assert current_request_id() == ""


def test_a_wake_up_that_is_held_back_still_knows_its_request() -> None:
    seen: list[str] = []
    with request_id_bound(GIVEN):
        wake_ups._run_later(0, lambda: seen.append(current_request_id()))
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(10)
    assert seen == [GIVEN]


@pytest.mark.django_db
def test_latency_is_counted_by_route(north: HospitalCast, admin_client: Client) -> None:
    name, labels = "wardbook_http_request_seconds_count", {"route": "/admin/"}
    before = REGISTRY.get_sample_value(name, labels) or 0
    admin_client.get("/admin/")
    assert REGISTRY.get_sample_value(name, labels) == before + 1
