"""A simulator's disk: every change is written through, so that a killed process comes back as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

R = TypeVar("R", bound=BaseModel)

SCHEMA = """
CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
RAISE_COUNTER = """
INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)
"""


class Store:
    """JSON records by kind and key. Callers hold the world's lock: one connection serves all threads."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # What the operating system has taken survives a kill; only a power cut would need more.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)

    def load(self, kind: type[R]) -> list[R]:
        """All records of a kind, by key."""
        rows = self._db.execute("SELECT body FROM records WHERE kind = ? ORDER BY key", (kind.__name__,))
        return [kind.model_validate_json(body) for (body,) in rows]

    def put(self, records: Iterable[tuple[str, BaseModel]]) -> None:
        """Write these records in one transaction."""
        rows = [(type(record).__name__, key, record.model_dump_json()) for key, record in records]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def remove(self, kind: type[BaseModel], keys: Iterable[str]) -> None:
        self._db.execute("BEGIN")
        gone = [(kind.__name__, key) for key in keys]
        self._db.executemany("DELETE FROM records WHERE kind = ? AND key = ?", gone)
        self._db.execute("COMMIT")

    def next_id(self, name: str) -> int:
        """The next number of a series, never given twice."""
        self.raise_counter(name, 0)
        row = self._db.execute(
            "UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value", (name,)
        ).fetchone()
        return int(row[0])

    def raise_counter(self, name: str, used: int) -> None:
        """Make a series go on after a number that was brought from outside."""
        self._db.execute(RAISE_COUNTER, (name, used))

    def clear(self) -> None:
        self._db.executescript("DELETE FROM records; DELETE FROM counters;")

    def close(self) -> None:
        self._db.close()
