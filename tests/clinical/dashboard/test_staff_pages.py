"""Who may open which page of the dashboards, and that a refusal changes nothing."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEvent, Patient
from clinical.models import AiSession, Appointment, Prescription, PrescriptionMessage, VisitDecision
from tests.cast import HospitalCast
from tests.clinical.conftest import SignedIn
from tests.clinical.records import MEDICATION_ROW, make_prescription, make_visit

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)

# name -> (method, which record its address names, who works there, what the own record answers)
PAGES = {
    "doctor-day": ("GET", "", "doctor", 200),
    "doctor-visit": ("GET", "visit", "doctor", 200),
    "visit-complete": ("POST", "visit", "doctor", 302),
    "visit-no-show": ("POST", "visit", "doctor", 302),
    "visit-unmark": ("POST", "visit", "doctor", 302),
    "visit-change": ("POST", "visit", "doctor", 302),
    "visit-keep": ("POST", "visit", "doctor", 302),
    "doctor-week": ("GET", "", "doctor", 200),
    "doctor-patients": ("GET", "", "doctor", 200),
    "visit-confirm": ("POST", "visit", "doctor", 302),
    "doctor-patient": ("GET", "patient", "doctor", 200),
    "prescribe": ("POST", "patient", "doctor", 302),
    "transcript": ("POST", "session", "doctor", 200),
    "doctor-prescription": ("GET", "prescription", "doctor", 200),
    "withdraw": ("POST", "prescription", "doctor", 302),
    "answer": ("POST", "prescription", "doctor", 302),
    "pharmacy-queue": ("GET", "", "pharmacist", 200),
    "pharmacy-review": ("GET", "prescription", "pharmacist", 200),
    "prescription-dismiss": ("POST", "prescription", "doctor", 302),
    "prescription-undismiss": ("POST", "prescription", "doctor", 302),
    "pharmacy-claim": ("POST", "prescription", "pharmacist", 302),
    "pharmacy-release": ("POST", "prescription", "pharmacist", 302),
    "pharmacy-approve": ("POST", "prescription", "pharmacist", 302),
    "pharmacy-deny": ("POST", "prescription", "pharmacist", 302),
    "pharmacy-ask": ("POST", "prescription", "pharmacist", 302),
    "pharmacy-dispense": ("POST", "prescription", "pharmacist", 302),
    "pharmacy-undo": ("POST", "prescription", "pharmacist", 302),
}
# Enough to pass every form.
FACTS = {
    **MEDICATION_ROW,
    "m0-anyway": "ramipril",
    "action": "send",
    "text": "Why?",
    "reason": "dose",
    "quantity-0": "1",
    "batch-0": "B",
    "choice": "cancel_for_good",
}


@pytest.fixture
def records(north: HospitalCast, patient: Patient) -> dict[str, uuid.UUID]:
    session = AiSession.objects.create(patient=patient, source="APP", hospital=north.hospital, transcript="Hm.")
    return {
        "visit": make_visit(patient, north.doctor, NOW).pk,
        "patient": patient.pk,
        "session": session.pk,
        "prescription": make_prescription(patient, north.doctor).pk,
    }


def ask(client: Client, name: str, records: dict[str, uuid.UUID]) -> int:
    method, record, _, _ = PAGES[name]
    address = reverse(f"staff:{name}", args=[records[record]] if record else [])
    answer = client.get(address) if method == "GET" else client.post(address, FACTS)
    return answer.status_code


def everything() -> list[object]:
    models = (Appointment, Prescription, PrescriptionMessage, VisitDecision, AccessEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("name", PAGES)
def test_own_page_and_record(
    name: str, signed_in: SignedIn, north: HospitalCast, records: dict[str, uuid.UUID]
) -> None:
    user = getattr(north, PAGES[name][2]).user
    assert ask(signed_in(user), name, records) == PAGES[name][3]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", ["doctor", "pharmacist", "admin"])
def test_other_roles_may_not(
    role: str, name: str, signed_in: SignedIn, north: HospitalCast, records: dict[str, uuid.UUID]
) -> None:
    if role == PAGES[name][2]:
        return
    user = north.admin if role == "admin" else getattr(north, role).user
    before = everything()
    assert ask(signed_in(user), name, records) == 403
    assert everything() == before


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page[1]])
def test_another_hospitals_record_is_not_there(
    name: str,
    signed_in: SignedIn,
    north: HospitalCast,
    south: HospitalCast,
    records: dict[str, uuid.UUID],
) -> None:
    user = getattr(south, PAGES[name][2]).user
    before = everything()
    assert ask(signed_in(user), name, records) == 404
    assert everything() == before


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_sent_to_sign_in(
    name: str, client: Client, north: HospitalCast, records: dict[str, uuid.UUID]
) -> None:
    before = everything()
    assert ask(client, name, records) == 302
    assert everything() == before


@pytest.mark.parametrize("name", PAGES)
def test_a_patient_has_no_session_here(
    name: str, signed_in: SignedIn, patient: Patient, records: dict[str, uuid.UUID]
) -> None:
    assert ask(signed_in(patient.user), name, records) == 302


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if page[0] == "POST" and name != "prescribe"])
def test_a_reload_of_what_was_sent_leads_to_the_page(
    name: str, signed_in: SignedIn, north: HospitalCast, records: dict[str, uuid.UUID]
) -> None:
    _method, record, role, _status = PAGES[name]
    client, before = signed_in(getattr(north, role).user), everything()
    answer = client.get(reverse(f"staff:{name}", args=[records[record]]))
    assert answer.status_code == 302
    assert everything() == before
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert (
        reverse(f"staff:{name}", args=[records[record]]).startswith(answer.headers["Location"]) or record == "session"
    )


@pytest.mark.parametrize("role", ["admin", "doctor", "pharmacist"])
@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/staff/logout/", "/staff/"),
        ("/staff/second-factor/recovery-codes/", "/staff/second-factor/"),
        ("/staff/second-factor/remove/", "/staff/second-factor/"),
    ],
)
def test_so_does_one_of_ones_own_access(
    role: str, path: str, page: str, signed_in: SignedIn, north: HospitalCast
) -> None:
    user = north.admin if role == "admin" else getattr(north, role).user
    client = signed_in(user)
    assert client.get(path).headers["Location"] == page
    assert client.get("/staff/profile/").status_code == 200


def test_a_poll_without_a_session_turns_the_page_to_sign_in(client: Client, db: None) -> None:
    answer = client.get("/staff/doctor/", headers={"HX-Request": "true", "X-Poll": "1"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/staff/login/")


@pytest.mark.parametrize("zone", [None, "Mars/Base", "../etc"])
def test_a_hospital_without_a_real_zone_shows_utc(zone: str | None, signed_in: SignedIn, north: HospitalCast) -> None:
    type(north.hospital).objects.update(time_zone=zone)
    answer = signed_in(north.doctor.user).get("/staff/doctor/")
    assert b"times in UTC" in answer.content


def test_nothing_is_kept_by_browsers(signed_in: SignedIn, north: HospitalCast) -> None:
    answer = signed_in(north.doctor.user).get("/staff/doctor/")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
