"""What an operator sees of an appointment, with the glass broken and without."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.access_log.break_glass import break_the_glass
from accounts.models import AccessEvent, Patient, User
from clinical.models import VisitDecision
from tests.admin.records import book
from tests.cast import HospitalCast

pytestmark = pytest.mark.usefixtures("published")

BASE = "/admin/clinical/appointment/"
CALENDAR = f"{BASE}calendar/"
TO_LOOK_AT = f"{BASE}conflicts/"
# A Saturday; 10:00 in Vienna.
AT = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(AT, tick=False):
        yield


def operator_client(north: HospitalCast | None) -> Client:
    operator = User.objects.create_superuser("operator@wardbook.test", "a-long-test-password")
    if north:
        break_the_glass(by=operator, hospital_id=north.hospital.pk, reason="Looking for a lost visit.", at=AT)
    client = Client()
    client.force_login(operator)
    return client


def test_the_payload_is_an_operators_who_broke_the_glass(
    admin_client: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    visit, other = book(north, patient, AT), book(south, patient, AT)
    address = f"{BASE}{visit.pk}/payload/"
    assert admin_client.post(address).status_code == 403
    client = operator_client(north)
    assert client.get(address).status_code == 405
    assert "Open what Cal.com sent" in client.get(f"{BASE}{visit.pk}/change/").content.decode()
    assert "raw-payload" in client.post(address).content.decode()
    event = AccessEvent.objects.get(object_kind="appointment_payload")
    assert (event.action, event.patient_id, event.object_id) == ("opened_visit", patient.pk, str(visit.pk))
    assert event.reason.startswith("break_glass:")
    assert client.post(f"{BASE}{other.pk}/payload/").status_code == 302
    assert AccessEvent.objects.filter(object_kind="appointment_payload").count() == 1


def test_an_operator_looks_and_changes_nothing(north: HospitalCast, patient: Patient) -> None:
    visit = book(north, patient, AT + DAY)
    book(north, patient, AT + DAY + HOUR / 4)
    client = operator_client(north)
    for address in (f"{CALENDAR}?doctor={north.doctor.pk}", TO_LOOK_AT):
        page = client.get(address).content.decode()
        assert "Paula Patient" in page
    listed = AccessEvent.objects.filter(action="listed_under_break_glass").values_list("patient_id", flat=True)
    assert list(listed) == [patient.pk, patient.pk]
    assert "Move or cancel" not in page
    for name in ("decide", "confirm", "withdraw", "match"):
        assert client.post(f"{BASE}{visit.pk}/{name}/", {"choice": "keep"}).status_code == 403
    assert not VisitDecision.objects.exists()


def test_an_operator_who_did_not_break_the_glass_sees_none_of_it(north: HospitalCast, patient: Patient) -> None:
    book(north, patient, AT)
    client = operator_client(None)
    for address in (CALENDAR, TO_LOOK_AT):
        assert client.get(address).status_code == 403
