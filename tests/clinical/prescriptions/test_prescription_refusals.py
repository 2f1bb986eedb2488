"""Which moves of a prescription are refused, and that nothing changes then."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Patient, User
from clinical import refusals
from clinical.models import Prescription
from clinical.prescriptions.actions import (
    DispensedLine,
    approve_prescription,
    ask_prescriber,
    claim_prescription,
    deny_prescription,
    dispense_prescription,
    release_prescription,
    undo_dispensing,
    withdraw_prescription,
)
from core.refusals import NotFound, NotPermitted
from tests.cast import HospitalCast
from tests.clinical.dispensing import LINES, assert_refused
from tests.clinical.records import NOW


def test_what_is_dispensed_is_not_withdrawn(approved: Prescription, north: HospitalCast) -> None:
    dispense_prescription(prescription_id=approved.pk, by=north.pharmacist.user, lines=LINES, at=NOW)
    assert_refused(
        refusals.WrongState,
        approved,
        lambda: withdraw_prescription(prescription_id=approved.pk, by=north.doctor.user, at=NOW),
    )


def test_undo_is_refused_after_five_minutes_by_our_clock_and_the_databases(
    approved: Prescription, north: HospitalCast
) -> None:
    by = north.pharmacist.user
    dispense_prescription(prescription_id=approved.pk, by=by, lines=LINES, at=NOW)
    late = timezone.now() + dt.timedelta(minutes=6)
    assert_refused(
        refusals.UndoWindowPassed,
        approved,
        lambda: undo_dispensing(prescription_id=approved.pk, by=by, at=late),
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE prescriptions SET completed_at = now() - interval '6 minutes'")
    early = timezone.now() - dt.timedelta(minutes=3)  # a web server whose clock is behind
    assert_refused(
        refusals.UndoWindowPassed,
        approved,
        lambda: undo_dispensing(prescription_id=approved.pk, by=by, at=early),
    )


@pytest.mark.parametrize("lines", [[], LINES * 2, [DispensedLine(0, "B")], [DispensedLine(1, " ")]])
def test_dispensing_needs_each_line(lines: list[DispensedLine], approved: Prescription, north: HospitalCast) -> None:
    assert_refused(
        refusals.LinesDoNotMatch,
        approved,
        lambda: dispense_prescription(prescription_id=approved.pk, by=north.pharmacist.user, lines=lines, at=NOW),
    )


PHARMACISTS_MOVES: list[Callable[[uuid.UUID, User], object]] = [
    lambda pk, by: release_prescription(prescription_id=pk, by=by, at=NOW),
    lambda pk, by: approve_prescription(prescription_id=pk, by=by, at=NOW),
    lambda pk, by: deny_prescription(prescription_id=pk, by=by, reason="dose", at=NOW),
    lambda pk, by: dispense_prescription(prescription_id=pk, by=by, lines=LINES, at=NOW),
    lambda pk, by: undo_dispensing(prescription_id=pk, by=by, at=NOW),
    lambda pk, by: ask_prescriber(prescription_id=pk, by=by, text="?", at=NOW),
]


@pytest.mark.parametrize("act", PHARMACISTS_MOVES)
def test_what_a_colleague_holds_is_left_alone(
    act: Callable[[uuid.UUID, User], object], mine: Prescription, colleague: User
) -> None:
    assert_refused(refusals.NotTheirs, mine, lambda: act(mine.pk, colleague))


@pytest.mark.parametrize("act", PHARMACISTS_MOVES)
def test_what_nobody_holds_is_claimed_first(
    act: Callable[[uuid.UUID, User], object], waiting: Prescription, north: HospitalCast
) -> None:
    assert_refused(refusals.NotClaimed, waiting, lambda: act(waiting.pk, north.pharmacist.user))


@pytest.mark.parametrize("act", PHARMACISTS_MOVES)
def test_another_hospitals_prescription_is_not_there(
    act: Callable[[uuid.UUID, User], object], waiting: Prescription, south: HospitalCast
) -> None:
    assert_refused(NotFound, waiting, lambda: act(waiting.pk, south.pharmacist.user))


@pytest.mark.parametrize("act", PHARMACISTS_MOVES)
@pytest.mark.parametrize("role", ["doctor", "admin", "patient"])
def test_other_roles_do_not_do_a_pharmacists_work(
    act: Callable[[uuid.UUID, User], object],
    role: str,
    mine: Prescription,
    north: HospitalCast,
    patient: Patient,
) -> None:
    by = {"doctor": north.doctor.user, "admin": north.admin, "patient": patient.user}[role]
    assert_refused(NotPermitted, mine, lambda: act(mine.pk, by))


def test_an_approved_one_is_not_approved_again(approved: Prescription, north: HospitalCast) -> None:
    by = north.pharmacist.user
    assert_refused(
        refusals.WrongState, approved, lambda: approve_prescription(prescription_id=approved.pk, by=by, at=NOW)
    )


def test_approving_is_no_way_to_undo(approved: Prescription, north: HospitalCast) -> None:
    by = north.pharmacist.user
    dispense_prescription(prescription_id=approved.pk, by=by, lines=LINES, at=NOW)
    for act in (approve_prescription, claim_prescription, release_prescription):
        attempt = partial(act, prescription_id=approved.pk, by=by, at=NOW)
        assert_refused(refusals.WrongState, approved, attempt)


def test_what_the_database_says_to_other_writers_has_our_names(waiting: Prescription) -> None:
    with pytest.raises(refusals.NotClaimed), refusals.translated_rules():
        Prescription.objects.filter(pk=waiting.pk).update(status="APPROVED")
