"""Who a visit is of and how it stands, as every page of staff says it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.conf import settings

from accounts.models import Patient
from clinical.visits.shown import VisitState, heading_of, how_known
from tests.cast import HospitalCast
from tests.clinical.records import make_visit

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("facts", "name", "name_and_account"),
    [
        ({}, "Paula Patient", "Paula Patient"),
        ({"guest_name": "Gus"}, "Paula Patient", "Paula Patient"),
        ({"patient_match": "phone"}, "Paula Patient", "Paula Patient"),
        ({"patient_match": "phone", "guest_name": "Gus"}, "Gus", "Gus (account of Paula Patient)"),
        ({"patient_match": "phone", "guest_name": "Gus", "identity_confirmed_at": NOW}, *["Paula Patient"] * 2),
    ],
    ids=["proven", "proven, typed otherwise", "by phone", "by phone, typed otherwise", "confirmed"],
)
def test_a_typed_name_leads_until_the_patient_is_proven(
    facts: dict[str, Any], name: str, name_and_account: str, north: HospitalCast, patient: Patient
) -> None:
    heading = heading_of(make_visit(patient, north.doctor, NOW, **facts), at=NOW)
    assert (heading.name, heading.name_and_account) == (name, name_and_account)
    assert (heading.account_name, heading.is_guest) == ("Paula Patient", False)


def test_a_guest_has_the_typed_name_or_none(north: HospitalCast) -> None:
    headings = [heading_of(make_visit(None, north.doctor, NOW, guest_name=name), at=NOW) for name in ("Gus", None)]
    assert [one.name_and_account for one in headings] == ["Gus", "Guest without a name"]
    assert {(one.is_guest, one.is_identified, one.account_name) for one in headings} == {(True, False, "")}


def test_a_patient_without_a_name_is_said_to_have_none(north: HospitalCast, patient: Patient) -> None:
    patient.user.profile.delete()
    visit = make_visit(Patient.objects.get(pk=patient.pk), north.doctor, NOW)
    assert heading_of(visit, at=NOW).name_and_account == "Patient without a name"


@pytest.mark.parametrize(
    ("facts", "starts_in", "state"),
    [
        ({}, HOUR, "booked"),
        ({}, 0 * HOUR, "now"),
        ({}, -HOUR, "overdue"),
        ({"cal_status": "pending"}, -HOUR, "pending"),
        ({"status": "COMPLETED"}, -HOUR, "completed"),
        ({"status": "COMPLETED", "no_show": True}, -HOUR, "no_show"),
        ({"status": "CANCELLED", "no_show": True, "cal_status": "pending"}, HOUR, "cancelled"),
    ],
)
def test_how_a_visit_stands(
    facts: dict[str, Any], starts_in: dt.timedelta, state: str, north: HospitalCast, patient: Patient
) -> None:
    visit = make_visit(patient, north.doctor, NOW + starts_in, **facts)
    assert heading_of(visit, at=NOW).state == state


def test_only_what_was_held_missed_or_cancelled_is_over() -> None:
    assert {state.value for state in VisitState if state.is_over} == {"completed", "no_show", "cancelled"}


def test_how_the_patient_is_known(north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW, patient_match="phone")
    assert str(how_known(visit)) == "matched by phone"
    visit.identity_confirmed_at = NOW
    assert how_known(visit) == "confirmed"


# A template that asks for one of these decides again what `clinical.visits.shown` decides.
DECIDED_THERE = ("guest_name", "visit.no_show", "record.no_show", "is_pending_confirmation", "visit.status ==")


def test_no_template_decides_again() -> None:
    templates = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
    found = [(path.name, text) for path in templates for text in DECIDED_THERE if text in path.read_text()]
    assert (len(templates) > 50, found) == (True, [])
