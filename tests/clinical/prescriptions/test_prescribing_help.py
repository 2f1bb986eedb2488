"""What helps to prescribe: earlier lines, what the patient takes already, repeating, paper, and what expired."""

from __future__ import annotations

import datetime as dt
import re
import uuid
import zoneinfo

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import AccessEvent, Patient, Role
from clinical.models import Prescription
from clinical.prescriptions.current import current_medications
from clinical.prescriptions.history import prescription_history
from clinical.prescriptions.medications import Medication, as_json
from clinical.prescriptions.suggestions import forget_own, suggestions
from hospitals.models import Doctor
from tests.cast import HospitalCast, make_patient, make_staff
from tests.clinical.conftest import SignedIn
from tests.clinical.records import MEDICATION, MEDICATION_ROW, make_prescription, make_visit

# Monday, 11:00 in Vienna.
NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


@pytest.fixture
def form(north: HospitalCast, patient: Patient) -> str:
    make_visit(patient, north.doctor, NOW)
    return reverse("staff:prescribe", args=[patient.pk])


def line(name: str, **facts: object) -> Medication:
    return MEDICATION.model_copy(update={"name": name, **facts})


def prescribed(cast: HospitalCast, patient: Patient, *lines: Medication, **facts: object) -> Prescription:
    facts.setdefault("created_at", NOW - dt.timedelta(days=1))
    return make_prescription(patient, cast.doctor, medications=as_json(lines), **facts)


def names_for(cast: HospitalCast, typed: str) -> list[tuple[str, bool]]:
    return [(one.line.name, one.is_own) for one in suggestions(user=cast.doctor.user, typed=typed)]


def test_own_lines_come_first_then_frequent_ones_of_the_hospital(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    colleague = make_colleague(north)
    prescribed(north, patient, line("Amlodipine"), line("Metformin"))
    for _ in range(2):
        make_prescription(patient, colleague, medications=as_json([line("Amoxicillin"), line("Co-amoxiclav")]))
    prescribed(south, patient, line("Amiodarone"))
    assert names_for(north, "am") == [("Amlodipine", True), ("Amoxicillin", False)]
    assert names_for(north, "5 AMO") == [("Amoxicillin", False)]
    assert names_for(north, "") == [
        ("Amlodipine", True),
        ("Metformin", True),
        ("Amoxicillin", False),
        ("Co-amoxiclav", False),
    ]
    assert names_for(north, "zz") == []
    assert names_for(south, "") == [("Amiodarone", True)]


def make_colleague(cast: HospitalCast) -> Doctor:
    user = make_staff(cast.hospital, Role.DOCTOR, "second@north.test", "Dirk North")
    return Doctor.objects.create(user=user, hospital=cast.hospital)


def test_what_was_wrong_and_what_is_the_patients_own_is_not_suggested(north: HospitalCast, patient: Patient) -> None:
    prescribed(north, patient, line("Wrongdose"), status="DENIED", denial_reason="dose")
    prescribed(north, patient, line("Unfetched"), status="DENIED", denial_reason="expired")
    prescribed(north, patient, line("Noted", instructions="Tell Paula's mother."))
    make_prescription(patient, north.doctor, medications=[{"name": "Half a line"}, 7], created_at=NOW)
    assert sorted(name for name, _own in names_for(north, "")) == ["Noted", "Unfetched"]
    assert "mother" not in repr(suggestions(user=north.doctor.user, typed=""))


def test_lines_are_read_once_in_a_while_and_after_prescribing(
    north: HospitalCast, patient: Patient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    prescribed(north, patient, line("Amlodipine"))
    with django_assert_num_queries(2):
        assert len(names_for(north, "a")) == 1
        assert len(names_for(north, "am")) == 1
    prescribed(north, patient, line("Ambroxol"))
    assert len(names_for(north, "am")) == 1
    forget_own(north.doctor.user)
    assert len(names_for(north, "am")) == 2


def test_a_line_is_found_and_filled_in(browser: Client, form: str, north: HospitalCast) -> None:
    prescribed(north, make_patient("436601230099", "Otto"), line("Amoxicillin", code="J01CA04", code_system="ATC"))
    found = browser.get(form, {"suggest": "0", "m0-name": "amo"}, headers=HTMX).content.decode()
    assert 'role="listbox"' in found
    pick = re.search(r'value="(pick-0-[0-9a-f]{16})"', found)
    assert pick is not None
    assert browser.get(form, {"suggest": "0", "m0-name": "zz"}, headers=HTMX).content.strip() == b""
    assert not AccessEvent.objects.exists()
    sent = {"rows": "1", "m0-name": "amo", "m0-instructions": "With milk"}
    filled = browser.post(form, {**sent, "action": pick[1]}, headers=HTMX).content.decode()
    values = dict(re.findall(r'name="m0-(\w+)" value="([^"]*)"', filled))
    assert values == {
        "name": "Amoxicillin",
        "strength": "5 mg",
        "dose": "1 tablet",
        "frequency": "once a day",
        "duration_days": "30",
        "quantity": "30",
        "refills": "0",
        "instructions": "With milk",
        "code": "J01CA04",
        "code_system": "ATC",
    }
    unknown = browser.post(form, {**sent, "action": "pick-0-0000000000000000"}, headers=HTMX)
    assert b'name="m0-name" value="amo"' in unknown.content
    plain = browser.post(form, {**sent, "action": "suggest-0"}).content.decode()
    assert pick[1] in plain
    assert "listbox" not in plain


@pytest.mark.parametrize("action", ["suggest-7", "pick-9-x", "suggest-x", "remove-99999", "pick", "suggest"])
def test_lines_that_are_none_change_nothing(action: str, browser: Client, form: str) -> None:
    answer = browser.post(form, {"rows": "1", "m0-name": "Ramipril", "action": action})
    assert answer.status_code == 200
    assert b'value="Ramipril"' in answer.content
    assert browser.post(form, {"rows": "1", "action": "check-5"}).status_code == 404


SENT = {**MEDICATION_ROW, "rows": "1", "action": "send"}


@pytest.mark.parametrize("where", ["here", "there", "waiting"])
@time_machine.travel(NOW, tick=False)
def test_what_the_patient_takes_needs_a_tick(
    where: str, browser: Client, form: str, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    cast = south if where == "there" else north
    known = prescribed(cast, patient, line("RAMIPRIL", strength="10 mg"), pharmacist=cast.pharmacist)
    if where != "waiting":
        Prescription.objects.filter(pk=known.pk).update(status="APPROVED")
    told = browser.post(form, {**SENT, "action": "check-0"}, headers=HTMX).content.decode()
    said = "Already waiting for the pharmacy:" if where == "waiting" else "The patient already has it:"
    assert f"{said} RAMIPRIL 10 mg" in told
    assert f"{cast.doctor.full_name}, {cast.hospital.name}" in told
    assert browser.post(form, {**SENT, "m0-name": "Ibuprofen", "action": "check-0"}, headers=HTMX).content == b"\n"
    refused = browser.post(form, SENT)
    assert refused.status_code == 422
    assert "Confirm that you want to prescribe it anyway" in refused.content.decode()
    # A tick that was given for another medicine.
    assert browser.post(form, {**SENT, "m0-anyway": "ibuprofen"}).status_code == 422
    assert Prescription.objects.count() == 1
    wish = {"prescription_id": str(uuid.uuid4())}
    for _ in range(2):  # an impatient click
        assert browser.post(form, {**SENT, **wish, "m0-anyway": "ramipril"}).status_code == 302
    assert Prescription.objects.count() == 2
    event = AccessEvent.objects.get(action="prescribed")
    assert (event.object_id, event.reason) == (wish["prescription_id"], "duplicate_confirmed: 1")
    row = Prescription.objects.get(pk=wish["prescription_id"])
    assert [step.text for step in prescription_history(row)] == [
        "Written, though warned that it is a duplicate (medication 1)"
    ]


@time_machine.travel(NOW, tick=False)
def test_of_another_hospital_what_waits_is_not_told(
    browser: Client, form: str, south: HospitalCast, patient: Patient
) -> None:
    prescribed(south, patient, MEDICATION)
    assert b"already" not in browser.post(form, {**SENT, "action": "check-0"}, headers=HTMX).content
    assert browser.post(form, SENT).status_code == 302


def test_the_same_medicine_twice_in_one_form_needs_a_tick(browser: Client, form: str) -> None:
    two = {**SENT, **{key.replace("m0", "m1"): value for key, value in MEDICATION_ROW.items()}, "rows": "2"}
    refused = browser.post(form, two)
    assert refused.status_code == 422
    assert "Medication 1 above is the same." in refused.content.decode()
    assert browser.post(form, {**two, "m1-anyway": "ramipril"}).status_code == 302


def test_an_earlier_prescription_is_repeated(
    browser: Client, form: str, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    lines = [line("Ramipril", instructions="In the morning."), line("Ibuprofen", as_needed=True)]
    earlier = prescribed(north, patient, *lines, status="COMPLETED")
    page = browser.get(form, {"repeat": str(earlier.pk)}).content.decode()
    assert re.findall(r'name="m\d-(?:name|instructions)" value="([^"]+)"', page) == [
        "Ramipril",
        "In the morning.",
        "Ibuprofen",
    ]
    opened = AccessEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(opened) == ["opened_prescription", "opened_patient"]
    other = prescribed(north, make_patient("436601230099", "Otto"), MEDICATION)
    elsewhere = prescribed(south, patient, MEDICATION)
    for wrong in (other.pk, elsewhere.pk, uuid.uuid4(), "x"):
        assert browser.get(form, {"repeat": str(wrong)}).status_code == 404


@time_machine.travel(NOW, tick=False)
def test_the_paper_says_who_what_and_when_and_goes_on_record(
    browser: Client, form: str, north: HospitalCast, patient: Patient
) -> None:
    north.hospital.address = "Hill Road 1"
    north.hospital.save(update_fields=["address"])
    Patient.objects.filter(pk=patient.pk).update(date_of_birth=dt.date(1971, 4, 9))
    row = prescribed(north, patient, line("Ramipril", refills=2, instructions="In the morning."), created_at=NOW)
    paper = reverse("staff:print-prescription", args=[row.pk])
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", browser.get(paper).content.decode()))
    for shown in (
        *("North", "Hill Road 1", "2 March 2026", "Paula Patient", "9 April 1971", "Ramipril 5 mg", "1 tablet"),
        *("For 30 days · quantity 30 · 2 refills", "In the morning.", "Dora North", "Cardiology", "Signature"),
    ):
        assert shown in text
    assert "Not valid" not in text
    assert "Also sent electronically to the hospital’s pharmacy. Dispense once only." in text
    event = AccessEvent.objects.get()
    assert (event.action, event.patient_id, event.object_id) == ("printed", patient.pk, str(row.pk))
    Prescription.objects.filter(pk=row.pk).update(status="DENIED", denial_reason="withdrawn")
    assert "Not valid: withdrawn by the prescriber" in browser.get(paper).content.decode()


def test_what_was_dispensed_is_printed_as_a_copy(browser: Client, north: HospitalCast, patient: Patient) -> None:
    row = prescribed(north, patient, MEDICATION, status="COMPLETED", completed_at=NOW)
    page = browser.get(reverse("staff:print-prescription", args=[row.pk])).content.decode()
    assert "Dispensed on 2 March 2026: a copy, not to be dispensed again" in page


def test_an_evenings_prescription_is_current_at_once_west_of_greenwich(north: HospitalCast, patient: Patient) -> None:
    evening = dt.datetime(2026, 3, 3, 1, 0, tzinfo=dt.UTC)
    prescribed(north, patient, MEDICATION, status="APPROVED", created_at=evening)
    with timezone.override(zoneinfo.ZoneInfo("America/New_York")):
        (known,) = current_medications(patient.pk, at=evening, today=timezone.localdate(evening))
    assert known.prescribed_on == dt.date(2026, 3, 2)


@time_machine.travel(NOW, tick=False)
def test_a_long_record_goes_on_on_earlier_pages(
    browser: Client, north: HospitalCast, patient: Patient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for days in range(120):
        prescribed(north, patient, line(f"Day {days}."), created_at=NOW - dt.timedelta(days=days))
        if days < 40:
            make_visit(patient, north.doctor, NOW - dt.timedelta(days=days, hours=1), status="COMPLETED")
    address = reverse("staff:doctor-patient", args=[patient.pk])

    def days_on(page: str) -> list[int]:
        return [int(day) for day in re.findall(r'<p class="mt-1">Day (\d+)\.', page)]

    latest = browser.get(address).content.decode()
    assert days_on(latest) == list(range(60))
    more = re.search(r'href="(\?before=[^"]+)"', latest)
    assert more is not None
    with django_assert_num_queries(10):
        earlier = browser.get(address + more[1]).content.decode()
    assert days_on(earlier) == list(range(60, 120))
    assert "?before=" not in earlier
    ends = ("0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00")
    for wrong in ("x", "2026-03-02", "2026-03-02T10:00", *ends):
        assert browser.get(address, {"before": wrong}).status_code == 404
