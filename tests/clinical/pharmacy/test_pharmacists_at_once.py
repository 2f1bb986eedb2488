"""Two pharmacists, one prescription, fifty requests at once: one outcome, and everyone else is told."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import Patient, Role, User
from clinical.models import Prescription
from clinical.prescriptions.actions import approve_prescription, claim_prescription, deny_prescription
from clinical.prescriptions.history import prescription_history
from core.refusals import Refused
from hospitals.models import Pharmacist
from tests.cast import HospitalCast, make_staff
from tests.clinical.dispensing import actions_on_record
from tests.clinical.records import NOW, make_prescription

pytestmark = pytest.mark.django_db(transaction=True)

WISHES = ["claim"] * 14 + ["approve"] * 18 + ["deny"] * 18
TOLD = {"already_claimed", "not_claimed", "not_yours", "wrong_state"}


@pytest.fixture
def people(north: HospitalCast) -> list[User]:
    user = make_staff(north.hospital, Role.PHARMACIST, "second@north.test", "Paul Second")
    Pharmacist.objects.create(user=user, hospital=north.hospital)
    return [north.pharmacist.user, user]


def do(wish: str, prescription: Prescription, by: User) -> str:
    try:
        match wish:
            case "claim":
                claim_prescription(prescription_id=prescription.pk, by=by, at=NOW)
            case "approve":
                approve_prescription(prescription_id=prescription.pk, by=by, at=NOW)
            case _:
                deny_prescription(prescription_id=prescription.pk, by=by, reason="dose", at=NOW)
    except Refused as refused:
        return refused.code
    else:
        return "done"
    finally:
        connection.close()


@pytest.mark.parametrize("seed", range(3))
def test_fifty_requests_have_one_outcome(seed: int, people: list[User], north: HospitalCast, patient: Patient) -> None:
    prescription = make_prescription(patient, north.doctor)
    asked = [("claim", people[seed % 2])] + [(wish, people[n % 2]) for n, wish in enumerate(WISHES[1:])]
    random.Random(seed).shuffle(asked)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda one: do(one[0], prescription, one[1]), asked))

    assert set(told) <= {"done", *TOLD}
    prescription.refresh_from_db()
    done = [(wish, by) for (wish, by), outcome in zip(asked, told, strict=True) if outcome == "done"]
    # A claim of what one has already changes nothing, and is no refusal.
    assert {by.pk for _wish, by in done} == {prescription.pharmacist_id}
    moved = Counter(wish for wish, _by in done if wish != "claim")
    assert max(moved.values(), default=0) <= 1
    assert prescription.status == ("DENIED" if moved["deny"] else "APPROVED" if moved["approve"] else "PENDING")
    on_record = Counter(actions_on_record())
    assert on_record == Counter(
        {"claimed_prescription": 1}
        | {f"{name}_prescription": 1 for wish, name in (("approve", "approved"), ("deny", "denied")) if moved[wish]}
    )
    assert len(prescription_history(prescription)) == 1 + on_record.total()
