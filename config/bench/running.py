"""Everything that a measurement runs: PostgreSQL, Valkey, and the web servers of each database."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config.bench.databases import ROOT, environment_for, prepared
from config.bench.measure import Target
from config.bench.rows import FLOORS, OURS, TEXTBOOK
from config.bench.servers import web_server
from config.bench.subjects import Subjects
from config.bench.web_workers import STARTS, WebWorkers, first_answer, resident_mb
from config.embedded.directory import claimed
from config.embedded.postgres import running_postgres
from config.embedded.server import Server
from config.embedded.valkey import running_valkey

OUR_SETTINGS = "config.bench.settings"
_FLOOR_SETTINGS, _TEXTBOOK_SETTINGS = "config.bench.floor_settings", "config.bench.textbook_settings"
_API_READ = "GET appointments/"


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
        environment = environment_for(database=self.database, redis=self.redis, settings=OUR_SETTINGS)
        database = prepared(self.database, appointments, environment=environment, say=self.say)
        subjects = self._subjects(database)
        chosen = [row for row in OURS if row.name not in subjects.unresolved and only in row.name]
        beside = {name for row in chosen for name in (row.floor, row.textbook)}
        for kind, settings, rows in (
            ("floor", _FLOOR_SETTINGS, [row for row in FLOORS if not only or row.name in beside]),
            ("textbook", _TEXTBOOK_SETTINGS, [row for row in TEXTBOOK if row.name in beside]),
            ("ours", OUR_SETTINGS, chosen),
        ):
            if rows:
                server = self.everything.enter_context(self._server(kind, settings, database, appointments))
                self.targets += [Target(row, server.url, database, appointments, subjects) for row in rows]
                self.ours += [server] if kind == "ours" else []

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
            with self._server("start", OUR_SETTINGS, target.database, target.appointments) as server:
                workers.health_seconds.append(first_answer(f"{server.url}/healthz", {}, began=began))
                address = server.url + target.url.removeprefix(target.base)
                workers.api_seconds.append(first_answer(address, target.row.headers(target.subjects), began=began))

    @contextlib.contextmanager
    def _server(self, kind: str, settings: str, database: str, appointments: int) -> Iterator[Server]:
        environment = environment_for(database=database, redis=self.redis, settings=settings)
        log = self.var / f"{kind}-{appointments}.log"
        with web_server(f"{kind} {appointments:,}", environment, log=log, lock=self.lock) as server:
            yield server

    def _subjects(self, database: str) -> Subjects:
        command = [sys.executable, "-m", "config.bench.subjects"]
        environment = environment_for(database=database, redis=self.redis, settings=OUR_SETTINGS)
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
