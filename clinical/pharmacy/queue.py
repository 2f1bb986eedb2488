"""The pharmacist's queue: a constant number of queries, however long it is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import TruncHour

from accounts.models import Patient, Profile, User
from accounts.people.names import patient_name
from clinical.agenda.figures import Median
from clinical.models import Prescription, PrescriptionMessage
from clinical.pharmacy.forms import QueueFilters
from clinical.prescriptions.medications import Medication, stored_medications
from clinical.prescriptions.states import OPEN, can_take_over, can_undo, undo_ends_at

# Hours that are always drawn, so that the first dispensing of a day is not a chart of one bar.
OPENS, CLOSES = 8, 18
MOST_SHOWN = 100
LONG_WAIT = dt.timedelta(minutes=15)
TOO_LONG_WAIT = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Hour:
    """`percent` of the busiest hour."""

    hour: int
    done: int
    percent: int

    @property
    def room(self) -> int:
        """What is left above the bar."""
        return 100 - self.percent


@dataclass(frozen=True, slots=True)
class PharmacyFigures:
    """`waiting` and `median_wait_minutes` are of what nobody has taken yet; `done` is dispensed since midnight."""

    waiting: int
    median_wait_minutes: int | None
    done: int
    hours: Sequence[Hour]


def pharmacy_figures(*, user: User, since: dt.datetime, at: dt.datetime) -> PharmacyFigures:
    rows = Prescription.objects.for_user(user)
    wait = ExpressionWrapper(Value(at) - F("created_at"), output_field=DurationField())
    waiting = rows.filter(status__in=OPEN, pharmacist__isnull=True).aggregate(
        # Not of a column: what the index holds is enough.
        count=Count("*"),
        median=Median(wait, output_field=DurationField()),
    )
    by_hour = (
        rows.filter(status="COMPLETED", completed_at__gte=since)
        .annotate(hour=TruncHour("completed_at", tzinfo=since.tzinfo))
        .values_list("hour")
        .annotate(done=Count("pk"))
    )
    done: dict[int, int] = {}
    for moment, count in by_hour:  # the hour that comes twice when clocks go back is one bar
        done[moment.hour] = done.get(moment.hour, 0) + count
    median = waiting["median"]
    return PharmacyFigures(
        waiting=waiting["count"],
        median_wait_minutes=int(median.total_seconds() // 60) if median is not None else None,
        done=sum(done.values()),
        hours=_hours(done),
    )


def _hours(done: dict[int, int]) -> list[Hour]:
    most = max(done.values(), default=0)
    first, last = min([OPENS, *done]), max([CLOSES, *done])
    return [Hour(hour, n := done.get(hour, 0), 100 * n // most if most else 0) for hour in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """`urgency` of the wait is short, long or too_long. `held_minutes` is how long somebody has had it, `ready_minutes`
    how long it has been approved.

    `ended_at` is when it was dispensed or denied; `undo_minutes` are what is left to take a dispensing back. `question`
    of the pharmacy is asked, answered, or empty.
    """

    prescription: Prescription
    patient: str
    born: dt.date | None
    prescriber: str
    pharmacist: str
    medications: Sequence[Medication]
    waited_minutes: int
    urgency: str
    ended_at: dt.datetime | None = None
    undo_minutes: int | None = None
    held_minutes: int | None = None
    ready_minutes: int = 0
    can_take_over: bool = False
    question: str = ""


@dataclass(frozen=True, slots=True)
class PharmacyQueue:
    waiting: Sequence[QueueEntry]
    has_more_waiting: bool
    mine: Sequence[QueueEntry]
    elsewhere: Sequence[QueueEntry]
    done: Sequence[QueueEntry]
    has_more_done: bool
    # However the queue is narrowed: like the figures, of the whole hospital.
    mine_in_all: int
    figures: PharmacyFigures
    filters: QueueFilters = field(default_factory=QueueFilters)


def pharmacy_queue(*, user: User, at: dt.datetime, filters: QueueFilters | None = None) -> PharmacyQueue:
    """Five queries, and one more where it is narrowed.

    Names come by themselves: eleven joins take longer to plan than all of this to run.
    """
    filters = filters or QueueFilters()
    zone = user.hospital_zone()
    midnight = dt.datetime.combine(at.astimezone(zone).date(), dt.time(), zone)
    rows = filters.narrowed(Prescription.objects.for_user(user))
    still_open = _open_rows(rows, user)
    done = _done_rows(rows, midnight)
    people = _people([*still_open, *done])
    still_open.sort(key=lambda row: (row.created_at, row.pk))
    waiting = [row for row in still_open if row.pharmacist_id is None]
    mine = [row for row in still_open if row.pharmacist_id == user.pk]
    own_open = Prescription.objects.for_user(user).filter(status__in=OPEN, pharmacist=user.pk)
    return PharmacyQueue(
        waiting=_entries(waiting[:MOST_SHOWN], people, at),
        has_more_waiting=len(waiting) > MOST_SHOWN,
        mine=_entries(mine, people, at),
        elsewhere=_entries([row for row in still_open if row.pharmacist_id not in {None, user.pk}], people, at),
        done=_entries(done[:MOST_SHOWN], people, at),
        has_more_done=len(done) > MOST_SHOWN,
        mine_in_all=own_open.count() if filters else len(mine),
        figures=pharmacy_figures(user=user, since=midnight, at=at),
        filters=filters,
    )


def _open_rows(rows: QuerySet[Any], user: User) -> list[Any]:
    """The oldest that wait, and those that somebody has: first one's own."""
    last = PrescriptionMessage.objects.filter(prescription=OuterRef("pk")).order_by("-created_at", "-pk")
    still_open = rows.filter(status__in=OPEN).annotate(last_author=Subquery(last.values("author")[:1]))
    waiting = still_open.filter(pharmacist__isnull=True).order_by("created_at", "pk")
    own_first = Case(When(pharmacist=user.pk, then=Value(0)), default=Value(1))
    claimed = still_open.filter(pharmacist__isnull=False).order_by(own_first, "created_at", "pk")
    return list(waiting[: MOST_SHOWN + 1].union(claimed[: 2 * MOST_SHOWN], all=True))


def _done_rows(rows: QuerySet[Any], midnight: dt.datetime) -> list[Prescription]:
    """What was dispensed, or denied after somebody had it, the latest first. What expired by itself is no work done."""
    dispensed = rows.filter(status="COMPLETED", completed_at__gte=midnight).order_by("-completed_at", "-pk")
    denied = (
        rows.filter(status="DENIED", decided_at__gte=midnight, pharmacist__isnull=False)
        .exclude(denial_reason=Prescription.DenialReason.EXPIRED)
        .order_by("-decided_at", "-pk")
    )
    most = MOST_SHOWN + 1
    done = list(dispensed[:most].union(denied[:most], all=True))
    return sorted(done, key=lambda row: (_ended_at(row) or midnight, row.pk), reverse=True)


def _ended_at(row: Prescription) -> dt.datetime | None:
    return row.decided_at if row.status == Prescription.Status.DENIED else row.completed_at


@dataclass(frozen=True, slots=True)
class Person:
    name: str = ""
    born: dt.date | None = None


def _people(rows: Iterable[Prescription]) -> dict[uuid.UUID | None, Person]:
    ids = {person for row in rows for person in (row.patient_id, row.doctor_id, row.pharmacist_id) if person}
    born = Patient.objects.filter(pk=OuterRef("user_id")).values("date_of_birth")
    profiles = Profile.objects.filter(user__in=ids).values_list("user_id", "full_name", Subquery(born))
    return {pk: Person(name, born) for pk, name, born in profiles}


def _entries(
    rows: Iterable[Prescription], people: Mapping[uuid.UUID | None, Person], at: dt.datetime
) -> list[QueueEntry]:
    return [_entry(row, people, at) for row in rows]


def _entry(row: Prescription, people: Mapping[uuid.UUID | None, Person], at: dt.datetime) -> QueueEntry:
    nameless = Person()
    patient = people.get(row.patient_id, nameless)
    ended_at = _ended_at(row)
    waited = max((ended_at or at) - row.created_at, dt.timedelta())
    return QueueEntry(
        prescription=row,
        patient=patient.name or patient_name(None),
        born=patient.born,
        prescriber=people.get(row.doctor_id, nameless).name,
        pharmacist=people.get(row.pharmacist_id, nameless).name,
        medications=stored_medications(row.medications),
        waited_minutes=_minutes(waited),
        urgency="too_long" if waited >= TOO_LONG_WAIT else "long" if waited >= LONG_WAIT else "short",
        ended_at=ended_at,
        undo_minutes=undo_minutes(row, at),
        held_minutes=_minutes(at - row.claimed_at) if row.claimed_at else None,
        ready_minutes=_minutes(at - row.decided_at) if row.decided_at else 0,
        can_take_over=row.pharmacist_id is not None and can_take_over(claimed_at=row.claimed_at, at=at),
        question=_question(row),
    )


def undo_minutes(row: Prescription, at: dt.datetime) -> int | None:
    """Begun minutes that are left to take a dispensing back; None where it cannot be."""
    seconds = undo_seconds(row, at)
    return None if seconds is None else seconds // 60 + 1


def undo_seconds(row: Prescription, at: dt.datetime) -> int | None:
    if row.completed_at is None or not can_undo(status=row.status, completed_at=row.completed_at, at=at):
        return None
    return int((undo_ends_at(row.completed_at) - at).total_seconds())


def _question(row: Prescription) -> str:
    author = getattr(row, "last_author", None)
    if author is None:
        return ""
    return "answered" if author == row.doctor_id else "asked"


def _minutes(time: dt.timedelta) -> int:
    return int(time.total_seconds() // 60)
