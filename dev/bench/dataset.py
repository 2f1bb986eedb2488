"""The measured data: people and visits in proportion to the number of appointments, written by COPY.

Whatever the size, the subjects are the same: the first patient has as many visits, the first doctor as full a day, the
first hospital as long a queue. So a page shows the same in a small and in a large database, and what differs is size.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

VISITS_PER_PATIENT = 5
VISITS_PER_DOCTOR = 500
DOCTORS_PER_HOSPITAL = 40
VISITS_A_DAY = 10
DAYS_BACK = 40
SUBJECT_VISITS = 40
QUEUE = 40
PHARMACISTS_PER_HOSPITAL = 2
PRESCRIPTIONS_PER_VISIT = 0.1
TALKS_PER_VISIT = 0.1
ROWS_AT_ONCE = 5_000
NULL = r"\N"
MEDICATIONS = json.dumps(
    [
        {
            "name": "Lisinopril",
            "strength": "10 mg",
            "dose": "1 tablet",
            "route": "oral",
            "frequency": "once a day",
            "duration_days": 90,
            "quantity": 90,
            "refills": 3,
            "as_needed": False,
        }
    ]
)
Table = tuple[str, str, Iterator[str]]
ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Dataset:
    """Ids are random, as in life: a row's neighbours in the index are strangers."""

    appointments: int
    today: dt.date
    hospitals: list[str] = field(default_factory=list)
    doctors: list[str] = field(default_factory=list)
    pharmacists: list[str] = field(default_factory=list)
    admins: list[str] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = random.Random(self.appointments)
        doctors = max(20, self.appointments // VISITS_PER_DOCTOR)
        hospitals = max(2, doctors // DOCTORS_PER_HOSPITAL)
        self.hospitals = _ids(rng, hospitals)
        self.doctors = _ids(rng, doctors)
        self.pharmacists = _ids(rng, hospitals * PHARMACISTS_PER_HOSPITAL)
        self.patients = _ids(rng, self.appointments // VISITS_PER_PATIENT)
        self.admins = _ids(rng, hospitals)

    def hospital_of(self, index: int) -> str:
        return self.hospitals[index % len(self.hospitals)]


def fill(connection: psycopg.Connection, data: Dataset) -> None:
    """Load an empty, migrated database. Triggers and foreign keys are off while it lasts."""
    connection.execute("SET session_replication_role = replica")
    for table, columns, rows in tables(data):
        copy_rows(connection, f"COPY {table} ({columns}) FROM STDIN", rows)
    connection.execute("SET session_replication_role = origin")
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE)")


def copy_rows(connection: psycopg.Connection, statement: str, rows: Iterable[str]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        batch: list[str] = []
        for row in rows:
            batch.append(row)
            if len(batch) == ROWS_AT_ONCE:
                copy.write("".join(batch))
                batch.clear()
        copy.write("".join(batch))


def tables(data: Dataset) -> Iterator[Table]:
    """Of each table its name, its columns, and its rows as COPY reads them."""
    yield from _people(data)
    yield from _calendars(data)
    yield from _records(data)


def _people(data: Dataset) -> Iterator[Table]:
    yield (
        "hospitals",
        "id, name, time_zone",
        (f"{pk}\tHospital {n}\tEurope/Vienna\n" for n, pk in enumerate(data.hospitals)),
    )
    yield "users", "id, phone, role, email, hospital_id", _users(data)
    yield "profiles", "user_id, full_name", _profiles(data)
    yield (
        "doctors",
        "user_id, hospital_id, specialty",
        (f"{pk}\t{data.hospital_of(n)}\tCardiology\n" for n, pk in enumerate(data.doctors)),
    )
    for table, ids in (("pharmacists", data.pharmacists), ("hospital_admins", data.admins)):
        yield table, "user_id, hospital_id", (f"{pk}\t{data.hospital_of(n)}\n" for n, pk in enumerate(ids))
    yield "patients", "user_id", (f"{pk}\n" for pk in data.patients)


def _calendars(data: Dataset) -> Iterator[Table]:
    yield (
        "doctor_availability",
        "doctor_id, day_of_week, start_time, end_time",
        (f"{pk}\t{day}\t08:00\t16:00\n" for pk in data.doctors for day in range(1, 8)),
    )
    yield (
        "cal_links",
        "doctor_id, cal_user_id, cal_schedule_id, cal_event_type_id",
        (f"{pk}\t{n}\t{n}\t{n}\n" for n, pk in enumerate(data.doctors, start=1)),
    )
    yield (
        "appointments",
        (
            "id, cal_booking_id, patient_id, doctor_id, hospital_id, start_ts, end_ts, status, cal_status,"
            " patient_match, cal_raw_payload, created_at"
        ),
        _appointments(data),
    )
    yield (
        "appointment_bookings",
        (
            "uid, booking_id, appointment_id, status, status_at, start_ts, end_ts, times_at, organizer_id,"
            " organizer_at, attendee_name, reference, attendee_at"
        ),
        _bookings(data),
    )


def _records(data: Dataset) -> Iterator[Table]:
    yield (
        "prescriptions",
        "id, patient_id, doctor_id, hospital_id, medications, status, pharmacist_id, created_at, completed_at",
        _prescriptions(data),
    )
    yield "ai_sessions", "id, patient_id, hospital_id, source, summary, start_time, ended_at", _talks(data)
    yield (
        "access_events",
        "at, actor_id, actor_role, action, patient_id, object_kind, object_id, hospital_id, surface",
        _openings(data),
    )


def _users(data: Dataset) -> Iterator[str]:
    for n, pk in enumerate(data.doctors):
        yield f"{pk}\t{NULL}\tDOCTOR\tdoctor{n}@bench.example\t{data.hospital_of(n)}\n"
    for n, pk in enumerate(data.pharmacists):
        yield f"{pk}\t{NULL}\tPHARMACIST\tpharmacist{n}@bench.example\t{data.hospital_of(n)}\n"
    for n, pk in enumerate(data.admins):
        yield f"{pk}\t{NULL}\tHOSPITAL_ADMIN\tadmin{n}@bench.example\t{data.hospital_of(n)}\n"
    for n, pk in enumerate(data.patients):
        yield f"{pk}\t4366{n:08}\tPATIENT\t{NULL}\t{NULL}\n"


def _profiles(data: Dataset) -> Iterator[str]:
    for kind, ids in (
        ("Doctor", data.doctors),
        ("Pharmacist", data.pharmacists),
        ("Admin", data.admins),
        ("Patient", data.patients),
    ):
        for n, pk in enumerate(ids):
            yield f"{pk}\t{kind} Number{n}\n"


def _visits(data: Dataset) -> Iterator[tuple[str, int, int, str, str, str]]:
    """Id, doctor's and patient's index, start, end and booking time; in random order of ids."""
    rng = random.Random(data.appointments + 1)
    times = [_times(data.today, visit) for visit in range(1 + data.appointments // len(data.doctors))]
    every = data.appointments // SUBJECT_VISITS
    for n in range(data.appointments):
        doctor, visit = n % len(data.doctors), n // len(data.doctors)
        patient = 0 if n % every == 0 else (n * 101 + 7) % len(data.patients)
        yield f"{rng.getrandbits(128):032x}", doctor, patient, *times[visit]


def _times(today: dt.date, visit: int) -> tuple[str, str, str]:
    day = today + dt.timedelta(days=visit // VISITS_A_DAY - DAYS_BACK)
    start = dt.datetime.combine(day, dt.time(7), dt.UTC) + dt.timedelta(minutes=30 * (visit % VISITS_A_DAY))
    booked = start - dt.timedelta(days=9)
    return start.isoformat(), (start + dt.timedelta(minutes=30)).isoformat(), booked.isoformat()


def _appointments(data: Dataset) -> Iterator[str]:
    today = data.today.isoformat()
    for pk, doctor, patient, start, end, booked in _visits(data):
        status = "COMPLETED" if start < today else "SCHEDULED"
        payload = f'{{"uid": "{pk}", "title": "Visit", "startTime": "{start}", "endTime": "{end}"}}'
        yield (
            f"{pk}\t{pk}\t{data.patients[patient]}\t{data.doctors[doctor]}\t{data.hospital_of(doctor)}\t{start}\t{end}"
            f"\t{status}\taccepted\treference\t{payload}\t{booked}\n"
        )


def _bookings(data: Dataset) -> Iterator[str]:
    for number, (pk, doctor, patient, start, end, booked) in enumerate(_visits(data), start=1):
        yield (
            f"{pk}\t{number}\t{pk}\taccepted\t{booked}\t{start}\t{end}\t{booked}\t{doctor + 1}\t{booked}"
            f"\tPatient Number{patient}\t{data.patients[patient]}\t{booked}\n"
        )


def _prescriptions(data: Dataset) -> Iterator[str]:
    rng = random.Random(data.appointments + 2)
    waiting = QUEUE * len(data.hospitals)
    noon = dt.datetime.combine(data.today, dt.time(12), dt.UTC)
    for n in range(max(waiting, int(data.appointments * PRESCRIPTIONS_PER_VISIT))):
        doctor, patient = n % len(data.doctors), (n * 37) % len(data.patients)
        is_open = n < waiting
        written = noon - dt.timedelta(minutes=(n % 600) if is_open else 1500 + n % 60_000)
        status = f"PENDING\t{NULL}" if is_open else f"COMPLETED\t{data.pharmacists[doctor % len(data.hospitals)]}"
        done = NULL if is_open else (written + dt.timedelta(hours=5)).isoformat()
        yield (
            f"{rng.getrandbits(128):032x}\t{data.patients[patient]}\t{data.doctors[doctor]}\t{data.hospital_of(doctor)}"
            f"\t{MEDICATIONS}\t{status}\t{written.isoformat()}\t{done}\n"
        )


def _talks(data: Dataset) -> Iterator[str]:
    rng = random.Random(data.appointments + 3)
    noon = dt.datetime.combine(data.today, dt.time(12), dt.UTC)
    for n in range(int(data.appointments * TALKS_PER_VISIT)):
        began = noon - dt.timedelta(minutes=n % 60_000)
        source, patient = "APP" if n % 2 else "PHONE_CALL", data.patients[n * 13 % len(data.patients)]
        yield (
            f"{rng.getrandbits(128):032x}\t{patient}\t{data.hospital_of(n)}\t{source}"
            f"\tAsked for a visit.\t{began.isoformat()}\t{(began + dt.timedelta(minutes=4)).isoformat()}\n"
        )


def _openings(data: Dataset) -> Iterator[str]:
    """Each visit's record opened once, in the order of time in which the log grows."""
    noon = dt.datetime.combine(data.today, dt.time(12), dt.UTC)
    span = dt.timedelta(days=DAYS_BACK) / data.appointments
    for n in range(data.appointments):
        doctor, patient = n % len(data.doctors), data.patients[n * 101 % len(data.patients)]
        at = noon - span * (data.appointments - n)
        yield (
            f"{at.isoformat()}\t{data.doctors[doctor]}\tDOCTOR\topened_patient\t{patient}\tpatient\t{patient}"
            f"\t{data.hospital_of(doctor)}\tstaff\n"
        )


def _ids(rng: random.Random, count: int) -> list[str]:
    return [f"{rng.getrandbits(128):032x}" for _ in range(count)]


def prepared(server_url: str, appointments: int, *, environment: dict[str, str], say: Callable[[str], None]) -> str:
    """The address of a filled database of this size on the server; filled first where it is not there."""
    name = f"bench_{appointments}_{_schema_hash()}"
    url = f"{server_url.rpartition('/')[0]}/{name}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        names = {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
        if name in names:
            return url
        for old in _outdated(names):
            connection.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
        draft = f"draft_{name}"
        connection.execute(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{draft}"')
    began = time.monotonic()
    _make(f"{server_url.rpartition('/')[0]}/{draft}", appointments, environment)
    with psycopg.connect(server_url, autocommit=True) as connection:
        # What bears the name is whole.
        connection.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    say(f"Loaded {appointments:,} appointments in {time.monotonic() - began:.1f} s.")
    return url


def _make(url: str, appointments: int, environment: dict[str, str]) -> None:
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(migrate, cwd=ROOT, env={**environment, "DATABASE_URL": url}, check=True)
    with psycopg.connect(url) as connection:
        fill(connection, Dataset(appointments, today=dt.datetime.now(dt.UTC).date()))


def _outdated(names: set[str]) -> Iterator[str]:
    current = _schema_hash()
    return (name for name in names if name.startswith("bench_") and not name.endswith(current))


def _schema_hash() -> str:
    digest = hashlib.sha256()
    migrations = sorted(path for path in ROOT.glob("*/migrations/*.py") if ".venv" not in path.parts)
    for path in [*migrations, Path(__file__).with_name("dataset.py")]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def environment_for(*, database: str, redis: str, serves: str = "ours") -> dict[str, str]:
    """What a process of the bench gets; `serves` is one of those that `dev.bench.settings` names."""
    own = {"DATABASE_URL": database, "REDIS_URL": redis, "BENCH_SERVES": serves}
    return {**os.environ, **own, "DJANGO_SETTINGS_MODULE": "dev.bench.settings"}
