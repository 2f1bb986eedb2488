"""The real programs around one empty data directory: PostgreSQL, Valkey, the simulator, a worker, the web server.

Nothing is scheduled: a test says when the sweeps come (`sweep`), so that it need not wait for the clock.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from socket import gethostname
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis
import requests
from celery import Celery
from django.conf import settings

from dev.embedded.postgres import postgres
from dev.embedded.server import free_port, leashed
from dev.embedded.valkey import valkey
from dev.simulators.calcom.process import SimulatorProcess, start_simulator
from dev.stack.children import answers_ok
from dev.stack.plan import BOOKINGS, CHATS, GENERAL, MESSAGES
from tests.plugins.migrated import copy_migrated_postgres

REPOSITORY = Path(__file__).resolve().parents[2]
# Not how long it takes: what else runs on the machine may take its time.
PATIENCE_SECONDS = 240
SECRET = "webhook-secret-for-tests-0123456789"
QUEUES = {"bookings": BOOKINGS, "chats": CHATS, "messages": MESSAGES}
KEYS = ("SECRET_KEY", "OTP_KEYS", "BOOKING_REFERENCE_KEYS", "AUDIT_KEYS", "VAPI_WEBHOOK_SECRET", "VAPI_API_KEY")


class Servers:
    """PostgreSQL and Valkey that can go away and come back at the same address."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: dict[str, contextlib.ExitStack] = {}
        self.database = self._start_postgres(None)
        self.redis = self._start_valkey(None)

    def stop(self, name: str) -> None:
        self._running.pop(name).close()

    def start(self, name: str) -> None:
        url = self.database if name == "postgres" else self.redis
        port = urlsplit(url).port
        (self._start_postgres if name == "postgres" else self._start_valkey)(port)

    def close(self) -> None:
        for name in list(self._running):
            self.stop(name)

    def _start_postgres(self, port: int | None) -> str:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(postgres(self._directory / "postgres", durable=False, port=port))
            self._running["postgres"] = stack.pop_all()
        return server.url

    def _start_valkey(self, port: int | None) -> str:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(valkey(self._directory / "valkey", durable=False, port=port))
            if port is not None:
                # Each start makes a new password; those who come back know the first.
                with redis.Redis.from_url(server.url) as client:
                    client.config_set("requirepass", urlsplit(self.redis).password or "")
            self._running["valkey"] = stack.pop_all()
        return server.url


@dataclass
class Stack:
    servers: Servers
    simulator: SimulatorProcess
    env: dict[str, str]
    web_port: int
    log_dir: Path
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def manage(self, *arguments: str) -> None:
        self._run("manage.py", *arguments)

    def module(self, name: str, *arguments: str) -> str:
        """What it printed."""
        return self._run("-m", name, *arguments)

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=REPOSITORY, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def start(self, *names: str, **env: str) -> None:
        """Of `web`, `worker`, `bookings`, `chats` and `messages`, all at once; `env` is for these alone."""
        for name in names:
            self._launch(name, env)
        for name in names:
            until(partial(self._answers, name))

    def _answers(self, name: str) -> bool:
        return answers_ok(f"{self.web}/healthz") if name == "web" else self._has_worker(name)

    def _launch(self, name: str, env: dict[str, str]) -> None:
        granian = (
            *("-m", "granian", "--interface", "rsgi", "config.rsgi:application", "--host", "127.0.0.1"),
            *("--port", str(self.web_port), "--workers", "1"),
        )
        celery = (
            *("-m", "celery", "-A", "config", "worker", "--loglevel", "INFO", "--concurrency", "2"),
            *("--without-gossip", "--without-mingle", *QUEUES.get(name, GENERAL)),
        )
        command = leashed([sys.executable, *(granian if name == "web" else celery)], farewell=signal.SIGKILL)
        with (self.log_dir / f"{name}.log").open("ab") as log:
            self.programs[name] = subprocess.Popen(
                command, cwd=REPOSITORY, env=self.env | env, stdout=log, stderr=log, start_new_session=True
            )

    def bring_redis_back(self) -> None:
        """As the supervisor does: Celery ends a worker that lost Redis while it held a message, and it starts anew."""
        self.servers.start("valkey")
        for name in [name for name in self.programs if name != "web"]:
            until(partial(self._is_back, name))

    def _is_back(self, name: str) -> bool:
        if self.programs[name].poll() is not None:
            self.start(name)
        return self._has_worker(name)

    def _has_worker(self, name: str) -> bool:
        node = f"{name if name in QUEUES else 'celery'}@{gethostname()}"
        # A connection kept from before Redis was stopped fails once.
        with contextlib.suppress(redis.exceptions.ConnectionError), Celery(broker=self.servers.redis) as app:
            # Named, its answer is the last that is waited for.
            return bool(app.control.ping(destination=[node], timeout=0.5))
        return False

    def kill(self, name: str) -> None:
        """-9, its children too."""
        process = self.programs.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for name in list(self.programs):
            self.kill(name)

    def sweep(self, *tasks: str) -> None:
        """What the scheduler does every few seconds."""
        with Celery(broker=self.servers.redis) as app:
            for task in tasks:
                name = f"integrations.{task}"
                app.send_task(name, ignore_result=True, **settings.CELERY_TASK_ROUTES.get(name, {}))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.servers.database, connect_timeout=5, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.simulator.url}/_simulator/{path}", json=body, timeout=120)
        assert answer.ok, answer.text
        return answer.json().get("data")


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS, every: float = 0.1) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(every)


@contextlib.contextmanager
def running_stack(directory: Path, *programs: str, retry_delay: float = 0.5) -> Iterator[Stack]:
    """`retry_delay` is how long Cal.com waits before it sends a webhook again, in seconds."""
    copy_migrated_postgres(directory / "postgres")
    with contextlib.ExitStack() as everything:
        servers = Servers(directory)
        everything.callback(servers.close)
        web_port = free_port()
        web = f"http://127.0.0.1:{web_port}"
        hook = f"{web}/webhooks/calcom/"
        state = directory / "calcom.sqlite3"
        simulator = everything.enter_context(
            start_simulator(state, webhook_url=hook, webhook_secret=SECRET, retry_delay=retry_delay)
        )
        stack = Stack(servers, simulator, environment(servers, simulator, web), web_port, directory)
        everything.callback(stack.close)
        stack.start(*programs)
        yield stack


def environment(servers: Servers, simulator: SimulatorProcess, web: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEYS", "_KEY"))}
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "DATABASE_URL": servers.database,
        "REDIS_URL": servers.redis,
        "PUBLIC_BASE_URL": web,
        "CALCOM_API_URL": simulator.url,
        "CALCOM_API_KEY": simulator.api_key,
        "CALCOM_ORG_ID": str(simulator.org_id),
        "CALCOM_WEBHOOK_SECRET": SECRET,
        "PYTHONUNBUFFERED": "1",
        **{name: f"{name.lower()}-0123456789abcdef0123456789abcdef" for name in KEYS},
    }


def differing(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    """A few of what only one of them has."""
    return sorted(set(left) ^ set(right), key=str)[:5]
