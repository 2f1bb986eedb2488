"""Erasing a patient: what goes, what stays, and that neither a pull nor a replay brings the name back."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test import Client
from pydantic import JsonValue

from accounts.actions.carry_out_erasure import BATCH, run_erasure_step
from accounts.actions.erasure import NotAllowed, NotAsked, NotYet, approve_erasure
from accounts.models import AccessEvent, ErasureRequest, Patient, Profile, SmsMessage, User
from clinical.models import AiSession, Appointment, AppointmentBooking, Prescription, PrescriptionMessage
from hospitals.models import Doctor
from integrations.calcom.processing import process_pending_webhooks
from integrations.calcom.pull import pull_changed_bookings
from integrations.calcom.replay import replay_webhooks
from integrations.models import BookingRequest, CalWebhook, SyncDrift, VapiEvent
from tests.cast import PASSWORD, HospitalCast, make_patient
from tests.clinical.records import make_prescription, make_visit
from tests.integrations.flows.conftest import Connected
from tests.integrations.flows.mirror import PATIENT_PHONE, imported
from tests.integrations.flows.test_webhooks import event, post
from tests.permissions.world import everything

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
NAME, NUMBER, WORDS = "Paula Patient", PATIENT_PHONE[1:], "my-own-words"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@wardbook.test", PASSWORD)


def ask(patient: Patient) -> ErasureRequest:
    return ErasureRequest.objects.create(patient=patient, asked_at=NOW)


def erase(patient: Patient, operator: User) -> ErasureRequest:
    request = approve_erasure(by=operator, request_id=ask(patient).pk, at=NOW)
    while run_erasure_step(at=NOW):
        pass
    request.refresh_from_db()
    return request


def hits(text: str) -> list[str]:
    """The tables in which the text stands anywhere."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = []
        for table in sorted(tables):
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" x WHERE x::text LIKE %s)', [f"%{text}%"])
            if cursor.fetchone() == (True,):
                found.append(table)
    return found


def mirrored_visit(connected: Connected) -> Appointment:
    """A past visit of the patient, pulled from Cal.com, where the name stays."""
    imported(
        connected,
        "a",
        start="2026-11-30T09:00:00Z",
        attendee={"name": NAME, "phoneNumber": PATIENT_PHONE},
        updatedAt=(NOW - 5 * MINUTE).isoformat(),
    )
    pull_changed_bookings()
    visit: Appointment = Appointment.objects.get()
    assert (visit.patient_id, visit.guest_name) == (connected.patient.pk, NAME)
    return visit


def fill(patient: Patient, doctor: Doctor) -> None:
    prescription = make_prescription(doctor, patient)
    prescription.status, prescription.denial_reason = "DENIED", "withdrawn"
    prescription.denial_note = WORDS
    prescription.save()
    PrescriptionMessage.objects.create(prescription=prescription, author=doctor.user, body=WORDS)
    AiSession.objects.create(
        patient=patient, source="PHONE_CALL", transcript=WORDS, summary=WORDS, vapi_session_id="call-1"
    )
    VapiEvent.objects.create(
        event_type="end", call_id="call-1", projection={"said": WORDS}, body_sha256="1", status="PROCESSED"
    )
    BookingRequest.objects.create(kind="book", patient=patient, doctor=doctor, reason=WORDS, state="done")
    SmsMessage.objects.create(kind="reminder", number=NUMBER)
    make_visit(doctor, patient, NOW - DAY, cancellation_reason=WORDS, guest_name=NAME)
    guest = make_visit(doctor, None, NOW - 2 * DAY, guest_name=NAME)
    AppointmentBooking.objects.create(
        uid=guest.cal_booking_id, appointment=guest, attendee_name=NAME, attendee_phone=NUMBER, attendee_at=NOW
    )
    User.objects.filter(pk=patient.pk).update(email="paula@example.org")
    Patient.objects.filter(pk=patient.pk).update(date_of_birth=dt.date(1980, 5, 17), time_zone="Europe/Vienna")


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
        "visits_left_to_guests": 0,
        "guest_visits": 1,
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


def test_a_pull_does_not_bring_the_name_back(
    connected: Connected, operator: User, clock: time_machine.Traveller
) -> None:
    visit = mirrored_visit(connected)
    erase(connected.patient, operator)
    clock.shift(9 * MINUTE)
    # The booking changes there, and is listed again with its name.
    imported(
        connected,
        "a",
        start="2026-11-30T09:30:00Z",
        attendee={"name": NAME, "phoneNumber": PATIENT_PHONE},
        updatedAt=(NOW + 5 * MINUTE).isoformat(),
    )
    assert pull_changed_bookings().repaired == {"changed_times": 1}
    assert Appointment.objects.get().start_ts == visit.start_ts + 30 * MINUTE
    assert Appointment.objects.get().patient_id == connected.patient.pk
    assert pull_changed_bookings().repaired == {}
    assert not SyncDrift.objects.exists()
    assert (hits(NAME), hits(NUMBER)) == ([], [])


def test_an_old_booking_that_was_missed_names_nobody_either(
    connected: Connected, operator: User, clock: time_machine.Traveller
) -> None:
    erase(connected.patient, operator)
    newcomer = make_patient(NUMBER, "Nora New")
    clock.shift(MINUTE)
    attendee: JsonValue = {"name": NAME, "phoneNumber": PATIENT_PHONE}
    imported(connected, "old", attendee=attendee, updatedAt=(NOW - MINUTE).isoformat())
    imported(
        connected,
        "new",
        start="2026-12-14T09:00:00Z",
        attendee={"name": "Nora New", "phoneNumber": PATIENT_PHONE},
        updatedAt=(NOW + MINUTE).isoformat(),
    )
    pull_changed_bookings()
    old, new = (Appointment.objects.get(cal_booking_id=uid) for uid in ("old", "new"))
    assert (old.patient_id, old.guest_name) == (None, None)
    # Who has the number now is known by it.
    assert (new.patient_id, new.guest_name) == (newcomer.pk, "Nora New")
    assert hits(NAME) == []


def test_a_replayed_or_late_webhook_does_not_bring_the_name_back(connected: Connected, operator: User) -> None:
    attendees = [{"name": NAME, "email": "p@test", "phoneNumber": PATIENT_PHONE}]
    organizer_id = connected.link.cal_user_id or 0
    post(event(organizer_id, attendees=attendees))
    process_pending_webhooks(at=NOW)
    visit = Appointment.objects.get()
    assert visit.patient_id == connected.patient.pk
    Appointment.objects.update(start_ts=NOW - DAY, end_ts=NOW - DAY + 30 * MINUTE)
    done = erase(connected.patient, operator)
    assert done.report["webhook_bodies"] == 1
    assert hits(NAME) == []
    assert replay_webhooks(CalWebhook.objects.all(), by=None, at=NOW) == 1
    process_pending_webhooks(at=NOW)
    # Another one about the same booking, as Cal.com sends it, with the name in it.
    post(event(organizer_id, attendees=attendees, title="A visit"))
    flat = {"triggerEvent": "MEETING_ENDED", "uid": "uid-1", "attendees": attendees, "title": NAME}
    post(json.dumps(flat).encode())
    process_pending_webhooks(at=NOW)
    assert set(CalWebhook.objects.values_list("status", flat=True)) == {"PROCESSED"}
    assert hits(NAME) == []
    assert Appointment.objects.get().pk == visit.pk


def test_late_words_of_a_talk_are_not_kept(connected: Connected, operator: User) -> None:
    fill(connected.patient, connected.doctor)
    erase(connected.patient, operator)
    talk = AiSession.objects.get()
    talk.transcript, talk.summary = WORDS, WORDS
    talk.save()
    assert AiSession.objects.filter(transcript=None, summary=None).count() == 1
    assert hits(WORDS) == []


def test_what_is_open_is_in_the_way(patient: Patient, operator: User, north: HospitalCast) -> None:
    make_visit(north.doctor, patient, NOW + DAY)
    make_prescription(north.doctor, patient)
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
    visit = make_visit(north.doctor, patient, NOW + DAY, patient_match="phone")
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
        with pytest.raises(NotAllowed):
            approve_erasure(by=person, request_id=request.pk, at=NOW)
    with pytest.raises(ErasureRequest.DoesNotExist):
        approve_erasure(by=operator, request_id=uuid.uuid4(), at=NOW)
    assert run_erasure_step(at=NOW) is False
    assert everything() == before
    ErasureRequest.objects.update(state="withdrawn")
    with pytest.raises(NotAsked):
        approve_erasure(by=operator, request_id=request.pk, at=NOW)
    assert Profile.objects.filter(user=patient.user).exists()


def test_many_visits_go_in_batches_and_twice_is_once(patient: Patient, operator: User, north: HospitalCast) -> None:
    many = BATCH + 50
    for number in range(many):
        make_visit(north.doctor, patient, NOW - number * DAY - DAY, guest_name=NAME)
    request = ask(patient)
    approve_erasure(by=operator, request_id=request.pk, at=NOW)
    assert run_erasure_step(at=NOW) is True
    # What is committed stays, and whoever comes next goes on behind it.
    assert Appointment.objects.filter(guest_name=NAME).count() == 50
    assert approve_erasure(by=operator, request_id=request.pk, at=NOW + DAY).approved_at == NOW
    while run_erasure_step(at=NOW):
        pass
    request.refresh_from_db()
    assert (request.state, request.report["visits"]) == ("done", many)
    assert apps.get_model("clinical", "AppointmentHistory").objects.filter(guest_name=NAME).count() == 0
    before = everything()
    assert run_erasure_step(at=NOW) is False
    assert everything() == before


def test_the_operators_page(patient: Patient, operator: User, north: HospitalCast) -> None:
    client, request = Client(), ask(patient)
    client.force_login(operator)
    visit = make_visit(north.doctor, patient, NOW + DAY)
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
    while run_erasure_step(at=NOW):
        pass
    shown = client.get(address).content.decode()
    assert "4711" in shown
    assert str(request.pk) in client.get("/admin/erasures/").content.decode()
