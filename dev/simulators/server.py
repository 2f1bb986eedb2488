"""A simulator as a process: served on 127.0.0.1 until told to stop, and started for as long as a block lasts."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


R = TypeVar("R", bound=BaseModel)
SCHEMA = """
CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
RAISE_COUNTER = """
INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)
"""
HOST = "127.0.0.1"
READY = "ready "
STOP_TIMEOUT_SECONDS = 5
HTML = "<!doctype html><title>Error</title><h1>The page of some proxy</h1>"


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


class QuietHandler(WSGIRequestHandler):
    """Paths may carry what opens something without a sign-in: nothing is printed per request."""

    def log(self, type: str, message: str, *args: object) -> None:
        del type, message, args


def serve(app: WSGIApplication, port: int) -> None:
    """Print `ready http://127.0.0.1:PORT` and answer until SIGTERM or SIGINT."""
    server = make_server(HOST, port, app, threaded=True, request_handler=QuietHandler)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the loop that this very thread runs.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"{READY}http://{HOST}:{server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()


@contextmanager
def running(module: str, arguments: Sequence[str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A simulator's address and process, which ends with the block. Raises: RuntimeError if it cannot start."""
    command = [sys.executable, "-m", module, *arguments]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
    try:
        yield _ready_url(module, process), process
    finally:
        _stop(process)


def _ready_url(module: str, process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line.startswith(READY):
        raise RuntimeError(f"{module} ended with code {process.wait()}")
    return line.removeprefix(READY)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def html_page(status: int = 200) -> Response:
    return Response(HTML, status, mimetype="text/html")


def half_of(response: Response) -> Response:
    """It promises the whole length, and ends in the middle."""
    whole = response.get_data()
    half = Response(whole[: len(whole) // 2], response.status_code, mimetype="application/json")
    half.automatically_set_content_length = False
    half.headers["Content-Length"] = str(len(whole))
    return half


def hung_up(request: Request) -> Response:
    # The caller sees the connection end without an answer; what is returned here is written to nobody.
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
