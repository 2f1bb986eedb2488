"""`/healthz`: this process answers. `/readyz`: so does what it needs, asked with time limits.

The questions go over connections of their own: the pool would add its patience to the answer, and a pool that
others have emptied says nothing about the database.
"""

from __future__ import annotations

import functools
import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.client_address import client_address

DATABASE_SECONDS = 1.0
REDIS_SECONDS = 0.5
# Anybody may ask, so the asking must not be a way to load the database.
REMEMBERED_SECONDS = 1.0
PENDING_SHOWN = 3

OK = "ok"

# Once true it stays so: only new code brings new migrations, and new code means a new process.
_all_applied = False


@dataclass(slots=True)
class Probe:
    """Asks one part, at most once at a time; an answer later than `seconds` counts as none.

    The asking runs in a thread: looking up a host's name or reading from a frozen server knows no time limit.
    A thread that hangs is waited for by the next call, not added to.
    """

    ask: Callable[[], dict[str, str]]
    names: tuple[str, ...]
    seconds: float
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asking: threading.Thread | None = None
    _answer: dict[str, str] | None = None
    _asked_at: float = float("-inf")

    def start(self) -> None:
        with self._lock:
            fresh = self._answer is not None and time.monotonic() - self._asked_at < REMEMBERED_SECONDS
            if fresh or (self._asking and self._asking.is_alive()):
                return
            self._answer, self._asked_at = None, time.monotonic()
            self._asking = threading.Thread(target=self._run, daemon=True, name=f"probe-{self.names[0]}")
            self._asking.start()

    def result(self) -> dict[str, str]:
        asking = self._asking
        if asking:
            asking.join(max(0.0, self._asked_at + self.seconds - time.monotonic()))
        return self._answer or dict.fromkeys(self.names, f"no answer within {self.seconds:g} s")

    def forget(self) -> None:
        self._answer, self._asked_at = None, float("-inf")

    def _run(self) -> None:
        self._answer = self.ask()


def ask_database() -> dict[str, str]:
    parameters: dict[str, Any] = connections["default"].get_connection_params()
    # What the pool and Django's cursors need is not for a bare connection; libpq rounds a limit of 1 s up to
    # 2.
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    try:
        with psycopg.connect(**parameters | {"connect_timeout": 2}, autocommit=True) as connection:
            connection.execute(sql.SQL("SET statement_timeout = {}").format(int(DATABASE_SECONDS * 1000)))
            return {"database": OK, "migrations": migrations_state(connection)}
    except psycopg.Error:
        return {"database": "unreachable", "migrations": "unknown"}


def migrations_state(connection: psycopg.Connection) -> str:
    global _all_applied
    if _all_applied:
        return OK
    table = sql.Identifier(MigrationRecorder.Migration._meta.db_table)
    try:
        rows = connection.execute(sql.SQL("SELECT app, name FROM {}").format(table)).fetchall()
    except psycopg.errors.UndefinedTable:
        rows = []
    pending = sorted(migrations_in_code() - set(rows))
    _all_applied = not pending
    if _all_applied:
        return OK
    shown = ", ".join(f"{app}.{name}" for app, name in pending[:PENDING_SHOWN])
    return f"{len(pending)} not applied: {shown}{', ..' if len(pending) > PENDING_SHOWN else ''}"


@functools.cache
def migrations_in_code() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def ask_redis() -> dict[str, str]:
    once = Retry(NoBackoff(), 0)
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, retry=once
        ) as client:
            client.ping()
    except redis.RedisError:
        return {"redis": "unreachable"}
    return {"redis": OK}


PROBES = (
    Probe(ask_database, ("database", "migrations"), DATABASE_SECONDS),
    Probe(ask_redis, ("redis",), REDIS_SECONDS),
)


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    for probe in PROBES:
        probe.start()
    checks = {name: state for probe in PROBES for name, state in probe.result().items()}
    ready = all(state == OK for state in checks.values())
    status = 200 if ready else 503
    if not is_internal(request):
        return HttpResponse(status=status)
    headers = {"X-Instance": settings.INSTANCE_ID} if settings.INSTANCE_ID else {}
    return JsonResponse({"status": OK if ready else "down", "checks": checks}, status=status, headers=headers)


def is_internal(request: HttpRequest) -> bool:
    """Whether a request comes from this machine or a private network."""
    seen = client_address(request, trusted_proxies=settings.TRUSTED_PROXY_COUNT)
    if seen is None:
        return False
    address = ipaddress.ip_address(seen)
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_private)
