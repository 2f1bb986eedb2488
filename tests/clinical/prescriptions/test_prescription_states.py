"""Every pair of states, written by raw SQL: the database allows the moves that we list, and no other."""

from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Patient
from clinical.models import Prescription
from clinical.prescriptions.states import MOVES, can_move
from tests.cast import HospitalCast
from tests.clinical.records import make_prescription

STATES = ["PENDING", "APPROVED", "DENIED", "COMPLETED"]
# The way to each state by moves that are allowed.
WAY: dict[str, list[str]] = {
    "PENDING": [],
    "APPROVED": ["APPROVED"],
    "DENIED": ["DENIED"],
    "COMPLETED": ["APPROVED", "COMPLETED"],
}


def move(prescription: Prescription, state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE prescriptions SET status = %s, denial_reason = 'dose' WHERE id = %s", [state, prescription.pk]
        )


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_the_database_allows_exactly_the_listed_moves(
    before: str, after: str, north: HospitalCast, patient: Patient
) -> None:
    prescription = make_prescription(patient, north.doctor, pharmacist=north.pharmacist)
    for state in WAY[before]:
        move(prescription, state)
    if before == after or (before, after) in MOVES:
        move(prescription, after)
        expected = after
    else:
        with pytest.raises(IntegrityError, match="cannot move from"), transaction.atomic():
            move(prescription, after)
        expected = before
    prescription.refresh_from_db()
    assert prescription.status == expected
    assert can_move(before, after) == ((before, after) in MOVES)


def test_there_are_five_moves() -> None:
    assert len(MOVES) == 5
