"""`python -m dev.bench.apply`: how fast one worker applies stored webhooks, beside PostgreSQL's own rate.

The webhooks are as a busy group of hospitals would leave them: 2 KB each, two and a half to a visit.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import json
import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from dev.bench.applying import Applying
from dev.bench.dataset import ROOT, Dataset, copy_rows, environment_for, prepared
from dev.bench.report import machine
from dev.embedded.postgres import running_postgres
from dev.embedded.server import claimed
from dev.embedded.valkey import running_valkey

EVENTS_PER_VISIT = 2.5
NOTES = "Please ring the bell twice; the patient brings the letter of the family doctor. " * 7
_DAY = dt.timedelta(days=1)
_VISIT = dt.timedelta(minutes=30)
Told = tuple[dt.datetime, str, dict[str, Any]]
VAR = ROOT / "var" / "bench"
NAME = "applying stored webhooks"
EVENTS = 100_000
APPOINTMENTS = 10_000
Say = Callable[[str], None]


def stored_events(data: Dataset, count: int) -> Iterator[str]:
    """Rows for `COPY cal_webhooks (raw_webhook_body, body_sha256, trigger)`, in the order in which they were told."""
    rng = random.Random(count)
    visits = [_visit(data, rng) for _ in range(round(count / EVENTS_PER_VISIT * 1.1))]
    told = sorted((one for visit in visits for one in visit), key=lambda one: one[0])
    for at, trigger, payload in told[:count]:
        body = json.dumps({"triggerEvent": trigger, "createdAt": _iso(at), "payload": payload})
        digest = hashlib.sha256(body.encode()).hexdigest()
        yield f"{body.replace(chr(92), chr(92) * 2)}\t{digest}\t{trigger}\n"


def _visit(data: Dataset, rng: random.Random) -> list[Told]:
    """Booked, then perhaps moved once or twice, cancelled, or missed."""
    at = dt.datetime.combine(data.today, dt.time(), dt.UTC) + rng.random() * 30 * _DAY
    start = at + 60 * _DAY
    people = _people(data, rng)
    uid = _uid(rng)
    events = [(at, "BOOKING_CREATED", _booking(uid, start, people))]
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        at, start, old = at + rng.random() * 5 * _DAY, start + _DAY, uid
        uid = _uid(rng)
        moved = _booking(uid, start, people) | {"rescheduleUid": old, "rescheduleStartTime": _iso(start - _DAY)}
        events.append((at, "BOOKING_RESCHEDULED", moved | {"rescheduleEndTime": _iso(start - _DAY + _VISIT)}))
    at += rng.random() * 5 * _DAY
    ending = rng.random()
    if ending < 0.4:
        cancelled = _booking(uid, start, people) | {"status": "CANCELLED", "cancellationReason": "ill"}
        events.append((at, "BOOKING_CANCELLED", cancelled))
    elif ending < 0.7:
        mark = {"bookingUid": uid, "attendees": [{"email": "person@bench.example", "noShow": True}]}
        events.append((at, "BOOKING_NO_SHOW_UPDATED", mark))
    return events


def _people(data: Dataset, rng: random.Random) -> dict[str, Any]:
    """A doctor of ours, and a patient of ours four times out of five."""
    doctor = rng.randrange(len(data.doctors))
    number = rng.randrange(len(data.patients))
    phone = f"+4366{number:08}" if rng.random() < 0.8 else f"+43664{number:07}"
    person = {"timeZone": "Europe/Vienna", "language": {"locale": "en"}, "utcOffset": 60}
    return {
        "organizer": {"id": doctor + 1, "name": f"Doctor {doctor}", "email": f"doctor{doctor}@bench.example", **person},
        "attendees": [{"name": f"Patient {number}", "email": "person@bench.example", "phoneNumber": phone, **person}],
    }


def _booking(uid: str, start: dt.datetime, people: dict[str, Any]) -> dict[str, Any]:
    answers = ("name", "email", "attendeePhoneNumber", "location", "notes", "guests", "rescheduleReason")
    return {
        "type": "visit",
        "title": "Visit",
        "uid": uid,
        "bookingId": int(uid[:8], 16),
        "startTime": _iso(start),
        "endTime": _iso(start + _VISIT),
        "length": 30,
        "eventTypeId": 7,
        **people,
        "responses": {name: {"label": name, "value": "", "isHidden": False} for name in answers},
        "metadata": {"videoCallUrl": f"https://calendar.example/video/{uid}"},
        "location": "integrations:daily",
        "status": "ACCEPTED",
        "iCalUID": f"{uid}@calendar.example",
        "destinationCalendar": None,
        "cancelledBy": "person@bench.example",
        "additionalNotes": NOTES,
    }


def _uid(rng: random.Random) -> str:
    return uuid.UUID(int=rng.getrandbits(128)).hex


def _iso(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


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
