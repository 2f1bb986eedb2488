"""What a pharmacist weighs beside a prescription: the patient's others, duplicates, and what happened so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.people.names import full_name
from clinical.models import Prescription
from clinical.pharmacy.queue import undo_minutes, undo_seconds
from clinical.prescriptions.history import prescription_history
from clinical.prescriptions.medications import Earlier, Medication, duplicates, stored_medications
from clinical.prescriptions.states import OPEN
from clinical.visits.history import Step

MOST_OTHERS = 50


@dataclass(frozen=True, slots=True)
class OtherPrescription:
    prescription: Prescription
    prescriber: str
    medications: Sequence[Medication]
    is_current: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A medication, what was handed out of it, and the prescription that perhaps gave it already."""

    medication: Medication
    given: object
    is_short: bool
    duplicate: Earlier | None


@dataclass(frozen=True, slots=True)
class Review:
    """`current` are the patient's prescriptions of this hospital that are open or still being taken."""

    lines: Sequence[Line]
    current: Sequence[OtherPrescription]
    earlier: Sequence[OtherPrescription]
    steps: Sequence[Step]
    undo_minutes: int | None
    undo_seconds: int | None


def prescription_review(*, user: User, row: Prescription, at: dt.datetime, today: dt.date) -> Review:
    """`today` is the hospital's. Three queries."""
    others = list(_others(user, row, today))
    return Review(
        lines=_lines(row, others),
        current=[one for one in others if one.is_current],
        earlier=[one for one in others if not one.is_current],
        steps=prescription_history(row),
        undo_minutes=undo_minutes(row, at),
        undo_seconds=undo_seconds(row, at),
    )


def _others(user: User, prescription: Prescription, today: dt.date) -> Iterator[OtherPrescription]:
    """The newest first."""
    visible = Prescription.objects.for_user(user).filter(patient_id=prescription.patient_id)
    rows = visible.exclude(pk=prescription.pk).with_people().order_by("-created_at", "-pk")
    for row in rows[:MOST_OTHERS]:
        medications = stored_medications(row.medications)
        yield OtherPrescription(row, full_name(row.doctor.user), medications, _is_current(row, medications, today))


def _is_current(row: Prescription, medications: Sequence[Medication], today: dt.date) -> bool:
    if row.status != Prescription.Status.COMPLETED:
        return row.status in OPEN
    return any(line.is_current(started_on=row.created_at.date(), today=today) for line in medications)


def _lines(row: Prescription, others: Sequence[OtherPrescription]) -> list[Line]:
    medications = stored_medications(row.medications)
    known = [Earlier(one.prescription.created_at, one.prescriber, one.prescription.status, one.medications)
             for one in others]  # fmt: skip
    given = row.dispensed_lines if isinstance(row.dispensed_lines, list) else []
    given = [*given, *[None] * len(medications)]
    twice = duplicates(medications, at=row.created_at, others=known)
    return [
        Line(line, handed, _is_short(line, handed), duplicate)
        for line, handed, duplicate in zip(medications, given, twice, strict=False)
    ]


def _is_short(line: Medication, given: object) -> bool:
    quantity = given.get("quantity") if isinstance(given, dict) else None
    return isinstance(quantity, int) and quantity < line.quantity
