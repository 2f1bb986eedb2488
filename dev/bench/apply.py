"""`python -m dev.bench.apply`: how fast one worker applies stored webhooks, beside PostgreSQL's own rate."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable

import psycopg

from dev.bench.applying import Applying
from dev.bench.dataset import ROOT, Dataset, copy_rows, environment_for, prepared
from dev.bench.events import stored_events
from dev.bench.report import machine
from dev.embedded.postgres import running_postgres
from dev.embedded.server import claimed
from dev.embedded.valkey import running_valkey

VAR = ROOT / "var" / "bench"
NAME = "applying stored webhooks"
EVENTS = 100_000
APPOINTMENTS = 10_000
Say = Callable[[str], None]


def measure(server: str, redis: str, *, events: int, appointments: int, say: Say) -> Applying:
    """Fill two databases alike and let one worker apply what is stored in the first."""
    environment = environment_for(database=server, redis=redis)
    filled = prepared(server, appointments, environment=environment, say=say)
    first = _database(server, "apply_first", filled)
    data = Dataset(appointments, today=dt.datetime.now(dt.UTC).date())
    with psycopg.connect(first) as connection:
        connection.execute("TRUNCATE cal_webhooks")  # what other rows of the bench have stored
        columns = "raw_webhook_body, body_sha256, trigger"
        copy_rows(connection, f"COPY cal_webhooks ({columns}) FROM STDIN", stored_events(data, events))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE) cal_webhooks")
    second = _database(server, "apply_second", first)
    say(f"Stored {events:,} webhooks twice. Applying.")
    command = [sys.executable, "-m", "dev.bench.applying", second, str(events)]
    ours = environment_for(database=first, redis=redis)
    made = subprocess.run(command, cwd=ROOT, env=ours, check=True, stdout=subprocess.PIPE, text=True)
    _check(first, second)
    return Applying(**json.loads(made.stdout))


def report(done: Applying) -> list[str]:
    rate, bare = done.events / done.seconds, done.events / done.bare_seconds
    memory = f"{done.memory_mb[0]:.0f} MB after a tenth, {done.memory_mb[-1]:.0f} MB at the end"
    return [
        f"{NAME}: {done.events:,} in {done.seconds:.1f} s, {rate:,.0f}/s on one worker",
        f"PostgreSQL alone, the same writes: {bare:,.0f}/s; ours is {rate / bare:.2f} of that",
        f"memory of the worker: {memory}",
    ]


def _database(server: str, name: str, template: str) -> str:
    base = server.rpartition("/")[0]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.rpartition("/")[2]}"')
    return f"{base}/{name}"


def _check(first: str, second: str) -> None:
    """Both hold the same visits, and everything stored has been applied."""
    asked = (
        "SELECT (SELECT count(*) FROM cal_webhooks WHERE status <> 'PROCESSED'), count(*),"
        " md5(string_agg(concat_ws('|', id, cal_booking_id, start_ts, status, patient_id, no_show), ',' ORDER BY id))"
        " FROM appointments"
    )
    found = []
    for address in (first, second):
        with psycopg.connect(address) as connection:
            found.append(connection.execute(asked).fetchone())
    if found[0] != found[1] or not found[0] or found[0][0]:
        raise SystemExit(f"The two databases differ, or something was not applied: {found}")


def run(*, events: int, appointments: int, say: Say) -> Applying:
    with contextlib.ExitStack() as everything:
        everything.enter_context(claimed(VAR))
        redis = everything.enter_context(running_valkey(VAR / "valkey", durable=False))
        server = everything.enter_context(running_postgres(VAR / "postgres", durable=True))
        return measure(server, redis, events=events, appointments=appointments, say=say)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench.apply")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--appointments", type=int, default=APPOINTMENTS, help="what is there before")
    options = parser.parse_args()
    done = run(events=options.events, appointments=options.appointments, say=print)
    print("\n".join([*report(done), machine()]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
