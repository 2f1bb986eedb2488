"""Whatever a call or a chat does, and whatever goes wrong with it: no log holds a word, a number or a credential."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts.models import Patient
from clinical.assistant.chat import end_ai_session, send_chat_message, start_ai_session
from clinical.assistant.replies import answer_next_message, queue_summaries
from clinical.models import AiSession
from dev.simulators.vapi.process import SimulatorProcess
from integrations.models import VapiEvent
from integrations.vapi.inbound.fetching import MAX_TRIES, fetch_next_report
from tests.cast import HospitalCast
from tests.integrations.vapi.messages import (
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
from tests.integrations.vapi.phone import control, next_call

pytestmark = pytest.mark.django_db
CHAT = "My elbow is swollen"
REPLY = "Put ice on the elbow"


@pytest.fixture
def vendor(vapi: SimulatorProcess, settings: Settings, patient: Patient, line: HospitalCast) -> SimulatorProcess:
    settings.VAPI_API_URL, settings.VAPI_API_KEY = vapi.url, vapi.api_key
    settings.VAPI_ASSISTANT_ID = "5b0a4a08-133c-4146-9315-0984f8c6be80"
    control(vapi, "POST", "replies", {"match": "elbow", "say": REPLY})
    return vapi


def _refuse(*_: Any) -> None:
    raise OperationalError(f"storage is down for {WORDS} of {CALLER}")


def calls(vendor: SimulatorProcess, time_machine: Any) -> None:
    """Reported, doubled, refused, of nobody, fetched at last, given up."""
    for said in (report(*SAID), report(*SAID), report(*SAID, customer={"number": "+436609999999"})):
        post(said)
    post(report(*SAID, cost=1), secret="wrong")
    post(b'{"message": "' + WORDS.encode())
    post(message("tool-calls", toolCallList=[{"id": "1", "name": WORDS, "arguments": {"date": WORDS}}]))
    with connection.execute_wrapper(_refuse):
        post(ended())
        post(message("tool-calls", toolCallList=[{"id": "1", "name": "find_doctors", "arguments": {"doctor": WORDS}}]))
    process()
    told = {"from": CALLER, "lines": [{"role": "user", "says": WORDS}], "report": "missing"}
    post(ended(call=call(id=control(vendor, "POST", "calls", told)["id"])))
    next_call(vendor, "GET /call/*", "500", times=2)
    for _ in range(MAX_TRIES):
        time_machine.move_to(timezone.now() + dt.timedelta(hours=3), tick=False)
        fetch_next_report()
    process()
    post(ended(call=call(id="unknown-call")))
    VapiEvent.objects.update(next_try_at=None)
    fetch_next_report()


def chats(vendor: SimulatorProcess, patient: Patient) -> None:
    """Answered, without an answer, an emergency, summed up."""
    session, _ = start_ai_session(by=patient.user, hospital_id=None, at=timezone.now())

    def say(text: str) -> None:
        send_chat_message(by=patient.user, session_id=session.pk, text=text, at=timezone.now())
        while answer_next_message():
            pass

    say(CHAT)
    for fault in ("401", "500", "html", "drop", "half_body"):
        next_call(vendor, "POST /chat", fault)
        say(f"{CHAT} {fault}")
    say(f"{CHAT} and I have chest pain")
    end_ai_session(by=patient.user, session_id=session.pk, at=timezone.now())
    queue_summaries(at=timezone.now())
    next_call(vendor, "POST /chat", "429")
    while answer_next_message():
        pass


def test_no_log_tells_anything(
    vendor: SimulatorProcess,
    patient: Patient,
    time_machine: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    with capture_logs() as logs, caplog.at_level(logging.INFO):
        calls(vendor, time_machine)
        chats(vendor, patient)
    written = f"{logs}{caplog.text}{''.join(capfd.readouterr())}"
    numbers = (CALLER[1:], "436609999999", TWILIO_ID)
    spoken = (WORDS, "knee", "elbow", REPLY, "chest pain")
    private = (*spoken, *numbers, SECRET, vendor.api_key, *SECRETS)
    assert [text for text in private if text in written] == []
    # The captures did capture, and all of it took place.
    assert {log["event"] for log in logs} >= {
        *("vapi.event_rejected", "vapi.event_not_stored", "vapi.report_awaited", "vapi.event_failed"),
        *("chat.failed", "chat.settled"),
    }
    assert AiSession.objects.filter(transcript__contains=WORDS).count() == 2
    assert AiSession.objects.filter(transcript__contains=REPLY).count() == 1
