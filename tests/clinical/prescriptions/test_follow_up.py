"""What the pharmacy rejected, and what expired, stays on its prescriber's day until it is dealt with."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEvent, Patient
from clinical.models import Prescription
from clinical.prescriptions.actions import deny_prescription, expire_prescriptions, withdraw_prescription
from clinical.prescriptions.follow_up import dismiss_prescription
from clinical.refusals import WrongState
from tests.cast import HospitalCast
from tests.clinical.conftest import SignedIn
from tests.clinical.records import MEDICATION_ROW, NOW, make_prescription, make_visit

DAY = dt.timedelta(days=1)


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


@pytest.fixture
def rejected(mine: Prescription, north: HospitalCast) -> Prescription:
    by = north.pharmacist.user
    return deny_prescription(prescription_id=mine.pk, by=by, reason="out_of_stock", note="Not before Friday.", at=NOW)


@pytest.fixture
def expired(patient: Patient, north: HospitalCast) -> Prescription:
    row = make_prescription(patient, north.doctor, created_at=NOW - 90 * DAY)
    assert expire_prescriptions(at=NOW) == 1
    row.refresh_from_db()
    return row


def shown(browser: Client, *, days: int = 0, address: str = "/staff/doctor/") -> str:
    with time_machine.travel(NOW + days * DAY, tick=False):
        page = browser.get(address).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_rejection_reaches_the_prescriber(
    browser: Client, signed_in: SignedIn, rejected: Prescription, south: HospitalCast
) -> None:
    text = shown(browser)
    assert "Rejected by the pharmacy Paula Patient Ramipril 5 mg Out of stock: Not before Friday." in text
    assert "Rejected 2 Mar, 11:00 Amend and resend Paula Patient Dismiss Paula Patient" in text
    assert "Rejected by the pharmacy" in shown(browser, days=89)
    assert "Rejected by the pharmacy" not in shown(browser, days=90)
    assert "Rejected by the pharmacy" not in shown(browser, address="/staff/doctor/day/2026-03-03/")
    assert "Rejected by the pharmacy" not in shown(signed_in(south.doctor.user))


def test_what_expired_is_shown_and_what_was_withdrawn_is_not(
    browser: Client, expired: Prescription, patient: Patient, north: HospitalCast
) -> None:
    withdrawn = make_prescription(patient, north.doctor)
    withdraw_prescription(prescription_id=withdrawn.pk, by=north.doctor.user, at=NOW)
    text = shown(browser)
    assert "Expired before collection" in text
    assert "Ramipril 5 mg: prescribed 2 Dec, expired 2 Mar" in text
    assert text.count("Dismiss") == 1
    assert "Rejected by the pharmacy" not in text
    with pytest.raises(WrongState):
        dismiss_prescription(prescription_id=withdrawn.pk, by=north.doctor.user, at=NOW)


@pytest.mark.parametrize("ended", ["rejected", "expired"])
@time_machine.travel(NOW, tick=False)
def test_it_is_dismissed_and_brought_back(ended: str, browser: Client, request: pytest.FixtureRequest) -> None:
    row: Prescription = request.getfixturevalue(ended)
    for _ in range(2):  # an impatient click
        answer = browser.post(reverse("staff:prescription-dismiss", args=[row.pk]))
        assert answer.headers["Location"] == "/staff/doctor/"
    row.refresh_from_db()
    assert row.acknowledged_at == NOW
    undo = reverse("staff:prescription-undismiss", args=[row.pk])
    page = browser.get("/staff/doctor/").content.decode()
    assert f'action="{undo}"' in page
    assert f"dismiss-{row.pk}" not in page
    assert "Amend and resend" not in shown(browser, address=reverse("staff:doctor-prescription", args=[row.pk]))
    browser.post(undo)
    assert f"dismiss-{row.pk}" in browser.get("/staff/doctor/").content.decode()
    events = AccessEvent.objects.filter(action="dismissed_prescription").order_by("pk")
    assert [(event.object_id, event.reason) for event in events] == [(str(row.pk), ""), (str(row.pk), "undone")]


@pytest.mark.parametrize("ended", ["rejected", "expired"])
@time_machine.travel(NOW, tick=False)
def test_another_prescription_settles_it(
    ended: str, browser: Client, request: pytest.FixtureRequest, patient: Patient, north: HospitalCast
) -> None:
    row: Prescription = request.getfixturevalue(ended)
    make_visit(patient, north.doctor, NOW)
    form = f"{reverse('staff:prescribe', args=[patient.pk])}?repeat={row.pk}"
    assert form in browser.get("/staff/doctor/").content.decode()
    assert browser.post(form, {**MEDICATION_ROW, "action": "review"}).status_code == 200
    row.refresh_from_db()
    assert row.acknowledged_at is None
    assert browser.post(form, {**MEDICATION_ROW, "action": "send"}).status_code == 302
    row.refresh_from_db()
    assert row.acknowledged_at == NOW
    assert f"dismiss-{row.pk}" not in browser.get("/staff/doctor/").content.decode()


@time_machine.travel(NOW, tick=False)
def test_amending_says_why_it_was_rejected_and_whether_anything_was_changed(
    browser: Client, rejected: Prescription, patient: Patient, north: HospitalCast
) -> None:
    make_visit(patient, north.doctor, NOW)
    form = f"{reverse('staff:prescribe', args=[patient.pk])}?repeat={rejected.pk}"
    said = "Rejected by the pharmacy: out of stock: Not before Friday. The new prescription replaces the one of"
    text = shown(browser, address=form)
    assert (text.count("Amend prescription"), said in text) == (2, True)
    unchanged = "Nothing was changed: these are the medications that the pharmacy rejected."
    for dose, is_said in (("1 tablet", True), ("2 tablets", False)):
        review = browser.post(form, {**MEDICATION_ROW, "m0-dose": dose, "action": "review"}).content.decode()
        review = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", review))
        assert (said in review, unchanged in review) == (True, is_said)
    dismiss_prescription(prescription_id=rejected.pk, by=north.doctor.user, at=NOW)
    assert said not in shown(browser, address=form)


@time_machine.travel(NOW, tick=False)
def test_renewing_says_so(browser: Client, expired: Prescription, patient: Patient, north: HospitalCast) -> None:
    make_visit(patient, north.doctor, NOW)
    form = f"{reverse('staff:prescribe', args=[patient.pk])}?repeat={expired.pk}"
    text = shown(browser, address=form)
    assert (text.count("Renew prescription"), "Expired before collection, 2 Mar 2026" in text) == (2, True)
    review = browser.post(form, {**MEDICATION_ROW, "action": "review"}).content.decode()
    assert ("The new prescription replaces the one of 2 Dec 2025." in review, "Nothing was changed" in review) == (
        True,
        False,
    )


@time_machine.travel(NOW, tick=False)
def test_repeating_what_has_not_ended_settles_nothing(
    browser: Client, approved: Prescription, patient: Patient, north: HospitalCast
) -> None:
    make_visit(patient, north.doctor, NOW)
    form = f"{reverse('staff:prescribe', args=[patient.pk])}?repeat={approved.pk}"
    assert browser.post(form, {**MEDICATION_ROW, "m0-anyway": "ramipril", "action": "send"}).status_code == 302
    approved.refresh_from_db()
    assert approved.acknowledged_at is None
    with pytest.raises(WrongState):
        dismiss_prescription(prescription_id=approved.pk, by=north.doctor.user, at=NOW)
