"""The servers under test: as many workers and threads as in production, on loopback."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from config.embedded.ports import LOOPBACK, free_port
from config.embedded.server import Server, start_leashed

WORKERS = 2
THREADS = 3
READY_SECONDS = 40
# As in the image.
_AS_INSTALLED = {"PYTHONPATH": str(Path(__file__).with_name("as_installed")), "MALLOC_ARENA_MAX": "2"}


@contextlib.contextmanager
def web_server(name: str, environment: Mapping[str, str], *, log: Path, lock: int) -> Iterator[Server]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"),
        *("--host", LOOPBACK, "--port", str(port), "--no-ws"),
        *("--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--workers-kill-timeout", "5"),
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
