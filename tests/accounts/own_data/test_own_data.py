"""Taking one's data along, and asking to be erased."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.messages.local_senders import MemorySms
from accounts.messages.send_sms import send_sms
from accounts.models import AccessEvent, DeviceToken, ErasureRequest, LoginDevice, Patient, SmsMessage, User
from accounts.own_data.erasure import approve_erasure
from accounts.own_data.registry import holders
from clinical.models import AppointmentBooking, PrescriptionMessage, VisitDecision
from integrations.models import BookingRequest
from tests.api.records import client_with, sign_in
from tests.cast import HospitalCast
from tests.clinical.records import make_prescription, make_session, make_visit

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db, pytest.mark.usefixtures("nothing_leaves")]
NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def export(client: APIClient) -> dict[str, Any]:
    answer = client.get("/api/v1/me/export/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    body = answer.getvalue()
    assert answer["Content-Length"] == str(len(body))
    document: dict[str, Any] = json.loads(body)
    return document


def fill(north: HospitalCast, patient: Patient) -> None:
    # The database's own clock is not the test's.
    User.objects.filter(pk=patient.pk).update(created_at=NOW - DAY)
    visit = make_visit(patient, north.doctor, NOW - DAY)
    uids = ("first-uid", visit.cal_booking_id)
    for number, uid in enumerate(uids):
        AppointmentBooking.objects.create(
            uid=uid,
            appointment=visit,
            status="cancelled" if number == 0 else "accepted",
            start_ts=NOW - DAY,
            end_ts=NOW,
            attendee_name="Paula Patient",
            attendee_phone="436601234567",
            rescheduled_to=uids[1] if number == 0 else None,
            rescheduled_to_at=NOW if number == 0 else None,
        )
    VisitDecision.objects.create(
        appointment=visit, doctor=north.doctor, start_ts=NOW, cause="visit", choice="keep", reason="All is well."
    )
    prescription = make_prescription(patient, north.doctor)
    PrescriptionMessage.objects.create(prescription=prescription, author=north.doctor.user, body="Twice a day?")
    make_session(patient)
    BookingRequest.objects.create(
        kind="book", patient=patient, doctor=north.doctor, reason="my knee", state="done", booking_uid="secret-uid"
    )
    SmsMessage.objects.create(kind="reminder", number="436601234567", created_at=timezone.now() + DAY)


def test_everything_is_in_and_no_uid(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    fill(north, patient)
    document = export(api)
    sections = {held.section for holder in holders() for held in holder.held.values() if held.section}
    assert set(document) - {"format", "made_at", "consents"} == sections
    assert document["profile"][0]["full_name"] == "Paula Patient"
    assert document["profile"][0]["phone"] == "+436601234567"
    [visit] = document["appointments"]
    assert [one["status"] for one in visit["bookings"]] == ["cancelled", "accepted"]
    assert [one["reason"] for one in visit["decisions"]] == ["All is well."]
    [prescription] = document["prescriptions"]
    assert [(one["author"], one["text"]) for one in prescription["messages"]] == [("Dora North", "Twice a day?")]
    assert [one["transcript"] for one in document["ai_sessions"]] == ["Hello."]
    assert [one["reason"] for one in document["booking_requests"]] == ["my knee"]
    assert [one["kind"] for one in document["text_messages"]] == ["reminder"]
    assert [one["kind"] for one in document["access_log"]] == ["exported"]
    text = json.dumps(document)
    assert [uid for uid in AppointmentBooking.objects.values_list("uid", flat=True) if uid in text] == []
    assert "secret-uid" not in text
    assert "never shown" not in text
    event = AccessEvent.objects.get()
    assert (event.action, event.patient_id, event.actor_id) == ("exported", patient.pk, patient.pk)


def test_nothing_of_others_is_in(
    api: APIClient, patient: Patient, other_patient: Patient, north: HospitalCast, other_api: APIClient
) -> None:
    fill(north, other_patient)
    # The message was to this number, before it was theirs.
    User.objects.filter(pk=patient.pk).update(created_at=NOW + 2 * DAY)
    document = export(api)
    empty = {name for name, rows in document.items() if rows == []}
    assert empty >= {"appointments", "prescriptions", "ai_sessions", "booking_requests", "text_messages"}
    assert str(other_patient.pk) not in json.dumps(document)


def test_a_number_that_changed_hands_brings_no_messages_of_its_last_owner(
    api: APIClient, patient: Patient, clock: time_machine.Traveller
) -> None:
    User.objects.filter(pk=patient.pk).update(created_at=NOW - 9 * DAY)
    SmsMessage.objects.create(kind="reminder", number="436601234567", created_at=NOW - 10 * DAY)
    SmsMessage.objects.create(kind="visit_cancelled", number="436601234567", created_at=NOW - 8 * DAY)
    assert [one["kind"] for one in export(api)["text_messages"]] == ["visit_cancelled"]
    AccessEvent.objects.create(action="changed_phone", patient_id=patient.pk, at=NOW - 7 * DAY)
    assert export(api)["text_messages"] == []


def test_the_code_that_made_the_account_is_in(api: APIClient, patient: Patient) -> None:
    User.objects.filter(pk=patient.pk).update(created_at=NOW)
    for kind, seconds in (("sign_in_code", 300), ("sign_in_code", 301), ("reminder", 60)):
        sent_at = NOW - dt.timedelta(seconds=seconds)
        SmsMessage.objects.create(kind=kind, number="436601234567", created_at=sent_at)
    assert [one["kind"] for one in export(api)["text_messages"]] == ["sign_in_code"]


def test_of_a_visit_that_somebody_booked_with_the_number_no_more_than_the_app_shows(
    api: APIClient, patient: Patient, north: HospitalCast
) -> None:
    fill(north, patient)
    patient.appointments.update(patient_match="phone")
    [visit] = export(api)["appointments"]
    assert (visit["is_confirmed"], visit["bookings"], visit["decisions"]) == (False, [], [])


def test_a_long_record_comes_whole(api: APIClient, patient: Patient) -> None:
    words = "a long talk " * 100_000
    for _ in range(2):
        patient.ai_sessions.create(source="APP", transcript=words)
    assert [one["transcript"] for one in export(api)["ai_sessions"]] == [words, words]


def test_three_a_day(api: APIClient, other_api: APIClient, clock: time_machine.Traveller) -> None:
    for _ in range(3):
        export(api)
    refused = api.get("/api/v1/me/export/")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused["Retry-After"] == str(24 * 60 * 60)
    assert AccessEvent.objects.filter(action="exported").count() == 3
    export(other_api)
    clock.shift(DAY)
    export(api)


def test_a_new_device_gives_the_birth_date_first(patient: Patient) -> None:
    client = sign_in(patient, needs_step_up=True)
    for method, path in [("get", "export"), ("get", "erase"), ("post", "erase"), ("post", "erase/code")]:
        answer = getattr(client, method)(f"/api/v1/me/{path}/")
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert not SmsMessage.objects.exists()
    assert not AccessEvent.objects.exists()


def proof(client: APIClient) -> dict[str, str]:
    challenge = client.post("/api/v1/me/erase/code/").json()["challenge_id"]
    send_sms(at=timezone.now())
    message = MemorySms.sent[-1]
    assert message.to == "436601234567"
    return {"challenge_id": challenge, "otp": message.text.split()[0]}


def test_asking_takes_a_fresh_code_and_can_be_withdrawn(api: APIClient, patient: Patient) -> None:
    given = proof(api)
    asked = api.post("/api/v1/me/erase/", given)
    assert asked.status_code == 202
    assert asked.json() == {
        "id": str(ErasureRequest.objects.get().pk),
        "asked_at": "2026-03-02T10:00:00Z",
        "state": "asked",
    }
    assert api.get("/api/v1/me/erase/").json() == asked.json()
    # The same code again.
    again = api.post("/api/v1/me/erase/", given)
    assert (again.status_code, again.json()["code"]) == (400, "invalid_code")
    assert api.delete("/api/v1/me/erase/").json()["state"] == "withdrawn"
    assert api.delete("/api/v1/me/erase/").json()["code"] == "not_asked"
    patient.refresh_from_db()
    assert (patient.erasure_requested_at, patient.erased_at) == (None, None)
    actions = AccessEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["asked_erasure", "withdrew_erasure"]


def test_no_other_code_serves(api: APIClient, other_api: APIClient, anyone: APIClient, patient: Patient) -> None:
    for path, body in [("auth/otp/request/", {"phone": "+436601234567"})]:
        challenge = anyone.post(f"/api/v1/{path}", body).json()["challenge_id"]
        send_sms(at=timezone.now())
        code = next(word.strip(".") for word in MemorySms.sent[-1].text.split() if word.strip(".").isdigit())
        answer = api.post("/api/v1/me/erase/", {"challenge_id": challenge, "otp": code})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_code")
    assert not ErasureRequest.objects.exists()


def test_anothers_code_serves_nobody_else(api: APIClient, other_api: APIClient) -> None:
    given = proof(api)
    answer = other_api.post("/api/v1/me/erase/", given)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_code")
    assert other_api.get("/api/v1/me/erase/").status_code == 404
    signed = APIClient().post("/api/v1/auth/otp/verify/", given | {"phone": "+436601234567"})
    assert signed.status_code == 400
    assert not ErasureRequest.objects.exists()


def test_a_code_is_tried_three_times(api: APIClient) -> None:
    given = proof(api)
    wrong = "1000" if given["otp"] != "1000" else "1001"
    for _ in range(3):
        assert api.post("/api/v1/me/erase/", given | {"otp": wrong}).status_code == 400
    assert api.post("/api/v1/me/erase/", given).status_code == 400
    assert not ErasureRequest.objects.exists()


def test_when_it_is_done_every_device_is_out_and_the_number_is_free(
    api: APIClient, patient: Patient, anyone: APIClient
) -> None:
    LoginDevice.objects.create(user=patient.user, secret_hash="x")
    api.post("/api/v1/me/erase/", proof(api))
    operator = User.objects.create_superuser("operator@wardbook.test", "a-long-test-password")
    approve_erasure(by=operator, request_id=ErasureRequest.objects.get().pk, at=timezone.now())
    assert api.get("/api/v1/me/").status_code == 401
    assert not DeviceToken.objects.exists()
    assert not LoginDevice.objects.exists()
    assert not SmsMessage.objects.exclude(number="").exists()
    challenge = anyone.post("/api/v1/auth/otp/request/", {"phone": "+436601234567"}).json()["challenge_id"]
    send_sms(at=timezone.now())
    code = next(word.strip(".") for word in MemorySms.sent[-1].text.split() if word.strip(".").isdigit())
    body = {"challenge_id": challenge, "phone": "+436601234567", "otp": code}
    signed_in = anyone.post("/api/v1/auth/otp/verify/", body).json()
    assert signed_in["is_new"] is True
    newcomer = client_with(signed_in["token"])
    assert newcomer.get("/api/v1/me/").json()["id"] != str(patient.pk)
    assert newcomer.get("/api/v1/me/erase/").status_code == 404
