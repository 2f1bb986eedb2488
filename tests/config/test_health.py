from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from config import health
from dev.embedded.postgres import postgres
from dev.embedded.server import Server

INTERNAL = "10.1.2.3"
OUTSIDE = "93.184.216.34"
ALL_OK = {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "redis": "ok"}}


@pytest.fixture(autouse=True)
def _unremembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_all_applied", False)
    monkeypatch.setattr(health, "PROBES", tuple(fresh(probe) for probe in health.PROBES))


def fresh(probe: health.Probe) -> health.Probe:
    return health.Probe(probe.ask, probe.names, probe.seconds)


def readyz(address: str = INTERNAL, forwarded: str | None = None) -> HttpResponse:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return health.readyz(RequestFactory().get("/readyz", REMOTE_ADDR=address, headers=headers))


def json_of(response: HttpResponse) -> Any:
    return orjson.loads(response.content)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield listener.getsockname()[1]


def test_healthz_touches_nothing() -> None:
    response = health.healthz(RequestFactory().get("/healthz"))
    assert (response.status_code, response.content) == (200, b"ok")
    assert response["Cache-Control"].startswith("max-age=0, no-cache, no-store")


@pytest.mark.django_db
def test_readyz_names_every_part_that_answers() -> None:
    response = readyz()
    assert (response.status_code, json_of(response)) == (200, ALL_OK)


@pytest.mark.django_db
def test_an_unapplied_migration_is_named_and_its_absence_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    in_code = health.migrations_in_code()
    monkeypatch.setattr(health, "migrations_in_code", lambda: in_code | {("accounts", "9999_next")})
    response = readyz()
    assert response.status_code == 503
    assert json_of(response) == {
        "status": "down",
        "checks": {"database": "ok", "migrations": "1 not applied: accounts.9999_next", "redis": "ok"},
    }
    monkeypatch.setattr(health, "migrations_in_code", lambda: in_code)
    health.PROBES[0].forget()
    assert readyz().status_code == 200
    monkeypatch.setattr(health, "migrations_in_code", lambda: pytest.fail("asked again"))
    health.PROBES[0].forget()
    assert readyz().status_code == 200


@pytest.mark.django_db
def test_a_redis_that_refuses_is_named(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = readyz()
    assert response.status_code == 503
    assert json_of(response) == {
        "status": "down",
        "checks": {"database": "ok", "migrations": "ok", "redis": "unreachable"},
    }


@pytest.mark.django_db
def test_a_redis_that_says_nothing_is_not_waited_for(settings: Settings, silent_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"
    response, seconds = timed(readyz)
    assert response.status_code == 503
    assert json_of(response) == {
        "status": "down",
        "checks": {"database": "ok", "migrations": "ok", "redis": "no answer within 0.5 s"},
    }
    assert seconds < 1.5


@pytest.mark.django_db
def test_a_database_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", 1)
    response = readyz()
    assert response.status_code == 503
    assert json_of(response) == {
        "status": "down",
        "checks": {"database": "unreachable", "migrations": "unknown", "redis": "ok"},
    }


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A PostgreSQL that a test may stop; the default connection's settings point to it."""
    with postgres(tmp_path, durable=False) as server:
        database = settings.DATABASES["default"] | {
            "NAME": "wardbook",
            "PORT": int(server.url.rpartition(":")[2].partition("/")[0]),
            "PASSWORD": (tmp_path / "cluster" / "password").read_text(),
        }
        for name in ("NAME", "PORT", "PASSWORD"):
            monkeypatch.setitem(connection.settings_dict, name, database[name])
        yield server


def test_a_database_without_tables_is_not_ready(own_server: Server) -> None:
    response = readyz()
    assert response.status_code == 503
    checks = json_of(response)["checks"]
    assert checks["database"] == "ok"
    assert checks["migrations"].startswith(f"{len(health.migrations_in_code())} not applied: ")


def test_a_frozen_database_is_not_waited_for_and_asked_once_at_a_time(own_server: Server) -> None:
    readyz()
    os.kill(own_server.process.pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            health.PROBES[0].forget()
            response, seconds = timed(readyz)
            assert response.status_code == 503
            assert json_of(response)["checks"]["database"] == "no answer within 1 s"
            assert seconds < 2
            assert sum(thread.name == "probe-database" for thread in threading.enumerate()) == 1
    finally:
        os.kill(own_server.process.pid, signal.SIGCONT)
    for thread in threading.enumerate():
        if thread.name == "probe-database":
            thread.join(10)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "proxies", "forwarded", "sees_detail"),
    [
        ("127.0.0.1", 0, None, True),
        ("::1", 0, None, True),
        ("::ffff:192.168.1.5", 0, None, True),
        (INTERNAL, 0, OUTSIDE, True),
        (OUTSIDE, 0, INTERNAL, False),
        (INTERNAL, 1, OUTSIDE, False),
        (INTERNAL, 1, f"{INTERNAL}, {OUTSIDE}", False),
        (INTERNAL, 1, f"{OUTSIDE}, {INTERNAL}", True),
        ("", 0, None, False),
    ],
)
def test_detail_is_for_internal_addresses_only(
    settings: Settings, address: str, proxies: int, forwarded: str | None, sees_detail: bool
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    response = readyz(address, forwarded)
    assert response.status_code == 200
    assert bool(response.content) is sees_detail


def timed(call: Callable[[], HttpResponse]) -> tuple[HttpResponse, float]:
    began = time.monotonic()
    return call(), time.monotonic() - began
