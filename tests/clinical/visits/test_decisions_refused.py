"""Which decisions about visits are refused, and that nothing happens then."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AccessEvent, Patient, SmsMessage, User
from clinical import refusals
from clinical.models import Appointment, VisitDecision
from clinical.visits.decisions import decide_visits, keep_visit
from core.refusals import NotFound, NotPermitted, Refused
from tests.api.calendar import Memory
from tests.cast import HospitalCast
from tests.clinical.deciding import ACTS, SOON, Act
from tests.clinical.records import NOW, make_visit

pytestmark = pytest.mark.usefixtures("calendar")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"status": "CANCELLED", "cal_status": "cancelled"}, refusals.VisitCancelled),
        ({"status": "COMPLETED"}, refusals.VisitBegun),
        ({"start": NOW}, refusals.VisitBegun),
    ],
)
def test_what_cannot_be_decided(
    act: Act, facts: dict[str, Any], wanted: type[Refused], north: HospitalCast, patient: Patient, calendar: Memory
) -> None:
    visit = make_visit(patient, north.doctor, **{"start": SOON, **facts})
    with pytest.raises(wanted):
        act(appointment_id=visit.pk, reason="", by=north.doctor.user, at=NOW)
    assert_nothing_happened(calendar)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        ("south.admin", NotFound),
        ("south.doctor.user", NotFound),
        ("north.pharmacist.user", NotPermitted),
        ("patient.user", NotPermitted),
        ("operator", NotPermitted),
    ],
)
def test_who_may_not_decide(
    act: Act,
    who: str,
    wanted: type[Refused],
    visit: Appointment,
    north: HospitalCast,
    south: HospitalCast,
    patient: Patient,
    calendar: Memory,
) -> None:
    people: dict[str, Any] = {
        "south.admin": south.admin,
        "south.doctor.user": south.doctor.user,
        "north.pharmacist.user": north.pharmacist.user,
        "patient.user": patient.user,
        "operator": User.objects.create(email="op@wardbook.test", is_superuser=True),
    }
    with pytest.raises(wanted):
        act(appointment_id=visit.pk, reason="", by=people[who], at=NOW)
    assert_nothing_happened(calendar)


def assert_nothing_happened(calendar: Memory) -> None:
    assert not VisitDecision.objects.exists()
    assert not AccessEvent.objects.exists()
    assert not SmsMessage.objects.exists()
    assert calendar.requests == {}


def test_of_many_at_once_one_that_is_not_theirs_stops_all(
    visit: Appointment, north: HospitalCast, south: HospitalCast, patient: Patient, calendar: Memory
) -> None:
    other = make_visit(patient, south.doctor, SOON)
    with pytest.raises(NotFound):
        decide_visits(
            choices={visit.pk: "cancel", other.pk: "cancel"}, cause="hours", reason="", by=north.admin, at=NOW
        )
    assert_nothing_happened(calendar)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"replaced_at": None}, "visit_changes_one_current"),
        ({"choice": "forget"}, "visit_changes_choice_known"),
        ({"cause": "whim"}, "visit_changes_cause_known"),
        ({"request_id": uuid.uuid4()}, "visit_changes_request_of_cancel"),
    ],
)
def test_the_database_refuses(facts: dict[str, Any], rule: str, visit: Appointment, north: HospitalCast) -> None:
    keep_visit(appointment_id=visit.pk, by=north.admin, at=NOW)
    row = {"choice": "keep", "cause": "visit", "replaced_at": NOW, "start_ts": SOON, **facts}
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        VisitDecision.objects.create(appointment=visit, doctor=north.doctor, hospital=north.hospital, **row)
