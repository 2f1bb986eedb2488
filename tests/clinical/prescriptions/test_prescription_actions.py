from __future__ import annotations

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import AccessEvent, Patient, Role, User
from clinical import refusals
from clinical.models import Prescription, PrescriptionMessage
from clinical.prescriptions.actions import (
    answer_pharmacist,
    ask_prescriber,
    claim_prescription,
    deny_prescription,
    dispense_prescription,
    prescribe,
    release_prescription,
    undo_dispensing,
    withdraw_prescription,
)
from core.refusals import NotPermitted
from hospitals.models import Pharmacist
from tests.cast import HospitalCast, make_staff
from tests.clinical.dispensing import LINES, actions_on_record, assert_refused
from tests.clinical.records import MEDICATION, NOW, make_prescription, make_visit


def test_prescribing_writes_the_prescription_and_the_record(north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, NOW)
    wish = uuid.uuid4()
    for _ in range(2):  # the same form twice
        prescription = prescribe(
            by=north.doctor.user, patient_id=patient.pk, medications=[MEDICATION], at=NOW, prescription_id=wish
        )
    prescription.refresh_from_db()
    assert (prescription.pk, prescription.status) == (wish, "PENDING")
    assert (prescription.hospital_id, prescription.doctor_id) == (north.hospital.pk, north.doctor.pk)
    assert prescription.medications[0]["name"] == "Ramipril"
    event = AccessEvent.objects.get()
    assert (event.action, event.patient_id, event.object_id) == ("prescribed", patient.pk, str(wish))


@pytest.mark.parametrize("match", [None, "phone"])
def test_nothing_is_prescribed_for_a_closed_record(match: str | None, north: HospitalCast, patient: Patient) -> None:
    if match:
        make_visit(patient, north.doctor, NOW, patient_match=match)
    with pytest.raises(refusals.RecordNotOpen):
        prescribe(by=north.doctor.user, patient_id=patient.pk, medications=[MEDICATION], at=NOW)
    assert not Prescription.objects.exists()
    assert not AccessEvent.objects.exists()


def test_a_pharmacist_does_not_prescribe(north: HospitalCast, patient: Patient) -> None:
    with pytest.raises(NotPermitted):
        prescribe(by=north.pharmacist.user, patient_id=patient.pk, medications=[MEDICATION], at=NOW)
    assert not Prescription.objects.exists()


def test_the_way_of_a_prescription(approved: Prescription, north: HospitalCast) -> None:
    by = north.pharmacist.user
    assert (approved.status, approved.decided_at, approved.claimed_at) == ("APPROVED", NOW, NOW)
    done = dispense_prescription(prescription_id=approved.pk, by=by, lines=LINES, at=NOW)
    assert (done.status, done.dispensed_lines) == ("COMPLETED", [{"quantity": 30, "batch": "B-1"}])
    assert done.completed_at is not None
    undone = undo_dispensing(prescription_id=approved.pk, by=by, at=done.completed_at)
    undone.refresh_from_db()
    assert (undone.status, undone.completed_at, undone.dispensed_lines) == ("APPROVED", None, None)
    assert undone.decided_at == NOW
    assert actions_on_record() == [
        "claimed_prescription",
        "approved_prescription",
        "dispensed_prescription",
        "undid_dispensing",
    ]


def test_a_colleague_is_told_who_has_it(mine: Prescription, colleague: User) -> None:
    with pytest.raises(refusals.AlreadyClaimed) as refused:
        claim_prescription(prescription_id=mine.pk, by=colleague, at=NOW)
    assert refused.value.holder == "Pia North"
    assert str(refused.value) == "already_claimed"


def test_claiming_ones_own_again_changes_nothing(mine: Prescription, north: HospitalCast) -> None:
    later = claim_prescription(prescription_id=mine.pk, by=north.pharmacist.user, at=NOW + dt.timedelta(hours=1))
    assert later.claimed_at == NOW
    assert actions_on_record() == ["claimed_prescription"]


def test_a_released_one_can_be_claimed_by_another(mine: Prescription, north: HospitalCast, colleague: User) -> None:
    release_prescription(prescription_id=mine.pk, by=north.pharmacist.user, at=NOW)
    assert claim_prescription(prescription_id=mine.pk, by=colleague, at=NOW).pharmacist_id == colleague.pk


def test_denying_needs_a_pharmacists_reason(mine: Prescription, north: HospitalCast) -> None:
    by = north.pharmacist.user
    for reason, note in [("", ""), ("withdrawn", ""), ("expired", ""), ("other", "  ")]:

        def deny(reason: str = reason, note: str = note) -> object:
            return deny_prescription(prescription_id=mine.pk, by=by, reason=reason, note=note, at=NOW)

        assert_refused(refusals.ReasonMissing, mine, deny)
    denied = deny_prescription(prescription_id=mine.pk, by=by, reason="other", note=" Recall. ", at=NOW)
    assert (denied.status, denied.denial_reason, denied.denial_note) == ("DENIED", "other", "Recall.")


def test_an_approved_one_can_still_be_denied(approved: Prescription, north: HospitalCast) -> None:
    denied = deny_prescription(prescription_id=approved.pk, by=north.pharmacist.user, reason="out_of_stock", at=NOW)
    assert denied.status == "DENIED"


@pytest.mark.parametrize("state", ["waiting", "mine", "approved"])
def test_the_prescriber_withdraws_what_is_open(state: str, request: pytest.FixtureRequest, north: HospitalCast) -> None:
    prescription = request.getfixturevalue(state)
    gone = withdraw_prescription(prescription_id=prescription.pk, by=north.doctor.user, at=NOW)
    assert (gone.status, gone.denial_reason, gone.decided_at) == ("DENIED", "withdrawn", NOW)


def test_question_and_answer(mine: Prescription, north: HospitalCast) -> None:
    ask_prescriber(prescription_id=mine.pk, by=north.pharmacist.user, text=" Allergy? ", at=NOW)
    answer_pharmacist(prescription_id=mine.pk, by=north.doctor.user, text="None.", at=NOW + dt.timedelta(minutes=1))
    assert list(PrescriptionMessage.objects.values_list("author__email", "body")) == [
        ("pharmacist@north.test", "Allergy?"),
        ("doctor@north.test", "None."),
    ]
    assert actions_on_record()[-2:] == ["asked_prescriber", "answered_pharmacist"]


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_claim_at_once_one_has_it(north: HospitalCast, patient: Patient) -> None:
    prescription = make_prescription(patient, north.doctor)
    people = [north.pharmacist.user]
    for number in range(19):
        user = make_staff(north.hospital, Role.PHARMACIST, f"p{number}@north.test", f"Nr {number}")
        Pharmacist.objects.create(user=user, hospital=north.hospital)
        people.append(user)

    def claim(by: User) -> str:
        try:
            claim_prescription(prescription_id=prescription.pk, by=by, at=NOW)
        except refusals.AlreadyClaimed as refused:
            return refused.holder
        else:
            return "mine"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(claim, people))
    winner = people[told.index("mine")]
    prescription.refresh_from_db()
    assert prescription.pharmacist_id == winner.pk
    assert told.count("mine") == 1
    assert told.count(winner.profile.full_name) == 19
    assert actions_on_record() == ["claimed_prescription"]
