"""`/healthz`: this process answers. `/readyz`: it can serve people, which is tried with time limits.

`ready`, or `degraded`: people are served, and something behind them is not as it should be (Redis is away, a queue is
too old). Both are 200, for a balancer must not drop what serves. `not ready` is 503: nobody can be served.

The database is asked as requests ask it, over the pool of the process: a connection of its own would be refused where
requests still have theirs, and granted where they have none.
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
from django.utils import timezone
from django.views.decorators.cache import never_cache
from psycopg import sql
from psycopg_pool import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.client_address import client_address
from integrations.queues import queues_query, states_of

DATABASE_SECONDS = 1.0
REDIS_SECONDS = 0.5
# Anybody may ask, so the asking must not be a way to load the database.
REMEMBERED_SECONDS = 1.0
PENDING_SHOWN = 3

OK = "ok"
READY, DEGRADED, NOT_READY = "ready", "degraded", "not ready"
# What nobody can be served without.
NEEDED = ("database", "migrations")


def no_answer(seconds: float) -> str:
    return f"no answer within {seconds:g} s"


DATABASE_PARTS = (*NEEDED, "queues")
UNANSWERED = dict.fromkeys(DATABASE_PARTS, no_answer(DATABASE_SECONDS))
# For this transaction only: behind a pooler, the session is others' the moment after.
_LIMITS = "SELECT set_config('statement_timeout', %s, true), set_config('work_mem', '64kB', true)"
# More rows than that memory holds: PostgreSQL writes them to its disk, and fails where that is full.
_WORK = "SELECT current_setting('transaction_read_only')::boolean FROM generate_series(1, 20000) HAVING count(*) > 0"

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
        return self._answer or dict.fromkeys(self.names, no_answer(self.seconds))

    def forget(self) -> None:
        self._answer, self._asked_at = None, float("-inf")

    def _run(self) -> None:
        self._answer = self.ask()


def ask_database() -> dict[str, str]:
    """Over a connection of the process's own pool, as requests do, and leaving nothing behind on it."""
    pool = _pool()
    pool.open()
    # Each connection that broke while it lay in the pool, as all do when the server restarts, is tried once.
    for _ in range(pool.max_size):
        try:
            connection = pool.getconn(DATABASE_SECONDS)
        except psycopg.OperationalError:
            break
        try:
            return _state(connection)
        except psycopg.Error as error:
            if not connection.broken:
                unknown = dict.fromkeys(DATABASE_PARTS, "unknown")
                return unknown | {"database": f"fails: {type(error).__name__}"}
        finally:
            pool.putconn(connection)
    return UNANSWERED


def _pool() -> ConnectionPool:
    wrapper: Any = connections["default"]
    pool: ConnectionPool = wrapper.pool
    return pool


def _state(connection: psycopg.Connection) -> dict[str, str]:
    """Raises: psycopg.Error, also where the disk is full or a pooler loses what was prepared."""
    with connection.transaction():
        connection.execute(_LIMITS, [f"{DATABASE_SECONDS:g}s"])
        # The server's kind of cursor: Django's own, which the connection makes, never prepares.
        [is_read_only] = psycopg.Cursor(connection).execute(_WORK, prepare=True).fetchone() or [True]
        migrations = migrations_state(connection)
        queues = _queues_state(connection) if migrations == OK else "unknown"
        return {"database": "read-only" if is_read_only else OK, "migrations": migrations, "queues": queues}


def _queues_state(connection: psycopg.Connection) -> str:
    [now] = connection.execute("SELECT statement_timestamp()").fetchone() or [timezone.now()]
    statement, values = queues_query(now).query.sql_with_params()
    states = states_of(psycopg.Cursor(connection).execute(statement.encode(), values), at=now)
    late = [state.name for state in states if not state.is_fine]
    return f"too old: {', '.join(late)}" if late else OK


def migrations_state(connection: psycopg.Connection) -> str:
    global _all_applied
    if _all_applied:
        return OK
    table = MigrationRecorder.Migration._meta.db_table
    if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
        rows = []
    else:
        rows = connection.execute(sql.SQL("SELECT app, name FROM {}").format(sql.Identifier(table))).fetchall()
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
            client.set("readyz", "1", px=1000)
    except redis.TimeoutError:
        return {"redis": no_answer(REDIS_SECONDS)}
    except redis.ResponseError:
        return {"redis": "refuses writes"}
    except redis.RedisError:
        return {"redis": "unreachable"}
    return {"redis": OK}


PROBES = (
    Probe(ask_database, DATABASE_PARTS, DATABASE_SECONDS),
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
    state = _overall(checks)
    status = 503 if state == NOT_READY else 200
    if not is_internal(request):
        return HttpResponse(status=status)
    headers = {"X-Instance": settings.INSTANCE_ID} if settings.INSTANCE_ID else {}
    return JsonResponse({"status": state, "checks": checks}, status=status, headers=headers)


def _overall(checks: dict[str, str]) -> str:
    """Without Redis people are served, and sweeps do the work of wake-ups when it is back."""
    if any(checks[name] != OK for name in NEEDED):
        return NOT_READY
    return READY if all(state == OK for state in checks.values()) else DEGRADED


def is_internal(request: HttpRequest) -> bool:
    """Whether a request comes from this machine or a private network.

    Not internal where a proxy forwarded it and the settings know of none, or of more than forwarded it. One proxy too
    few in the settings cannot be seen here.
    """
    proxies = settings.TRUSTED_PROXY_COUNT
    hops = request.headers.get("X-Forwarded-For", "").count(",") + 1 if "X-Forwarded-For" in request.headers else 0
    seen = client_address(request, trusted_proxies=proxies)
    if seen is None or (hops and (not proxies or hops < proxies)):
        return False
    address = ipaddress.ip_address(seen)
    mapped = getattr(address, "ipv4_mapped", None)
    # Python counts Teredo's addresses as private; they are anyone's on the internet.
    return bool((mapped or address).is_private) and not getattr(address, "teredo", None)
