"""Loads the demo: two hospitals that nobody could take for real ones, repeatable for a given moment.

The calendar first, over HTTP; then every row in one transaction; then the calendar's bookings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Max

from accounts.models import AccessEvent, AuditCut, AuditSeal, User
from accounts.roles import STAFF_ROLES
from dev.demo import access_log, incidents, notices, prescriptions, talks, traffic
from dev.demo.absences import Absence, absences_of
from dev.demo.bookings import Bookings, Builder, imports
from dev.demo.calendar import Calendar, connect, running_simulator
from dev.demo.copying import Copied, Snapshot, copy_rows, history, without_triggers
from dev.demo.patients_of_visits import give_visits
from dev.demo.people import House, People, availability
from dev.demo.visits import Visit, plan_visits
from hospitals.models import DoctorAvailability, Hospital
from integrations.models import VapiNumber

# By the hospital's zone. Vienna's has no range for fiction; New York's is one of 555-01xx that no patient has.
ASSISTANT_NUMBERS = {"Europe/Vienna": "43155550100", "America/New_York": "12125550199"}
PASSWORD = "storybook-lantern-42"
STEPS = ("people", "calendar", "visits", "prescriptions", "talks", "log", "storing", "booking")
# The access log is only ever added to.
KEPT = (AccessEvent, AuditSeal, AuditCut)
FILLED_BY_MIGRATE = ("django_migrations", "django_content_type", "auth_permission")

Report = Callable[[str], None]


class DemoRefused(Exception):
    """Not here, or not now; the text says why."""

    code = "demo_refused"


@dataclass(frozen=True, slots=True, repr=False)
class Demo:
    people: People
    bookings: Bookings
    prescriptions: prescriptions.Prescriptions
    talks: talks.Talks
    notices: notices.Notices
    incidents: incidents.Incidents
    traffic: traffic.Traffic
    log: list[Snapshot]
    calendar: Calendar

    @property
    def houses(self) -> list[House]:
        return self.people.houses


def is_empty() -> bool:
    return not Hospital.objects.exists()


def load(*, at: dt.datetime, report: Report = lambda _: None) -> Demo:
    """Fill an empty database; `report` is told each of STEPS as it begins.

    Raises: DemoRefused, and what the calendar's client raises.
    """
    refuse_outside_development()
    if not is_empty():
        raise DemoRefused("There are hospitals already. Nothing was loaded.")
    report("people")
    people = People(at=at, password=make_password(PASSWORD))
    absences = [absence for house in people.houses for absence in absences_of(house, at=at)]
    report("calendar")
    simulator = running_simulator()
    connected = connect(people.houses, absences, simulator, at=at) if simulator else Calendar()
    demo = _made(people, absences, connected, at=at, report=report)
    report("storing")
    _store(demo)
    report("booking")
    if simulator:
        simulator.import_bookings(imports(demo.bookings, connected.event_types))
    return demo


@transaction.atomic
def empty() -> None:
    """Delete everything but the access log. Raises: DemoRefused outside development."""
    refuse_outside_development()
    kept = {model._meta.db_table for model in KEPT}
    with connection.cursor() as cursor:
        # Sign-ins and the admin's log name the people too, so they go; what `migrate` fills stays.
        tables = set(connection.introspection.table_names(cursor)) - kept - set(FILLED_BY_MIGRATE)
        quoted = ", ".join(connection.ops.quote_name(table) for table in sorted(tables))
        cursor.execute(f"TRUNCATE {quoted} RESTART IDENTITY")


def refuse_outside_development() -> None:
    if not settings.DEBUG:
        raise DemoRefused(
            "Demo data are for development only: the settings in use have DEBUG off. Nothing was changed."
        )


def _made(people: People, absences: list[Absence], connected: Calendar, *, at: dt.datetime, report: Report) -> Demo:
    report("visits")
    visits = plan_visits(people.houses, absences, at=at)
    give_visits(people.houses, visits, at=at)
    booked = Builder(at=at, organizers=connected.organizers).build(visits)
    rows = booked.appointments
    report("prescriptions")
    written = prescriptions.Builder(at=at).build(people.houses, visits)
    report("talks")
    held = talks.Builder(at=at).build(people.houses, visits, rows)
    told = notices.Builder(at=at).build(people.houses, visits, rows)
    happened = incidents.Builder(people, at=at).build(absences, visits, rows)
    arrived = traffic.build(booked, held.rows, at=at) if connected.links else traffic.Traffic()
    report("log")
    log = access_log.Builder(people, at=at).build(
        visits, rows, written.rows, held.rows, happened.time_off, happened.decisions, happened.grants
    )
    return Demo(people, booked, written, held, told, happened, arrived, log, connected)


@transaction.atomic
def _store(demo: Demo) -> None:
    people, houses = demo.people, demo.houses
    staff = [*people.left, *(member for house in houses for member in house.staff)]
    everyone: list[User] = [people.operator.user, *(member.user for member in staff)]
    hours = _with_ids([window for house in houses for window in availability(house)])
    with without_triggers():
        _copy([house.hospital for house in houses])
        _copy(everyone, [person.user for person in people.patients])
        _copy([people.operator.profile, *(one.profile for one in staff)])
        _copy([person.profile for person in people.patients])
        for role in STAFF_ROLES:
            _copy([member.post for member in staff if member.post and member.user.role == role])
        _copy([person.patient for person in people.patients])
        _copy(hours, [history(window, people.since, "insert") for window in hours])
        _copy(demo.calendar.links)
        _copy(demo.talks.rows, demo.talks.history)
        _copy(demo.bookings.appointments, _visit_history(demo.bookings))
        _copy(demo.bookings.rows)
        _copy(demo.bookings.requests)
        _copy(demo.prescriptions.rows, demo.prescriptions.history)
        _copy(demo.prescriptions.messages)
        _copy([_number(house, people.since) for house in houses])
        _store_the_rest(demo)


def _store_the_rest(demo: Demo) -> None:
    happened, arrived = demo.incidents, demo.traffic
    _copy(happened.time_off)
    _copy(happened.decisions)
    _copy(demo.notices.reminders)
    _copy(demo.notices.messages, happened.messages)
    _copy(happened.requests)
    _copy(happened.devices)
    _copy(happened.grants)
    _copy(happened.erasures)
    _copy(arrived.webhooks)
    _copy(arrived.runs)
    _copy(arrived.calls)
    # The log of a demo before this one is still there: it goes on from its end.
    last = AccessEvent.objects.aggregate(last=Max("at"))["last"]
    _copy([event for event in demo.log if last is None or event.at > last])


def _number(house: House, since: dt.datetime) -> VapiNumber:
    """Where the assistant answers for the hospital."""
    return VapiNumber(number=ASSISTANT_NUMBERS[house.zone.key], hospital=house.hospital, created_at=since)


def _copy(*batches: Sequence[Copied]) -> None:
    for batch in batches:
        copy_rows(batch)


def _with_ids(windows: list[DoctorAvailability]) -> list[DoctorAvailability]:
    """Numbers from the column's sequence: the history's rows need them before the rows are there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('doctor_availability', 'id')) FROM generate_series(1, %s)",
            [len(windows)],
        )
        for window, (number,) in zip(windows, cursor.fetchall(), strict=True):
            window.pk = number
    return windows


def _visit_history(booked: Bookings) -> list[Snapshot]:
    """Each visit as it was booked, and as it is now where something became of it."""
    events: list[Snapshot] = []
    for visit, row, chain in zip(booked.visits, booked.appointments, booked.chains, strict=True):
        fresh: dict[str, Any] = {
            "status": "SCHEDULED",
            "cal_status": "pending" if row.cal_status == "pending" else "accepted",
            "cal_booking_id": chain[0].uid,
            "start_ts": chain[0].start_ts,
            "end_ts": chain[0].end_ts,
            "no_show": False,
            **dict.fromkeys(("cancellation_reason", "completed_at", "completed_by_id", "identity_confirmed_at")),
        }
        events.append(history(row, row.created_at, "insert", **fresh))
        if changed_at := _changed_at(visit, chain[-1].updated_at):
            events.append(history(row, changed_at, "update"))
    return events


def _changed_at(visit: Visit, told_at: dt.datetime) -> dt.datetime | None:
    moments = [visit.completed_at, visit.confirmed_at, told_at if told_at > visit.booked_at else None]
    return max((moment for moment in moments if moment), default=None)
