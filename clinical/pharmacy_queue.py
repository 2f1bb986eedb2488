"""The pharmacist's queue: four queries, however long it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from django.db.models import QuerySet

from accounts.models import User
from clinical.doctor_day import zone_of
from clinical.medications import Medication, stored_medications
from clinical.models import Prescription
from clinical.people import full_name, patient_name
from clinical.prescription_states import OPEN, can_undo

MOST_SHOWN = 100
LONG_WAIT = dt.timedelta(minutes=15)
TOO_LONG_WAIT = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """`urgency` of the wait is short, long or too_long."""

    prescription: Prescription
    patient: str
    prescriber: str
    pharmacist: str
    medications: Sequence[Medication]
    waited_minutes: int
    urgency: str
    can_undo: bool


@dataclass(frozen=True, slots=True)
class PharmacyQueue:
    waiting: Sequence[QueueEntry]
    has_more_waiting: bool
    mine: Sequence[QueueEntry]
    elsewhere: Sequence[QueueEntry]
    done: Sequence[QueueEntry]
    has_more_done: bool

    @property
    def median_wait_minutes(self) -> int | None:
        return round(median(one.waited_minutes for one in self.waiting)) if self.waiting else None


def pharmacy_queue(*, user: User, at: dt.datetime) -> PharmacyQueue:
    zone = zone_of(user)
    midnight = dt.datetime.combine(at.astimezone(zone).date(), dt.time(), zone)
    rows = Prescription.objects.for_user(user).with_people()
    still_open = rows.filter(status__in=OPEN).order_by("created_at", "pk")
    waiting = _entries(still_open.filter(pharmacist__isnull=True)[: MOST_SHOWN + 1], at)
    elsewhere = still_open.filter(pharmacist__isnull=False).exclude(pharmacist=user.pk)
    done = _entries(
        rows.filter(status="COMPLETED", completed_at__gte=midnight).order_by("-completed_at", "-pk")[: MOST_SHOWN + 1],
        at,
    )
    return PharmacyQueue(
        waiting=waiting[:MOST_SHOWN],
        has_more_waiting=len(waiting) > MOST_SHOWN,
        mine=_entries(still_open.filter(pharmacist=user.pk)[:MOST_SHOWN], at),
        elsewhere=_entries(elsewhere[:MOST_SHOWN], at),
        done=done[:MOST_SHOWN],
        has_more_done=len(done) > MOST_SHOWN,
    )


def _entries(rows: QuerySet[Prescription], at: dt.datetime) -> list[QueueEntry]:
    return [_entry(row, at) for row in rows]


def _entry(row: Prescription, at: dt.datetime) -> QueueEntry:
    waited = max((row.completed_at or at) - row.created_at, dt.timedelta())
    return QueueEntry(
        prescription=row,
        patient=patient_name(row.patient.user),
        prescriber=full_name(row.doctor.user),
        pharmacist=full_name(row.pharmacist.user) if row.pharmacist else "",
        medications=stored_medications(row.medications),
        waited_minutes=int(waited.total_seconds() // 60),
        urgency="too_long" if waited >= TOO_LONG_WAIT else "long" if waited >= LONG_WAIT else "short",
        can_undo=can_undo(status=row.status, completed_at=row.completed_at, at=at),
    )


def other_prescriptions(user: User, prescription: Prescription) -> list[QueueEntry]:
    """The hospital's other prescriptions of the same patient, the newest first."""
    rows = (
        Prescription.objects.for_user(user)
        .filter(patient_id=prescription.patient_id)
        .exclude(pk=prescription.pk)
        .with_people()
        .order_by("-created_at", "-pk")[:20]
    )
    return _entries(rows, prescription.created_at)
