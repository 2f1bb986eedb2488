"""PgBouncer in transaction mode before a PostgreSQL: for tests. It is the system's own, where that has one."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from dev.embedded.server import LOOPBACK, Server, ServerProblem, claimed, on_free_port, start_leashed

READY_SECONDS = 20
# Few server connections, so that transactions of one client do meet several.
CONFIGURATION = """
[databases]
* = host={host} port={database_port}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {directory}/users.txt
pool_mode = transaction
default_pool_size = 4
reserve_pool_size = 0
max_client_conn = 200
server_round_robin = 1
log_connections = 0
log_disconnections = 0
"""


def is_installed() -> bool:
    return _binary() is not None


@contextlib.contextmanager
def running_pgbouncer(directory: Path, database_url: str) -> Iterator[str]:
    """Run PgBouncer with its files in `directory`, made if absent; yields the DATABASE_URL that leads through it.

    Raises: ServerProblem
    """
    binary = _binary()
    if binary is None:
        raise ServerProblem("there is no pgbouncer here. Hint: apt-get install pgbouncer")
    with claimed(directory) as lock:
        start = partial(_start, binary, directory, database_url, lock=lock)
        server = on_free_port(start, None)
        try:
            yield server.url
        finally:
            server.stop()


def _binary() -> str | None:
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")


def _start(binary: str, directory: Path, database_url: str, *, lock: int, port: int) -> Server:
    given = urlsplit(database_url)
    configuration = CONFIGURATION.format(host=LOOPBACK, port=port, database_port=given.port, directory=directory)
    for name, text in (("pgbouncer.ini", configuration), ("users.txt", f'"{given.username}" "{given.password}"\n')):
        (directory / name).touch(mode=0o600)
        (directory / name).write_text(text)
    log = directory / "server.log"
    command = [binary, str(directory / "pgbouncer.ini")]
    process = start_leashed(command, log=log, farewell=signal.SIGINT, lock=lock, own=directory)
    url = urlunsplit(given._replace(netloc=f"{given.username}:{given.password}@{LOOPBACK}:{port}"))
    server = Server("PgBouncer", url, process, log, (signal.SIGINT, signal.SIGTERM))
    server.wait_until(partial(_answers, url), seconds=READY_SECONDS)
    return server


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url.rpartition("/")[0] + "/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
