from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AccessEvent, Patient, User
from clinical import refusals
from clinical.models import Prescription
from clinical.prescriptions.actions import (
    approve_prescription,
    claim_prescription,
    deny_prescription,
    expire_prescriptions,
    take_over_prescription,
)
from clinical.prescriptions.states import MOVES
from core.refusals import NotFound, NotPermitted, Refused
from tests.cast import HospitalCast
from tests.clinical.records import make_prescription

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
HALF_HOUR = dt.timedelta(minutes=30)
pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(north: HospitalCast, patient: Patient) -> Prescription:
    waiting = make_prescription(patient, north.doctor)
    return claim_prescription(prescription_id=waiting.pk, by=north.pharmacist.user, at=NOW)


def test_what_lies_with_a_colleague_is_taken_over_after_half_an_hour(theirs: Prescription, colleague: User) -> None:
    later = NOW + HALF_HOUR
    take_over_prescription(prescription_id=theirs.pk, by=colleague, reason=" Gone home. ", at=later)
    theirs.refresh_from_db()
    assert (theirs.pharmacist_id, theirs.claimed_at, theirs.status) == (colleague.pk, later, "PENDING")
    event = AccessEvent.objects.latest("pk")
    assert (event.action, event.actor_id, event.reason) == ("took_over_prescription", colleague.pk, "Gone home.")


@pytest.mark.parametrize(
    ("wait", "reason", "refused"),
    [
        (HALF_HOUR - dt.timedelta(seconds=1), "Gone home.", refusals.TakenTooRecently),
        (HALF_HOUR, " ", refusals.TakeOverReasonMissing),
    ],
)
def test_not_sooner_and_not_without_a_reason(
    wait: dt.timedelta, reason: str, refused: type[Refused], theirs: Prescription, colleague: User
) -> None:
    before = Prescription.objects.values().get(pk=theirs.pk)
    with pytest.raises(refused):
        take_over_prescription(prescription_id=theirs.pk, by=colleague, reason=reason, at=NOW + wait)
    assert Prescription.objects.values().get(pk=theirs.pk) == before


def test_what_nobody_has_is_claimed_and_another_hospitals_is_not_there(
    north: HospitalCast, south: HospitalCast, theirs: Prescription, patient: Patient, colleague: User
) -> None:
    waiting = make_prescription(patient, north.doctor)
    with pytest.raises(refusals.NotClaimed):
        take_over_prescription(prescription_id=waiting.pk, by=colleague, reason="x", at=NOW + HALF_HOUR)
    with pytest.raises(NotFound):
        take_over_prescription(prescription_id=theirs.pk, by=south.pharmacist.user, reason="x", at=NOW + HALF_HOUR)
    with pytest.raises(NotPermitted):
        take_over_prescription(prescription_id=theirs.pk, by=north.doctor.user, reason="x", at=NOW + HALF_HOUR)
    theirs.refresh_from_db()
    assert theirs.pharmacist_id == north.pharmacist.pk


def test_what_nobody_fetched_in_90_days_expires_once(north: HospitalCast, patient: Patient) -> None:
    old, young, done = (
        make_prescription(patient, north.doctor, created_at=NOW - dt.timedelta(days=days), **facts)
        for days, facts in [(90, {}), (89, {}), (200, {"status": "COMPLETED"})]
    )
    assert expire_prescriptions(at=NOW) == 1
    assert expire_prescriptions(at=NOW) == 0
    for row in (old, young, done):
        row.refresh_from_db()
    assert (old.status, old.denial_reason, old.decided_at) == ("DENIED", "expired", NOW)
    assert (young.status, done.status) == ("PENDING", "COMPLETED")
    event = AccessEvent.objects.get(action="expired_prescription")
    assert (event.actor_id, event.patient_id, event.hospital_id) == (None, patient.pk, north.hospital.pk)


@pytest.mark.parametrize(("before", "after"), list(product(Prescription.Status.values, repeat=2)))
def test_the_database_refuses_every_move_that_is_not_listed(
    before: str, after: str, north: HospitalCast, patient: Patient
) -> None:
    row = make_prescription(patient, north.doctor, status=before, pharmacist=north.pharmacist, completed_at=None)
    if before == "COMPLETED":
        with connection.cursor() as cursor:  # what the trigger would have set on the way there
            cursor.execute("ALTER TABLE prescriptions DISABLE TRIGGER prescriptions_guard")
            cursor.execute("UPDATE prescriptions SET completed_at = now() WHERE id = %s", [row.pk])
            cursor.execute("ALTER TABLE prescriptions ENABLE TRIGGER prescriptions_guard")
    change = Prescription.objects.filter(pk=row.pk)
    if before == after or (before, after) in MOVES:
        change.update(status=after, denial_reason="dose")
    else:
        with pytest.raises(IntegrityError), transaction.atomic():
            change.update(status=after, denial_reason="dose")
        after = before
    assert Prescription.objects.get(pk=row.pk).status == after


@pytest.mark.django_db(transaction=True)
def test_of_fifty_requests_of_two_pharmacists_one_decides(
    north: HospitalCast, patient: Patient, colleague: User
) -> None:
    prescription = make_prescription(patient, north.doctor)
    acts: list[Callable[[User], object]] = [
        lambda by: claim_prescription(prescription_id=prescription.pk, by=by, at=NOW),
        lambda by: approve_prescription(prescription_id=prescription.pk, by=by, at=NOW),
        lambda by: deny_prescription(prescription_id=prescription.pk, by=by, reason="dose", at=NOW),
    ]
    # Each asks for everything several times, in an order of their own.
    requests = [(acts[number % 3], by) for number in range(25) for by in (north.pharmacist.user, colleague)]
    random.Random(7).shuffle(requests)

    def send(request: tuple[Callable[[User], object], User]) -> str:
        act, by = request
        try:
            act(by)
        except Refused as refused:
            return refused.code
        else:
            return f"{acts.index(act)} {by.pk}"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        told = Counter(pool.map(send, requests))
    prescription.refresh_from_db()
    holder = prescription.pharmacist_id
    loser = colleague.pk if holder == north.pharmacist.pk else north.pharmacist.pk
    assert sum(told.values()) == 50
    assert not [answer for answer in told if str(loser) in answer]
    # Claiming again is no second claim; of approving and denying each happens at most once, and the last one stands.
    approvals, denials = told[f"1 {holder}"], told[f"2 {holder}"]
    assert (approvals, denials) in {(1, 0), (0, 1), (1, 1)}
    assert prescription.status == ("DENIED" if denials else "APPROVED")
    assert set(told) - {f"{n} {holder}" for n in range(3)} <= {
        "already_claimed",
        "not_claimed",
        "not_yours",
        "wrong_state",
    }
