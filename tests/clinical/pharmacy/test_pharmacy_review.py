"""What the review page tells beside the medications, and what the queue tells of the day's work."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEvent, Patient, User
from clinical.models import Prescription
from clinical.prescriptions.actions import (
    answer_pharmacist,
    ask_prescriber,
    claim_prescription,
    expire_prescriptions,
    take_over_prescription,
)
from clinical.prescriptions.medications import as_json
from tests.cast import HospitalCast
from tests.clinical.conftest import SignedIn
from tests.clinical.records import MEDICATION, make_prescription

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
QUEUE = "/staff/pharmacy/"
POLL = {"HX-Request": "true", "X-Poll": "1"}


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.pharmacist.user)


def page_of(row: Prescription) -> str:
    return reverse("staff:pharmacy-review", args=[row.pk])


def text_of(browser: Client, address: str) -> str:
    html = browser.get(address).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@time_machine.travel(NOW, tick=False)
def test_what_is_taken_now_is_told_from_what_was(
    browser: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    short = as_json([MEDICATION.model_copy(update={"duration_days": 10, "refills": 0})])
    done = {"status": "COMPLETED", "pharmacist": north.pharmacist, "medications": short}
    still = make_prescription(patient, north.doctor, created_at=NOW - 9 * DAY, **done)
    over = make_prescription(patient, north.doctor, created_at=NOW - 10 * DAY, **done)
    denied = make_prescription(patient, north.doctor, created_at=NOW, status="DENIED", denial_reason="dose")
    waiting = make_prescription(patient, north.doctor, created_at=NOW - 80 * DAY)
    make_prescription(patient, south.doctor, created_at=NOW)
    row = make_prescription(patient, north.doctor, created_at=NOW)
    review = browser.get(page_of(row)).context["review"]
    assert [one.prescription for one in review.current] == [still, waiting]
    assert [one.prescription for one in review.earlier] == [denied, over]


# Each step in a transaction of its own: by its time the reason finds its step.
@pytest.mark.django_db(transaction=True)
def test_a_take_over_tells_from_whom_and_why(
    browser: Client, north: HospitalCast, patient: Patient, colleague: User
) -> None:
    row = make_prescription(patient, north.doctor)
    claim_prescription(prescription_id=row.pk, by=colleague, at=NOW - 30 * MINUTE)
    take_over_prescription(prescription_id=row.pk, by=north.pharmacist.user, reason="Gone home.", at=NOW)
    steps = browser.get(page_of(row)).context["review"].steps
    assert [(step.text, step.who, step.note) for step in steps] == [
        ("Written", "Dora North", ""),
        ("Taken up", "Paul North", ""),
        ("Taken over from Paul North", "Pia North", "Gone home."),
    ]


@time_machine.travel(NOW, tick=False)
def test_undo_says_how_long_and_is_refused_kindly_afterwards(
    browser: Client, north: HospitalCast, patient: Patient
) -> None:
    done = {"status": "COMPLETED", "pharmacist": north.pharmacist}
    late = make_prescription(patient, north.doctor, completed_at=NOW - 6 * MINUTE, **done)
    fresh = make_prescription(patient, north.doctor, completed_at=NOW - 2 * MINUTE - dt.timedelta(seconds=1), **done)
    assert "Undo available for 3 min" in text_of(browser, page_of(fresh))
    assert "undo available for 3 min" in text_of(browser, QUEUE)
    assert "Undo dispensing" not in text_of(browser, page_of(late))
    refused = browser.post(reverse("staff:pharmacy-undo", args=[late.pk]), follow=True)
    assert "Dispensing can be undone within 5 minutes" in refused.content.decode()
    late.refresh_from_db()
    assert late.status == "COMPLETED"


@time_machine.travel(NOW, tick=False)
def test_of_anothers_dispensing_no_undo_is_offered(
    browser: Client, north: HospitalCast, patient: Patient, colleague: User
) -> None:
    row = make_prescription(
        patient, north.doctor, status="COMPLETED", pharmacist=colleague.pharmacist, completed_at=NOW
    )
    assert "Undo dispensing" not in text_of(browser, page_of(row))
    assert "undo available" not in text_of(browser, QUEUE)


@time_machine.travel(NOW, tick=False)
def test_denied_today_is_listed_as_done_and_expired_is_not(
    browser: Client, north: HospitalCast, patient: Patient
) -> None:
    held = {"status": "DENIED", "pharmacist": north.pharmacist}
    denied = make_prescription(patient, north.doctor, decided_at=NOW, denial_reason="dose", **held)
    withdrawn = make_prescription(patient, north.doctor, decided_at=NOW - MINUTE, denial_reason="withdrawn", **held)
    make_prescription(patient, north.doctor, decided_at=NOW, denial_reason="expired", **held)
    make_prescription(patient, north.doctor, decided_at=NOW - DAY, denial_reason="dose", **held)
    make_prescription(patient, north.doctor, decided_at=NOW, status="DENIED", denial_reason="withdrawn")
    dispensed = make_prescription(
        patient, north.doctor, status="COMPLETED", pharmacist=north.pharmacist, completed_at=NOW - 2 * MINUTE
    )
    queue = browser.get(QUEUE).context["queue"]
    assert [one.prescription for one in queue.done] == [denied, withdrawn, dispensed]
    assert [one.ended_at for one in queue.done] == [NOW, NOW - MINUTE, NOW - 2 * MINUTE]
    assert queue.figures.done == 1


@time_machine.travel(NOW, tick=False)
def test_what_expired_left_the_queue_and_says_so(browser: Client, north: HospitalCast, patient: Patient) -> None:
    row = make_prescription(patient, north.doctor, created_at=NOW - 90 * DAY)
    expire_prescriptions(at=NOW)
    assert browser.get(QUEUE).context["queue"].waiting == []
    text = text_of(browser, page_of(row))
    assert "Expired: not collected in time." in text
    assert "Claim" not in text


def test_less_than_prescribed_is_told(browser: Client, north: HospitalCast, patient: Patient) -> None:
    row = make_prescription(patient, north.doctor, status="APPROVED", pharmacist=north.pharmacist)
    sent = {"quantity-0": str(MEDICATION.quantity - 1), "batch-0": "LOT 7"}
    answer = browser.post(reverse("staff:pharmacy-dispense", args=[row.pk]), sent, follow=True)
    text = " ".join(answer.content.decode().split())
    assert "Dispensed, less than prescribed. You can undo this for 5 minutes." in text
    assert f"Dispensed: only {MEDICATION.quantity - 1} of {MEDICATION.quantity}, batch LOT 7" in text


def test_an_answer_shows_in_the_queue_and_on_the_page_without_opening_it_again(
    browser: Client, north: HospitalCast, patient: Patient
) -> None:
    row = make_prescription(patient, north.doctor, pharmacist=north.pharmacist)
    ask_prescriber(prescription_id=row.pk, by=north.pharmacist.user, text="Which strength?", at=NOW)
    assert "query sent" in text_of(browser, QUEUE)
    (proof,) = re.findall(r'"X-Poll": "([^"]+)"', browser.get(page_of(row)).content.decode())
    poll = {**POLL, "X-Poll": proof}
    first = browser.get(page_of(row), headers=poll)
    unchanged = browser.get(page_of(row), headers={**poll, "If-None-Match": first.headers["ETag"]})
    assert unchanged.status_code == 304
    answer_pharmacist(prescription_id=row.pk, by=north.doctor.user, text="The weaker one.", at=NOW + MINUTE)
    assert "prescriber replied" in text_of(browser, QUEUE)
    assert "The weaker one." in browser.get(page_of(row), headers=poll).content.decode()
    assert AccessEvent.objects.filter(action="opened_prescription").count() == 1
    # A poll of a page that was never shown is an opening like any other.
    assert "The weaker one." in browser.get(page_of(row), headers=POLL).content.decode()
    assert AccessEvent.objects.filter(action="opened_prescription").count() == 2
