"""A prescription's history says everything without the access log, which is cut after six years."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import AccessEvent, Patient, User
from clinical.models import Prescription
from clinical.prescriptions.actions import (
    approve_prescription,
    claim_prescription,
    prescribe,
    release_prescription,
    take_over_prescription,
)
from clinical.prescriptions.history import prescription_history
from tests.cast import HospitalCast
from tests.clinical.past_log import lose_access_log
from tests.clinical.records import MEDICATION, make_visit

HALF_HOUR = dt.timedelta(minutes=30)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def warned(north: HospitalCast, patient: Patient) -> Prescription:
    make_visit(patient, north.doctor, timezone.now())
    wish = {"by": north.doctor.user, "patient_id": patient.pk, "at": timezone.now()}
    return prescribe(medications=[MEDICATION, MEDICATION], confirmed=[1, 2], **wish)


def steps_of(row: Prescription) -> list[tuple[str, str, str]]:
    row.refresh_from_db()
    return [(step.text, step.who, step.note) for step in prescription_history(row)]


def test_who_moved_it_and_what_was_confirmed_stays_when_the_log_is_cut(
    warned: Prescription, north: HospitalCast, colleague: User
) -> None:
    at = timezone.now()
    claim_prescription(prescription_id=warned.pk, by=colleague, at=at - HALF_HOUR)
    take_over_prescription(prescription_id=warned.pk, by=north.pharmacist.user, reason=" Gone home. ", at=at)
    approve_prescription(prescription_id=warned.pk, by=north.pharmacist.user, at=at)
    told = [
        ("Written, though warned that it is a duplicate (medication 1, 2)", "Dora North", ""),
        ("Taken up", "Paul North", ""),
        ("Taken over from Paul North", "Pia North", "Gone home."),
        ("Approved", "Pia North", ""),
    ]
    assert steps_of(warned) == told
    lose_access_log()
    assert not AccessEvent.objects.exists()
    assert steps_of(warned) == told


def test_a_reason_goes_with_the_pharmacist_and_stays_in_the_history(
    warned: Prescription, north: HospitalCast, colleague: User
) -> None:
    at = timezone.now()
    claim_prescription(prescription_id=warned.pk, by=colleague, at=at - HALF_HOUR)
    take_over_prescription(prescription_id=warned.pk, by=north.pharmacist.user, reason="Gone home.", at=at)
    warned.refresh_from_db()
    assert (warned.confirmed_duplicates, warned.take_over_reason) == ([1, 2], "Gone home.")
    release_prescription(prescription_id=warned.pk, by=north.pharmacist.user, at=at)
    claim_prescription(prescription_id=warned.pk, by=colleague, at=at)
    warned.refresh_from_db()
    assert warned.take_over_reason is None
    assert [note for _text, _who, note in steps_of(warned)] == ["", "", "Gone home.", "", ""]
