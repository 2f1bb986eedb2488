"""A doctor who is deactivated: the booked visits are decided about first."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Patient, SmsMessage, User
from clinical.models import Appointment, VisitDecision
from clinical.visits.attention import attention_lists
from hospitals.hours.actions import VisitsHit
from hospitals.staff.actions import deactivate_staff_member
from tests.api.calendar import Memory
from tests.cast import PASSWORD, HospitalCast
from tests.clinical.records import make_visit

DAY = dt.timedelta(days=1)


@pytest.fixture
def visit(north: HospitalCast, patient: Patient, calendar: Memory, published: list[uuid.UUID]) -> Appointment:
    return make_visit(patient, north.doctor, timezone.now() + DAY)


def is_active(north: HospitalCast) -> bool:
    return User.objects.get(pk=north.doctor.pk).is_active


def listed(north: HospitalCast) -> list[uuid.UUID]:
    lists = attention_lists(north.admin, at=timezone.now())
    return [item.visit.pk for one in lists if one.kind == "deactivated" for item in one.items]


def test_nothing_happens_before_each_visit_has_a_choice(
    admin_client: Client, north: HospitalCast, visit: Appointment
) -> None:
    address = reverse("admin:hospitals_doctor_access", args=[north.doctor.pk])
    page = admin_client.get(address).content.decode()
    assert "1 appointment is booked." in page
    assert 'portal-button-main" type="submit">Next: choose for 1 appointment</button>' in page
    assert "portal-button-danger" not in page
    page = admin_client.post(address).content.decode()
    assert "1 booked appointment is affected" in page
    assert " checked" not in page
    assert 'portal-button-danger" type="submit" name="visits" value="decide">Deactivate</button>' in page
    choice = {f"visit-{visit.pk}": "keep", "visits-listed": str(visit.pk)}
    page = admin_client.post(address, choice | {"visits": "decide"}).content.decode()
    assert "Yes, deactivate</button>" in page
    assert "Deactivate Dora North?" in admin_client.post(address, {"visits": "back"}).content.decode()
    assert (is_active(north), VisitDecision.objects.count()) == (True, 0)


@pytest.mark.parametrize(("choice", "messages"), [("keep", 0), ("ask_to_move", 1), ("cancel", 0)])
def test_choices_are_saved_with_it_and_what_stays_booked_needs_attention(
    choice: str,
    messages: int,
    admin_client: Client,
    north: HospitalCast,
    visit: Appointment,
    calendar: Memory,
    published: list[uuid.UUID],
) -> None:
    address = reverse("admin:hospitals_doctor_access", args=[north.doctor.pk])
    admin_client.post(address, {f"visit-{visit.pk}": choice, "visits": "confirm", "visits-reason": "Left"})
    decision = VisitDecision.objects.get()
    assert (is_active(north), decision.choice, decision.cause) == (False, choice, "deactivated")
    assert SmsMessage.objects.count() == messages
    assert published == [north.doctor.pk]
    assert [one["reason"] for one in calendar.requests.values()] == (["Left"] if choice == "cancel" else [])
    assert listed(north) == [visit.pk]
    admin_client.post(address, {"access": "end"})
    assert is_active(north) is False
    admin_client.post(address, {"access": "restore"})
    assert is_active(north) is True
    assert listed(north) == []


def test_an_operator_who_sees_no_visits_leaves_them_to_the_hospital(north: HospitalCast, visit: Appointment) -> None:
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    with pytest.raises(VisitsHit):
        deactivate_staff_member(user=north.doctor.user, by=north.admin, at=timezone.now())
    assert is_active(north) is True
    deactivate_staff_member(user=north.doctor.user, by=operator, at=timezone.now())
    assert (is_active(north), VisitDecision.objects.count()) == (False, 0)
