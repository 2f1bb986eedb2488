"""The pharmacist's queue: a constant number of queries, however long it is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, QuerySet, Value, When

from accounts.models import Profile, User
from clinical.doctor_day import zone_of
from clinical.medications import Medication, stored_medications
from clinical.models import Prescription
from clinical.people import full_name, patient_name
from clinical.pharmacy_figures import PharmacyFigures, pharmacy_figures
from clinical.pharmacy_filters import QueueFilters
from clinical.prescription_states import OPEN, can_take_over, can_undo

MOST_SHOWN = 100
LONG_WAIT = dt.timedelta(minutes=15)
TOO_LONG_WAIT = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """`urgency` of the wait is short, long or too_long. `held_minutes` is how long somebody has had it."""

    prescription: Prescription
    patient: str
    prescriber: str
    pharmacist: str
    medications: Sequence[Medication]
    waited_minutes: int
    urgency: str
    can_undo: bool
    held_minutes: int | None = None
    can_take_over: bool = False


@dataclass(frozen=True, slots=True)
class PharmacyQueue:
    waiting: Sequence[QueueEntry]
    has_more_waiting: bool
    mine: Sequence[QueueEntry]
    elsewhere: Sequence[QueueEntry]
    done: Sequence[QueueEntry]
    has_more_done: bool
    figures: PharmacyFigures
    filters: QueueFilters = field(default_factory=QueueFilters)


def pharmacy_queue(*, user: User, at: dt.datetime, filters: QueueFilters | None = None) -> PharmacyQueue:
    """Five queries. Names come by themselves: eleven joins take longer to plan than all of this to run."""
    filters = filters or QueueFilters()
    zone = zone_of(user)
    midnight = dt.datetime.combine(at.astimezone(zone).date(), dt.time(), zone)
    rows = filters.narrowed(Prescription.objects.for_user(user))
    still_open = list(_open_rows(rows, user))
    done = list(
        rows.filter(status="COMPLETED", completed_at__gte=midnight).order_by("-completed_at", "-pk")[: MOST_SHOWN + 1]
    )
    names = _names([*still_open, *done])
    still_open.sort(key=lambda row: (row.created_at, row.pk))
    waiting = [row for row in still_open if row.pharmacist_id is None]
    return PharmacyQueue(
        waiting=_entries(waiting[:MOST_SHOWN], names, at),
        has_more_waiting=len(waiting) > MOST_SHOWN,
        mine=_entries([row for row in still_open if row.pharmacist_id == user.pk], names, at),
        elsewhere=_entries([row for row in still_open if row.pharmacist_id not in {None, user.pk}], names, at),
        done=_entries(done[:MOST_SHOWN], names, at),
        has_more_done=len(done) > MOST_SHOWN,
        figures=pharmacy_figures(user=user, since=midnight, at=at),
        filters=filters,
    )


def _open_rows(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """The oldest that wait, and those that somebody has: first one's own."""
    still_open = rows.filter(status__in=OPEN)
    waiting = still_open.filter(pharmacist__isnull=True).order_by("created_at", "pk")
    own_first = Case(When(pharmacist=user.pk, then=Value(0)), default=Value(1))
    claimed = still_open.filter(pharmacist__isnull=False).order_by(own_first, "created_at", "pk")
    return waiting[: MOST_SHOWN + 1].union(claimed[: 2 * MOST_SHOWN], all=True)


def _names(rows: Iterable[Prescription]) -> dict[uuid.UUID, str]:
    people = {person for row in rows for person in (row.patient_id, row.doctor_id, row.pharmacist_id) if person}
    return dict(Profile.objects.filter(user__in=people).values_list("user_id", "full_name"))


def _entries(rows: Iterable[Prescription], names: Mapping[uuid.UUID, str], at: dt.datetime) -> list[QueueEntry]:
    return [
        _entry(
            row,
            at,
            patient=names.get(row.patient_id) or patient_name(None),
            prescriber=names.get(row.doctor_id, ""),
            pharmacist=names.get(row.pharmacist_id, "") if row.pharmacist_id else "",
        )
        for row in rows
    ]


def _entry(row: Prescription, at: dt.datetime, *, patient: str, prescriber: str, pharmacist: str) -> QueueEntry:
    waited = max((row.completed_at or at) - row.created_at, dt.timedelta())
    return QueueEntry(
        prescription=row,
        patient=patient,
        prescriber=prescriber,
        pharmacist=pharmacist,
        medications=stored_medications(row.medications),
        waited_minutes=_minutes(waited),
        urgency="too_long" if waited >= TOO_LONG_WAIT else "long" if waited >= LONG_WAIT else "short",
        can_undo=can_undo(status=row.status, completed_at=row.completed_at, at=at),
        held_minutes=_minutes(at - row.claimed_at) if row.claimed_at else None,
        can_take_over=row.pharmacist_id is not None and can_take_over(claimed_at=row.claimed_at, at=at),
    )


def _minutes(time: dt.timedelta) -> int:
    return int(time.total_seconds() // 60)


def other_prescriptions(user: User, prescription: Prescription) -> list[QueueEntry]:
    """The hospital's other prescriptions of the same patient, the newest first."""
    rows = (
        Prescription.objects.for_user(user)
        .filter(patient_id=prescription.patient_id)
        .exclude(pk=prescription.pk)
        .with_people()
        .order_by("-created_at", "-pk")[:20]
    )
    return [
        _entry(
            row,
            prescription.created_at,
            patient=patient_name(row.patient.user),
            prescriber=full_name(row.doctor.user),
            pharmacist=full_name(row.pharmacist.user) if row.pharmacist else "",
        )
        for row in rows
    ]
