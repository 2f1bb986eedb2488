"""The pharmacist's pages in every state, on every screen, light and dark."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Patient, Role
from clinical.models import Prescription, PrescriptionMessage
from clinical.prescriptions.medications import as_json
from hospitals.models import Pharmacist
from tests.browser.looks import assert_accessible, assert_fits
from tests.browser.people import SignedIn
from tests.cast import HospitalCast, make_patient, make_staff
from tests.clinical.records import MEDICATION, make_prescription

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

QUEUE = "/staff/pharmacy/"
LOOKS = [(size, dark) for size in ("desktop", "tablet", "phone") for dark in (False, True)]
LONG = MEDICATION.model_copy(update={"name": "Amoxicillin and clavulanic acid", "strength": "875 mg/125 mg"})


@pytest.fixture
def rows(north: HospitalCast) -> list[Prescription]:
    """One of each state, of people with long names."""
    now = timezone.now()
    user = make_staff(north.hospital, Role.PHARMACIST, "second@north.test", "Wilhelmina Vialborough-Featherstone")
    colleague = Pharmacist.objects.create(user=user, hospital=north.hospital)
    mine = {"pharmacist": north.pharmacist, "claimed_at": now}
    states: tuple[dict[str, Any], ...] = (
        {},
        mine,
        {**mine, "status": "APPROVED"},
        {**mine, "status": "COMPLETED", "completed_at": now, "dispensed_lines": [{"quantity": 2, "batch": "LOT 7"}]},
        {**mine, "status": "DENIED", "denial_reason": "other", "denial_note": "Recalled.", "decided_at": now},
        {"status": "DENIED", "denial_reason": "expired", "decided_at": now},
        {"pharmacist": colleague, "claimed_at": now},
        {"pharmacist": colleague, "claimed_at": now - dt.timedelta(hours=2)},
    )
    person = make_patient("4366000000001", "Maximilian von und zu Hohenstein-Wintergreen")
    made = []
    for number, facts in enumerate(states):
        written = now - dt.timedelta(minutes=12 * number)
        made.append(make_prescription(person, north.doctor, medications=as_json([LONG]), created_at=written, **facts))
    PrescriptionMessage.objects.create(prescription=made[1], author=north.doctor.user, body="The weaker one.")
    return made


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_pages_are_accessible_and_fit(
    size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, rows: list[Prescription]
) -> None:
    page = signed_in(north.pharmacist.user, QUEUE, size=size, dark=dark)
    for path in ("", "?patient=max", "?doctor=nobody", *(f"{row.pk}/" for row in rows)):
        page.goto(QUEUE + path)
        for summary in page.locator("main summary").all():
            summary.click()
        assert_accessible(page)
        assert_fits(page)


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_the_empty_queue_too(size: str, dark: bool, signed_in: SignedIn, north: HospitalCast, patient: Patient) -> None:
    page = signed_in(north.pharmacist.user, QUEUE, size=size, dark=dark)
    assert_accessible(page)
    assert_fits(page)
