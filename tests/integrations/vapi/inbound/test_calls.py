"""Phone calls on record: once, of the right patient, however the messages come."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertNumQueries
from structlog.testing import capture_logs

from accounts.models import Patient
from clinical.models import AiSession
from integrations.models import VapiEvent
from integrations.vapi.inbound.processing import NO_PATIENT_NOTE, NOT_A_PHONE_CALL_NOTE, RECORDED_NOTE
from tests.cast import HospitalCast, make_patient
from tests.integrations.vapi.messages import (
    CALL_ID,
    CALLER,
    SAID,
    SECRET,
    SECRETS,
    TWILIO_ID,
    WORDS,
    call,
    ended,
    message,
    post,
    process,
    report,
)
from tests.integrations.vapi.phone import needs_samples, sample

pytestmark = pytest.mark.django_db
TRANSCRIPT = f"AI: How can I help?\nUser: {WORDS}. AI: You are booked."


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_a_report_becomes_one_session(patient: Patient, line: HospitalCast) -> None:
    assert [post(report(*SAID)).status_code for _ in range(2)] == [200, 200]
    process()
    session = AiSession.objects.get()
    assert (session.patient_id, session.source, session.hospital_id) == (patient.pk, "PHONE_CALL", line.hospital.pk)
    assert (session.vapi_session_id, session.twilio_call_id) == (CALL_ID, TWILIO_ID)
    assert (session.start_time, session.ended_at) == (at("2026-11-20T09:15:01.2Z"), at("2026-11-20T09:16:00.7Z"))
    assert (session.transcript, session.summary) == (TRANSCRIPT, "Asked about the knee.")
    assert (session.caller_verified, session.says_booked) == (False, False)
    event = VapiEvent.objects.get()
    assert (event.status, event.notes, event.call_id) == ("PROCESSED", RECORDED_NOTE, CALL_ID)


def test_accepting_is_one_statement(db: None) -> None:
    with assertNumQueries(1):
        response = post(report(*SAID))
    assert (response.status_code, response.content, dict(response.cookies)) == (200, b"", {})


def test_only_the_allow_list_is_kept(patient: Patient, line: HospitalCast) -> None:
    post(report(*SAID))
    event = VapiEvent.objects.get()
    assert set(event.projection) == {
        *("at", "call_type", "ended_reason", "caller", "called", "twilio_call_id"),
        *("started_at", "ended_at", "transcript", "summary"),
    }
    process()
    kept = f"{event.projection}{AiSession.objects.values_list()}"
    assert not [secret for secret in SECRETS if secret in kept]


def test_nothing_said_and_no_number_or_key_is_logged(
    patient: Patient, line: HospitalCast, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.VAPI_API_KEY = "private-key"
    with capture_logs() as logs:
        post(report(*SAID))
        post(report(*SAID), secret="wrong")
        post(message("tool-calls", toolCallList=[{"id": "1", "name": "find_slots", "arguments": {"date": WORDS}}]))
        with connection.execute_wrapper(_refuse):
            post(ended())
        process()
    written = str(logs) + "".join(capfd.readouterr())
    private = (WORDS, "knee", CALLER[1:], TWILIO_ID, CALL_ID, SECRET, "private-key", *SECRETS)
    assert [text for text in private if text in written] == []
    assert [log["event"] for log in logs] == ["vapi.event_rejected", "vapi.event_not_stored"]


def _refuse(*_: Any) -> None:
    raise OperationalError(f"storage is down for {WORDS}")


def test_without_storage_the_sender_is_asked_to_try_again(db: None) -> None:
    with connection.execute_wrapper(_refuse):
        assert post(report(*SAID)).status_code == 503
    assert VapiEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"nonsense", 400), (b"[1]", 400), (b"message=1", 400), (b"[" * 90000, 400), (b"x" * 262145, 413)],
)
def test_what_is_no_object_is_not_kept(db: None, body: bytes, status: int) -> None:
    assert post(body).status_code == status
    assert VapiEvent.objects.count() == 0


def test_what_is_not_signed_is_not_kept(db: None, settings: Settings) -> None:
    assert post(report(*SAID), secret="wrong").status_code == 401
    assert post(report(*SAID), at=timezone.now().timestamp() - 301).status_code == 401
    settings.VAPI_WEBHOOK_SECRET = []
    assert post(report(*SAID), secret="").status_code == 401
    assert VapiEvent.objects.count() == 0


def test_a_call_of_nobody_is_attached_to_nobody(line: HospitalCast, other_patient: Patient) -> None:
    post(report(*SAID))
    post(report(*SAID, customer={}, call=call(customer={"number": "anonymous"})))
    post(report(*SAID, call=call(type="webCall")))
    process()
    notes = list(VapiEvent.objects.order_by("pk").values_list("status", "notes"))
    assert notes == [
        ("PROCESSED", NO_PATIENT_NOTE),
        ("PROCESSED", NO_PATIENT_NOTE),
        ("PROCESSED", NOT_A_PHONE_CALL_NOTE),
    ]
    assert AiSession.objects.count() == 0


def test_a_staff_members_or_closed_number_is_nobodys(patient: Patient, line: HospitalCast) -> None:
    patient.user.is_active = False
    patient.user.save()
    post(report(*SAID))
    process()
    assert AiSession.objects.count() == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_reports_told_again_fill_in_what_was_missing(
    patient: Patient, line: HospitalCast, order: tuple[int, ...]
) -> None:
    bare = report(artifact={}, analysis={}, startedAt=None, endedAt=None)
    again = report(*SAID, artifact={"messages": [], "presignedMonoUrl": "https://storage.example/b.wav"}, messages=[])
    told = [bare, report(*SAID), again]
    for number in order:
        post(told[number])
        process()
    session = AiSession.objects.get()
    assert (session.transcript, session.summary) == (TRANSCRIPT, "Asked about the knee.")
    assert session.ended_at == at("2026-11-20T09:16:00.7Z")


def test_times_come_as_text_or_numbers(patient: Patient) -> None:
    start = 1_763_630_101_200
    post(report(timestamp="2026-11-20T09:16:06.600Z", startedAt=start, endedAt=start + 59_500))
    process()
    session = AiSession.objects.get()
    assert session.ended_at
    assert (session.start_time.timestamp(), session.ended_at.timestamp()) == (1_763_630_101.2, 1_763_630_160.7)


def test_a_new_owner_of_the_number_does_not_get_the_call(patient: Patient, other_patient: Patient) -> None:
    post(report(*SAID))
    process()
    for person, phone in ((patient, "436600000000"), (other_patient, CALLER[1:])):
        person.user.phone = phone
        person.user.save()
    post(report(*SAID, cost=1))
    process()
    assert AiSession.objects.get().patient_id == patient.pk
    assert VapiEvent.objects.latest("pk").notes == NO_PATIENT_NOTE


def test_who_is_to_talk_is_answered(db: None, settings: Settings) -> None:
    settings.VAPI_ASSISTANT_ID = "assistant-1"
    assert post(message("assistant-request")).json() == {"assistantId": "assistant-1"}  # type: ignore[attr-defined]
    settings.VAPI_ASSISTANT_ID = ""
    assert list(post(message("assistant-request", cost=1)).json()) == ["error"]  # type: ignore[attr-defined]
    assert list(post(message("transfer-destination-request")).json()) == ["error"]  # type: ignore[attr-defined]
    assert post(message("hang")).content == b""
    assert set(VapiEvent.objects.values_list("status", flat=True)) == {"PROCESSED"}


@needs_samples
@pytest.mark.parametrize("number", ["01-assistant-request", "03-tool-calls", "08-status-update.ended"])
def test_samples_are_kept_without_words(db: None, number: str) -> None:
    assert post(sample(number)["message"]).status_code == 200
    event = VapiEvent.objects.get()
    assert event.event_type == sample(number)["message"]["type"]
    assert {"transcript", "summary"}.isdisjoint(event.projection)


@needs_samples
def test_the_sample_of_a_report_is_recorded(db: None) -> None:
    make_patient("15555550123", "Sam Sample")
    post(sample("09-end-of-call-report")["message"])
    post(sample("10-end-of-call-report.minimal-no-artifacts")["message"])
    process()
    session = AiSession.objects.get()
    assert session.transcript == (
        "AI: Hello, this is the hospital. How can I help?\n"
        "User: I would like to see a cardiologist tomorrow.\n"
        "AI: There are two openings, nine or half past ten.\n"
        "User: Half past ten, please."
    )
    assert session.summary == "The caller asked for a cardiology visit on 21 November and chose 10:30 with Dr B."
    assert (session.start_time, session.ended_at) == (at("2026-11-20T09:15:01.2Z"), at("2026-11-20T09:16:00.7Z"))
