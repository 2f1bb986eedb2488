"""Everything that a measurement runs: PostgreSQL, Valkey, and the web servers of each database."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from dev.bench.dataset import ROOT, environment_for, prepared
from dev.bench.measure import Target
from dev.bench.rows import FLOORS, OURS, TEXTBOOK, WrongAnswer
from dev.bench.subjects import Subjects
from dev.embedded.postgres import running_postgres
from dev.embedded.server import LOOPBACK, Server, claimed, free_port, start_leashed
from dev.embedded.valkey import running_valkey

STARTS = 5
MOST_FIRST_SECONDS, MOST_RESIDENT_MB = 2.0, 120
POLL_SECONDS = 0.01
WORKERS = 2
READY_SECONDS = 40
# As in the image.
_AS_INSTALLED = {"PYTHONPATH": str(Path(__file__).with_name("as_installed")), "MALLOC_ARENA_MAX": "2"}
_API_READ = "GET appointments/"


@dataclass(slots=True)
class WebWorkers:
    """Of each start, seconds until the first 200; of each worker, resident megabytes after the API's load and last."""

    health_seconds: list[float] = field(default_factory=list)
    api_seconds: list[float] = field(default_factory=list)
    after_api_mb: list[float] = field(default_factory=list)
    after_all_mb: list[float] = field(default_factory=list)

    def lines(self) -> list[str]:
        made = []
        if self.api_seconds:
            health, api = statistics.median(self.health_seconds), statistics.median(self.api_seconds)
            made.append(
                f"First answer after a web server's start: /healthz {health:.2f} s, the API {api:.2f} s "
                f"({_verdict(max(health, api) <= MOST_FIRST_SECONDS)}, at most {MOST_FIRST_SECONDS:g} s)"
            )
        for when, held in (("after the API's load", self.after_api_mb), ("at the end", self.after_all_mb)):
            if held:
                made.append(
                    f"Resident memory of the largest web worker {when}: {max(held):.0f} MB "
                    f"({_verdict(max(held) < MOST_RESIDENT_MB)}, under {MOST_RESIDENT_MB} MB)"
                )
        return made


def first_answer(url: str, headers: dict[str, str], *, began: float) -> float:
    """Seconds from `began`, a reading of the monotonic clock, until the address answers 200.

    Raises: WrongAnswer
    """
    while time.monotonic() - began < READY_SECONDS:
        try:
            answer = requests.get(url, headers=headers, timeout=READY_SECONDS)
        except requests.ConnectionError:
            time.sleep(POLL_SECONDS)
            continue
        if answer.status_code != 200:
            raise WrongAnswer(f"first answer of {url}: status {answer.status_code} instead of 200")
        return time.monotonic() - began
    raise WrongAnswer(f"{url}: no answer within {READY_SECONDS} s of the start")


def resident_mb(server: Server) -> Sequence[float]:
    """Of each worker: the processes that have none below them."""
    below = psutil.Process(server.process.pid).children(recursive=True)
    return [one.memory_info().rss / 1024 / 1024 for one in below if not one.children() and _is_worker(one)]


def _is_worker(process: psutil.Process) -> bool:
    # Python's own helper of the multiprocessing module is a child of the server too.
    return "resource_tracker" not in " ".join(process.cmdline())


def _verdict(holds: bool) -> str:
    return "holds" if holds else "MISSED"


@contextlib.contextmanager
def web_server(name: str, environment: Mapping[str, str], *, log: Path, lock: int) -> Iterator[Server]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "rsgi", "config.rsgi:application"),
        *("--host", LOOPBACK, "--port", str(port), "--no-ws"),
        *("--workers", str(WORKERS), "--workers-kill-timeout", "5"),
    ]
    process = start_leashed(command, log=log, farewell=signal.SIGTERM, lock=lock, env={**environment, **_AS_INSTALLED})
    server = Server(name, f"http://{LOOPBACK}:{port}", process, log, (signal.SIGTERM,))
    try:
        server.wait_until(lambda: _accepts(port), seconds=READY_SECONDS)
        yield server
    finally:
        server.stop()


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), 1).close()
    except OSError:
        return False
    return True


@dataclass(slots=True)
class Running:
    """`ours` are our web servers, one a database."""

    everything: contextlib.ExitStack
    var: Path
    lock: int
    database: str
    redis: str
    say: Callable[[str], None]
    targets: list[Target] = field(default_factory=list)
    ours: list[Server] = field(default_factory=list)

    def add(self, appointments: int, *, only: str) -> None:
        """A database of this size, filled where it is not there yet, and the servers before it."""
        environment = environment_for(database=self.database, redis=self.redis)
        database = prepared(self.database, appointments, environment=environment, say=self.say)
        subjects = self._subjects(database)
        chosen = [row for row in OURS if row.name not in subjects.unresolved and only in row.name]
        beside = {name for row in chosen for name in (row.floor, row.textbook)}
        for serves, rows in (
            ("floor", [row for row in FLOORS if not only or row.name in beside]),
            ("textbook", [row for row in TEXTBOOK if row.name in beside]),
            ("ours", chosen),
        ):
            if rows:
                server = self.everything.enter_context(self._server(serves, database, appointments))
                self.targets += [Target(row, server.url, database, appointments, subjects) for row in rows]
                self.ours += [server] if serves == "ours" else []

    def resident_mb(self) -> list[float]:
        """Of each worker of ours."""
        return [mb for server in self.ours for mb in resident_mb(server)]

    def starts(self, workers: WebWorkers) -> None:
        """How soon new web servers answer."""
        target = next((one for one in self.targets if one.row.name == _API_READ), None)
        if target is None:
            return
        for _ in range(STARTS):
            began = time.monotonic()
            with self._server("ours", target.database, target.appointments, name="start") as server:
                workers.health_seconds.append(first_answer(f"{server.url}/healthz", {}, began=began))
                address = server.url + target.url.removeprefix(target.base)
                workers.api_seconds.append(first_answer(address, target.row.headers(target.subjects), began=began))

    @contextlib.contextmanager
    def _server(self, serves: str, database: str, appointments: int, *, name: str = "") -> Iterator[Server]:
        environment = environment_for(database=database, redis=self.redis, serves=serves)
        log = self.var / f"{name or serves}-{appointments}.log"
        with web_server(f"{name or serves} {appointments:,}", environment, log=log, lock=self.lock) as server:
            yield server

    def _subjects(self, database: str) -> Subjects:
        command = [sys.executable, "-m", "dev.bench.subjects"]
        environment = environment_for(database=database, redis=self.redis)
        made = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        subjects = Subjects(**json.loads(made.stdout))
        for name, reason in subjects.unresolved.items():
            self.say(f"Not measured: {name}: {reason}.")
        return subjects


def running(everything: contextlib.ExitStack, var: Path, *, say: Callable[[str], None]) -> Running:
    lock = everything.enter_context(claimed(var))
    redis = everything.enter_context(running_valkey(var / "valkey", durable=False))
    database = everything.enter_context(running_postgres(var / "postgres", durable=True))
    return Running(everything, var, lock, database, redis, say)
