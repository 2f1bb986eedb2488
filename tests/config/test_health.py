from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from config import health
from dev.embedded.postgres import postgres
from dev.embedded.server import Server
from dev.embedded.valkey import running_valkey
from integrations.models import CalWebhook
from tests.faults.harness import until

INTERNAL = "10.1.2.3"
OUTSIDE = "93.184.216.34"
ALL_OK: dict[str, Any] = {
    "status": "ready",
    "checks": {"database": "ok", "migrations": "ok", "queues": "ok", "redis": "ok"},
}


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
        "status": "not ready",
        "checks": {
            "database": "ok",
            "migrations": "1 not applied: accounts.9999_next",
            "queues": "unknown",
            "redis": "ok",
        },
    }
    monkeypatch.setattr(health, "migrations_in_code", lambda: in_code)
    health.PROBES[0].forget()
    assert readyz().status_code == 200
    monkeypatch.setattr(health, "migrations_in_code", lambda: pytest.fail("asked again"))
    health.PROBES[0].forget()
    assert readyz().status_code == 200


@pytest.mark.django_db
def test_without_redis_people_are_served(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = readyz()
    assert (response.status_code, json_of(response)) == (200, degraded("unreachable"))
    assert (readyz(OUTSIDE).status_code, readyz(OUTSIDE).content) == (200, b"")


@pytest.mark.django_db
def test_a_redis_that_says_nothing_is_not_waited_for(settings: Settings, silent_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"
    response, seconds = timed(readyz)
    assert (response.status_code, json_of(response)) == (200, degraded("no answer within 0.5 s"))
    assert seconds < 1.5


@pytest.mark.django_db
def test_a_full_redis_is_named(tmp_path: Path, settings: Settings) -> None:
    with running_valkey(tmp_path, durable=False) as settings.REDIS_URL:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.config_set("maxmemory", 1)
        response = readyz()
    assert (response.status_code, json_of(response)) == (200, degraded("refuses writes"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("minutes", [6, -6])
def test_a_queue_that_is_too_old_or_of_the_future_degrades(minutes: int) -> None:
    came = timezone.now() - dt.timedelta(minutes=minutes)
    CalWebhook.objects.create(raw_webhook_body={}, received_at=came)
    expected = {"status": "degraded", "checks": ALL_OK["checks"] | {"queues": "too old: webhooks"}}
    assert (readyz().status_code, json_of(readyz())) == (200, expected)


def degraded(redis_state: str) -> dict[str, Any]:
    return {"status": "degraded", "checks": ALL_OK["checks"] | {"redis": redis_state}}


@pytest.fixture
def own_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A pool made anew, from the connection's settings as they are when it is first asked for."""
    wrapper: Any = connection
    monkeypatch.delitem(wrapper._connection_pools, "default", raising=False)
    yield
    wrapper.close_pool()


def test_a_database_that_refuses_is_not_waited_for(own_pool: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", 1)
    response, seconds = timed(readyz)
    assert response.status_code == 503
    assert json_of(response) == {
        "status": "not ready",
        "checks": dict.fromkeys(("database", "migrations", "queues"), "no answer within 1 s") | {"redis": "ok"},
    }
    assert seconds < 2


@pytest.fixture
def own_server(own_pool: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
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
        health._pool().close()


def database_state() -> str:
    health.PROBES[0].forget()
    return str(json_of(readyz())["checks"]["database"])


def test_a_database_without_tables_is_not_ready(own_server: Server) -> None:
    response = readyz()
    assert response.status_code == 503
    checks = json_of(response)["checks"]
    assert checks["database"] == "ok"
    assert checks["migrations"].startswith(f"{len(health.migrations_in_code())} not applied: ")


def test_a_disk_that_takes_no_more_is_not_ready(own_server: Server) -> None:
    assert database_state() == "ok"
    with psycopg.connect(own_server.url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET temp_file_limit = 0")
        admin.execute("SELECT pg_reload_conf()")
    # Connections read the configuration anew a moment after they are told to.
    until(lambda: database_state() == "fails: ConfigurationLimitExceeded")
    assert readyz().status_code == 503


def test_a_database_that_takes_no_writes_is_not_ready(own_server: Server) -> None:
    with psycopg.connect(own_server.url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        admin.execute("SELECT pg_reload_conf()")
    until(lambda: database_state() == "read-only")
    assert readyz().status_code == 503


def test_a_restarted_server_is_ready_though_the_pools_connections_are_dead(own_server: Server) -> None:
    assert database_state() == "ok"
    with psycopg.connect(own_server.url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    assert database_state() == "ok"


def test_a_server_that_grants_no_more_connections_is_ready_as_long_as_the_pool_has_one(own_server: Server) -> None:
    assert database_state() == "ok"
    with psycopg.connect(own_server.url, dbname="postgres", autocommit=True) as admin:
        admin.execute("ALTER DATABASE wardbook ALLOW_CONNECTIONS false")
    with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
        psycopg.connect(own_server.url)
    assert database_state() == "ok"


def test_nothing_stays_on_the_connection(own_server: Server) -> None:
    def limits() -> Any:
        with health._pool().connection() as pooled:
            asked = "SELECT pg_backend_pid(), current_setting('statement_timeout'), current_setting('work_mem')"
            return pooled.execute(asked).fetchone()

    health._pool().open(wait=True)
    before = limits()
    assert database_state() == "ok"
    assert limits() == before


def test_a_frozen_database_is_not_waited_for_and_asked_once_at_a_time(own_server: Server) -> None:
    readyz()
    os.kill(own_server.process.pid, signal.SIGSTOP)
    frozen = _backends(own_server)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            health.PROBES[0].forget()
            response, seconds = timed(readyz)
            assert response.status_code == 503
            assert json_of(response)["checks"]["database"] == "no answer within 1 s"
            assert seconds < 2
            assert sum(thread.name == "probe-database" for thread in threading.enumerate()) == 1
    finally:
        for pid in (*frozen, own_server.process.pid):
            os.kill(pid, signal.SIGCONT)
    for thread in threading.enumerate():
        if thread.name == "probe-database":
            thread.join(10)


def _backends(server: Server) -> list[int]:
    """The processes that serve its connections."""
    served = [
        one.pid for one in psutil.Process(server.process.pid).children(recursive=True) if "idle" in one.cmdline()[0]
    ]
    assert served
    return served


def test_a_host_that_falls_silent_is_given_up_within_seconds() -> None:
    limits = settings.DATABASES["default"]["OPTIONS"]
    assert {name: limits[name] for name in limits if name.startswith(("keepalives", "tcp"))} == {
        "tcp_user_timeout": 5000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    }
    wrapper: Any = connection
    assert wrapper.get_connection_params()["tcp_user_timeout"] == 5000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "proxies", "forwarded", "sees_detail"),
    [
        ("127.0.0.1", 0, None, True),
        ("::1", 0, None, True),
        ("::ffff:192.168.1.5", 0, None, True),
        # A proxy that the settings do not know of: whose address it is cannot be told.
        (INTERNAL, 0, OUTSIDE, False),
        (INTERNAL, 2, OUTSIDE, False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", 0, None, False),
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
