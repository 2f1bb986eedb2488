"""PostgreSQL: there, migrated, closed to strangers, and of one mind with our clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from config import health
from config.checks import unsecured_tables
from config.installation.registry import Finding, broken, check, ok, warning

# Sign-in codes live for minutes, and patients are told times by the minute.
CLOCK_TOLERANCE = dt.timedelta(seconds=5)
CLOCK_LIMIT = dt.timedelta(seconds=60)
SHOWN = 5


def is_there() -> bool:
    return health.ask_database()["database"] == health.OK


def database_now() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
        return now


@check("database", needs_database=False)
def database() -> Iterator[Finding]:
    state = health.ask_database()["database"]
    if state != health.OK:
        yield broken(f"The database: {state}.", "See DATABASE_URL, the server's log and its disk.")
        return
    version = connection.pg_version  # type: ignore[attr-defined]  # of PostgreSQL's backend
    yield ok(f"PostgreSQL {version // 10000}.{version % 10000} answers and takes writes.")


@check("migrations")
def migrations() -> Iterator[Finding]:
    state = health.ask_database()["migrations"]
    if state == health.OK:
        yield ok("All migrations are applied.")
    else:
        yield broken(f"Migrations: {state}.", "Run `manage.py migrate`.")


@check("row security")
def row_security() -> Iterator[Finding]:
    names = unsecured_tables()
    if not names:
        yield ok("Every table has row level security.")
        return
    shown = ", ".join(names[:SHOWN]) + (", .." if len(names) > SHOWN else "")
    yield broken(
        f"{len(names)} tables have no row level security: {shown}.",
        "Run `manage.py migrate`: it secures every table when it ends.",
    )


@check("clock", is_quick=True)
def clock() -> Iterator[Finding]:
    before = timezone.now()
    theirs = database_now()
    # Half of the time that the asking took.
    off = theirs - (before + (timezone.now() - before) / 2)
    if abs(off) <= CLOCK_TOLERANCE:
        yield ok("This machine's clock and the database's agree.")
        return
    way = "behind" if off > dt.timedelta(0) else "ahead of"
    text = f"This machine's clock is {abs(off).total_seconds():.0f} s {way} the database's."
    hint = "Let both follow the same time servers (chrony, systemd-timesyncd)."
    yield broken(text, hint) if abs(off) > CLOCK_LIMIT else warning(text, hint)
