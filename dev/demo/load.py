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
from django.db import connection, models, transaction

from accounts.models import AccessEvent, AuditCut, AuditSeal, User
from dev.demo import prescriptions, talks
from dev.demo.bookings import Bookings, Builder, Calendar, connect, imports, running_simulator
from dev.demo.copying import copy_rows, history, without_triggers
from dev.demo.people import House, Member, People, availability
from dev.demo.visits import Visit, plan_visits
from hospitals.models import DoctorAvailability, Hospital
from integrations.models import VapiNumber

PASSWORD = "storybook-lantern-42"
STEPS = ("people", "calendar", "visits", "prescriptions", "talks", "storing", "booking")
# The access log is only ever added to.
KEPT = (AccessEvent, AuditSeal, AuditCut)
FILLED_BY_MIGRATE = ("django_migrations", "django_content_type", "auth_permission")

Report = Callable[[str], None]


class DemoRefused(Exception):
    """Not here, or not now; the text says why."""

    code = "demo_refused"


@dataclass(frozen=True, slots=True)
class Demo:
    people: People
    bookings: Bookings
    prescriptions: prescriptions.Prescriptions
    talks: talks.Talks
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
    report("calendar")
    simulator = running_simulator()
    connected = connect(people.houses, simulator, at=at) if simulator else Calendar()
    demo = _made(people, connected, at=at, report=report)
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


def _made(people: People, connected: Calendar, *, at: dt.datetime, report: Report) -> Demo:
    report("visits")
    visits = plan_visits(people.houses, at=at)
    booked = Builder(at=at, organizers=connected.organizers).build(visits)
    report("prescriptions")
    written = prescriptions.Builder(at=at).build(people.houses, visits)
    report("talks")
    held = talks.Builder(at=at).build(people.houses, visits, booked.appointments)
    return Demo(people, booked, written, held, connected)


@transaction.atomic
def _store(demo: Demo) -> None:
    people, houses = demo.people, demo.houses
    staff = [member for house in houses for member in house.staff]
    everyone: list[User] = [people.operator.user, *(member.user for member in staff)]
    hours = _with_ids([window for house in houses for window in availability(house)])
    with without_triggers():
        _copy([house.hospital for house in houses])
        _copy(everyone, [person.user for person in people.patients])
        _copy([people.operator.profile, *(one.profile for one in staff)])
        _copy([person.profile for person in people.patients])
        for posts in _posts(houses):
            _copy([member.post for member in posts if member.post])
        _copy([person.patient for person in people.patients])
        _copy(hours, [history(window, people.since, "insert") for window in hours])
        _copy(demo.calendar.links)
        _copy(demo.talks.rows, demo.talks.history)
        _copy(demo.bookings.appointments, _visit_history(demo.bookings))
        _copy(demo.bookings.rows)
        _copy(demo.bookings.requests)
        _copy(demo.prescriptions.rows, demo.prescriptions.history)
        _copy(demo.prescriptions.messages)
        _copy([_number(place, house, people.since) for place, house in enumerate(houses)])


def _number(place: int, house: House, since: dt.datetime) -> VapiNumber:
    """Where the assistant answers for the hospital."""
    return VapiNumber(number=f"431555501{place:02}", hospital=house.hospital, created_at=since)


def _copy(*batches: Sequence[models.Model]) -> None:
    for batch in batches:
        copy_rows(batch)


def _posts(houses: list[House]) -> list[list[Member]]:
    return [
        [member for house in houses for member in getattr(house, kind)] for kind in ("doctors", "pharmacists", "admins")
    ]


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


def _visit_history(booked: Bookings) -> list[models.Model]:
    """Each visit as it was booked, and as it is now where something became of it."""
    events: list[models.Model] = []
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
