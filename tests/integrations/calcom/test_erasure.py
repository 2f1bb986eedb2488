"""Erasing a patient: what goes, what stays, and who may when."""

from __future__ import annotations

import uuid

import pytest
from django.apps import apps
from django.test import Client

from accounts.models import AccessEvent, ErasureRequest, Patient, Profile, User
from accounts.own_data.erasure import BATCH, NotAsked, NotYet, approve_erasure, carry_out_next_erasure
from clinical.models import Appointment, AppointmentBooking, Prescription
from core.refusals import NotPermitted
from integrations.models import BookingRequest
from tests.cast import HospitalCast
from tests.clinical.records import make_prescription, make_visit
from tests.integrations.calcom.conftest import Connected
from tests.integrations.calcom.erasing import DAY, NAME, NOW, NUMBER, WORDS, ask, erase, fill, hits, mirrored_visit
from tests.permissions.world import everything

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_name_number_and_words_are_nowhere_and_the_rest_stays(connected: Connected, operator: User) -> None:
    patient, visit = connected.patient, mirrored_visit(connected)
    fill(patient, connected.doctor)
    medications = Prescription.objects.get().medications
    done = erase(patient, operator)
    assert [hits(text) for text in (NAME, NUMBER, WORDS, "paula@example.org", "1980-05-17")] == [[], [], [], [], []]
    assert (done.state, done.done_at, done.approved_by) == ("done", NOW, operator)
    assert done.report == {
        "idempotency_keys": 0,
        "guest_webhook_bodies": 0,
        "calls_by_number": 0,
        "visits_left_to_guests": 0,
        "guest_visits": 1,
        "bookings_without_visit": 0,
        "text_messages": 1,
        "codes": 0,
        "devices": 0,
        "known_devices": 0,
        "names": 1,
        "visits": 2,
        "prescription_notes": 1,
        "prescription_messages": 1,
        "talks": 1,
        "booking_reasons": 1,
        "webhook_bodies": 0,
        "calls": 1,
    }
    kept = Appointment.objects.get(pk=visit.pk)
    assert (kept.patient_id, kept.start_ts, kept.doctor_id) == (patient.pk, visit.start_ts, visit.doctor_id)
    prescription = Prescription.objects.get()
    assert (prescription.patient_id, prescription.medications, prescription.status) == (
        patient.pk,
        medications,
        "DENIED",
    )
    row = Patient.objects.select_related("user").get()
    assert (row.erased_at, row.user.phone, row.user.is_active) == (NOW, None, False)
    actions = AccessEvent.objects.filter(patient_id=patient.pk).order_by("id").values_list("action", "actor_id")
    assert list(actions) == [("approved_erasure", operator.pk), ("erased", None)]


def test_what_is_open_is_in_the_way(patient: Patient, operator: User, north: HospitalCast) -> None:
    make_visit(patient, north.doctor, NOW + DAY)
    make_prescription(patient, north.doctor)
    BookingRequest.objects.create(kind="book", patient=patient, doctor=north.doctor)
    request, before = ask(patient), everything()
    with pytest.raises(NotYet) as refused:
        approve_erasure(by=operator, request_id=request.pk, at=NOW)
    assert [(wait.code, wait.count) for wait in refused.value.waits] == [
        ("open_visits", 1),
        ("undispensed_prescriptions", 1),
        ("open_requests", 1),
    ]
    assert everything() == before


def test_a_visit_that_a_stranger_booked_with_the_number_is_not_in_the_way(
    patient: Patient, operator: User, north: HospitalCast
) -> None:
    visit = make_visit(patient, north.doctor, NOW + DAY, patient_match="phone")
    AppointmentBooking.objects.create(
        uid=visit.cal_booking_id, appointment=visit, attendee_name="Stella Stranger", attendee_at=NOW
    )
    assert erase(patient, operator).report["visits_left_to_guests"] == 1
    visit.refresh_from_db()
    assert (visit.patient_id, visit.patient_match, visit.guest_name) == (None, "none", "Stella Stranger")


def test_only_an_operator_and_only_what_was_asked(patient: Patient, operator: User, north: HospitalCast) -> None:
    request = ask(patient)
    before = everything()
    for person in (north.admin, north.doctor.user, patient.user):
        with pytest.raises(NotPermitted):
            approve_erasure(by=person, request_id=request.pk, at=NOW)
    with pytest.raises(ErasureRequest.DoesNotExist):
        approve_erasure(by=operator, request_id=uuid.uuid4(), at=NOW)
    assert carry_out_next_erasure(at=NOW) is False
    assert everything() == before
    ErasureRequest.objects.update(state="withdrawn")
    with pytest.raises(NotAsked):
        approve_erasure(by=operator, request_id=request.pk, at=NOW)
    assert Profile.objects.filter(user=patient.user).exists()


def test_many_visits_go_in_batches_and_twice_is_once(patient: Patient, operator: User, north: HospitalCast) -> None:
    many = BATCH + 50
    for number in range(many):
        make_visit(patient, north.doctor, NOW - number * DAY - DAY, guest_name=NAME)
    request = ask(patient)
    approve_erasure(by=operator, request_id=request.pk, at=NOW)
    assert carry_out_next_erasure(at=NOW) is True
    # What is committed stays, and whoever comes next goes on behind it.
    assert Appointment.objects.filter(guest_name=NAME).count() == 50
    assert approve_erasure(by=operator, request_id=request.pk, at=NOW + DAY).approved_at == NOW
    while carry_out_next_erasure(at=NOW):
        pass
    request.refresh_from_db()
    assert (request.state, request.report["visits"]) == ("done", many)
    assert apps.get_model("clinical", "AppointmentHistory").objects.filter(guest_name=NAME).count() == 0
    before = everything()
    assert carry_out_next_erasure(at=NOW) is False
    assert everything() == before


def test_the_operators_page(patient: Patient, operator: User, north: HospitalCast) -> None:
    client, request = Client(), ask(patient)
    client.force_login(operator)
    visit = make_visit(patient, north.doctor, NOW + DAY)
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, appointment=visit, booking_id=4711)
    address = f"/admin/erasures/{request.pk}/"
    shown = client.get(address).content.decode()
    assert "visits to come: 1" in shown
    assert "4711" in shown
    assert NAME not in shown
    assert '<form method="post" novalidate>' not in shown
    client.post(address, {"word": "ERASE"})
    assert ErasureRequest.objects.get().state == "asked"
    Appointment.objects.update(start_ts=NOW - DAY, end_ts=NOW - DAY, status="COMPLETED")
    assert "Type the word as it stands there." in client.post(address, {"word": "yes"}).content.decode()
    assert ErasureRequest.objects.get().state == "asked"
    assert client.post(address, {"word": "erase"}).status_code == 302
    assert "Still at work" in client.get(address).content.decode()
    while carry_out_next_erasure(at=NOW):
        pass
    shown = client.get(address).content.decode()
    assert "4711" in shown
    assert str(request.pk) in client.get("/admin/erasures/").content.decode()
