"""Heartbeats: each worker, and beat, says every few seconds that it is at work, in PostgreSQL.

A worker's comes from its main loop, which takes messages and watches its children: one that hangs, or waits for Redis,
falls silent. Written over a connection of its own, closed again each time: the processes that workers fork must not
share one.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from socket import gethostname

import psycopg
import structlog
from django.db import connection, connections

log = structlog.get_logger(__name__)

EVERY_SECONDS = 15.0
LATE_AFTER = dt.timedelta(seconds=60)
BEAT = "beat"
CONNECT_SECONDS = 3
# Those of processes that were killed are forgotten after an hour, as are those from before the clock was set back.
_SEEN = """
WITH forgotten AS (
    DELETE FROM heartbeats
    WHERE node <> %(node)s AND seen_at NOT BETWEEN now() - interval '1 hour' AND now() + interval '1 hour'
)
INSERT INTO heartbeats (node, serves) VALUES (%(node)s, %(serves)s)
ON CONFLICT (node) DO UPDATE SET serves = EXCLUDED.serves, seen_at = EXCLUDED.seen_at
"""
_ENDED = "DELETE FROM heartbeats WHERE node = %(node)s"
_ALL = "SELECT node, serves, statement_timestamp() - seen_at FROM heartbeats ORDER BY node"


@dataclass(frozen=True, slots=True)
class Process:
    """`age` is the time since its last heartbeat: negative where the database's clock was set back."""

    node: str
    serves: tuple[str, ...]
    age: dt.timedelta

    @property
    def is_alive(self) -> bool:
        return dt.timedelta(0) <= self.age < LATE_AFTER


def beat_node() -> str:
    return f"{BEAT}@{gethostname()}"


def seen(node: str, serves: Sequence[str]) -> None:
    """Say that a process is at work. A database that does not answer is not waited for; the next one may reach it."""
    _execute(_SEEN, {"node": node, "serves": list(serves)})


def ended(node: str) -> None:
    _execute(_ENDED, {"node": node})


def processes() -> list[Process]:
    with connection.cursor() as cursor:
        cursor.execute(_ALL)
        return [Process(node, tuple(serves), age) for node, serves, age in cursor.fetchall()]


class Pulse:
    """Heartbeats of a program that has a loop of its own: one each time it asks and the last is old enough."""

    def __init__(self, node: str, serves: Sequence[str]) -> None:
        self._node = node
        self._serves = serves
        self._next_at = float("-inf")

    def beat(self) -> None:
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + EVERY_SECONDS
            seen(self._node, self._serves)

    def end(self) -> None:
        ended(self._node)


def _execute(statement: str, values: dict[str, object]) -> None:
    parameters = connections["default"].get_connection_params() | {"connect_timeout": CONNECT_SECONDS}
    try:
        with psycopg.connect(**parameters) as one:
            one.execute("SELECT set_config('statement_timeout', '2s', true)")
            one.execute(statement, values)
    except psycopg.Error as error:
        log.warning("heartbeat.lost", node=values["node"], error=type(error).__name__)
