"""Talking with the assistant in the app."""

from __future__ import annotations

import datetime as dt
import re
import threading
import uuid
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from accounts.models import AccessEvent, Patient
from clinical.models import AiSession, ChatMessage
from tests.api.assistant import Memory
from tests.api.records import NOW, sign_in
from tests.api.talking import SESSIONS, begin, outcome, say, talk, transcript, work
from tests.cast import HospitalCast

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("clock", "assistant"),
    pytest.mark.usefixtures("nothing_leaves"),
]


def test_a_talk_begins_empty_and_is_on_record(api: APIClient, patient: Patient, north: HospitalCast) -> None:
    answer = api.post(SESSIONS, {"hospital": str(north.hospital.pk)})
    session = AiSession.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "id": str(session.pk),
            "source": "APP",
            "start_time": "2026-03-02T11:00:00+01:00",
            "ended_at": None,
            "time_zone": "Europe/Vienna",
            "summary": None,
            "appointments": [],
            "transcript": None,
        },
    )
    assert (session.patient_id, session.hospital_id) == (patient.pk, north.hospital.pk)
    event = AccessEvent.objects.get()
    assert (event.action, event.object_id, event.patient_id) == ("started_ai_session", str(session.pk), patient.pk)


def test_a_talk_without_words_is_given_again(api: APIClient) -> None:
    first = begin(api)
    again = api.post(SESSIONS, {})
    assert (again.status_code, again.json()["id"]) == (200, first)
    assert say(api, first, "Hello").status_code == 202
    assert begin(api) != first


def test_a_talk_is_about_a_hospital_there_is(api: APIClient, north: HospitalCast) -> None:
    north.hospital.is_active = False
    north.hospital.save()
    for hospital in (str(uuid.uuid4()), str(north.hospital.pk)):
        answer = api.post(SESSIONS, {"hospital": hospital})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_hospital")
    assert not AiSession.objects.exists()


def test_what_is_said_is_written_down_before_anybody_answers(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    begun = api.get(f"{SESSIONS}{session}/").json()
    answer = say(api, session, "  Which doctors\nhave time? ")
    message = ChatMessage.objects.get()
    pending = {
        "request_id": str(message.pk),
        "status": "pending",
        "reply": None,
        "is_emergency": False,
        "code": None,
        "session": None,
    }
    assert (answer.status_code, answer.json(), answer["Retry-After"]) == (202, pending, "1")
    assert answer["Location"] == f"http://testserver{SESSIONS}{session}/messages/{message.pk}/"
    assert transcript(session) == "User: Which doctors have time?"
    assert assistant.asked == []
    assert api.get(answer["Location"]).json() == pending
    assistant.says = ["Doctor North\nhas time."]
    work()
    talk_now = {**begun, "transcript": "User: Which doctors have time?\nAI: Doctor North has time."}
    done = {**pending, "status": "done", "reply": "Doctor North has time.", "session": talk_now}
    assert outcome(api, session, str(message.pk)).json() == done
    assert transcript(session) == "User: Which doctors have time?\nAI: Doctor North has time."
    assert AiSession.objects.get().vapi_session_id == "chat-1"


def test_the_assistant_remembers_by_the_exchange_before(api: APIClient, assistant: Memory, north: HospitalCast) -> None:
    session = begin(api, hospital=str(north.hospital.pk))
    talk(api, session, "Hello", "And on Monday?")
    assert assistant.asked == [("Hello", None, "North"), ("And on Monday?", "chat-1", "North")]
    assert transcript(session) == "User: Hello\nAI: Answer 1.\nUser: And on Monday?\nAI: Answer 2."


def test_one_message_at_a_time(api: APIClient) -> None:
    session = begin(api)
    say(api, session, "Hello")
    answer = say(api, session, "Are you there?")
    assert (answer.status_code, answer.json()["code"]) == (409, "message_running")
    assert transcript(session) == "User: Hello"
    assert ChatMessage.objects.count() == 1


def test_while_the_assistant_is_down_nothing_is_lost(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    assistant.is_down = True
    request_id = say(api, session, "Hello").json()["request_id"]
    work()
    refused = outcome(api, session, request_id).json()
    assert (refused["status"], refused["code"], refused["reply"]) == ("refused", "assistant_unavailable", None)
    assert transcript(session) == "User: Hello"
    # The same again is not written down again.
    assert say(api, session, "Hello ").json()["request_id"] == request_id
    work()
    assert transcript(session) == "User: Hello"
    # Something else is, and the assistant gets both in the end.
    assistant.is_down = False
    talk(api, session, "Anybody there?")
    assert assistant.asked[-1] == ("Hello\nAnybody there?", None, "")
    assert transcript(session) == "User: Hello\nUser: Anybody there?\nAI: Answer 3."


def test_too_long_too_often_too_much(api: APIClient, settings: Settings) -> None:
    settings.CHAT_MESSAGES_A_MINUTE, settings.CHAT_TRANSCRIPT_LENGTH = 2, 40
    session = begin(api)
    long = say(api, session, "x" * 2001)
    assert (long.status_code, long.json()["code"]) == (400, "message_too_long")
    talk(api, session, "One", "Two")
    often = say(api, session, "Three")
    assert (often.status_code, often.json()["code"], often["Retry-After"]) == (429, "too_many_messages", "60")
    with time_machine.travel(NOW + dt.timedelta(minutes=1), tick=False):
        full = say(api, session, "Three")
    assert (full.status_code, full.json()["code"]) == (409, "session_full")
    assert transcript(session) == "User: One\nAI: Answer 1.\nUser: Two\nAI: Answer 2."


def test_talks_are_not_begun_without_end(api: APIClient, settings: Settings) -> None:
    settings.CHAT_SESSIONS_AN_HOUR = 1
    talk(api, begin(api), "Hello")
    answer = api.post(SESSIONS, {})
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "too_many_sessions", "3600")
    assert AiSession.objects.count() == 1


def test_another_patients_talk_is_not_there(api: APIClient, other_api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    request_id = say(api, session, "Hello").json()["request_id"]
    own = begin(other_api)
    assert say(other_api, session, "Hello").status_code == 404
    assert say(other_api, session, "suicide").status_code == 404
    assert other_api.post(f"{SESSIONS}{session}/end/").status_code == 404
    assert outcome(other_api, session, request_id).status_code == 404
    assert outcome(other_api, own, request_id).status_code == 404
    assert outcome(api, session, str(uuid.uuid4())).status_code == 404
    assert transcript(session) == "User: Hello"
    assert (AiSession.objects.get(pk=session).ended_at, ChatMessage.objects.count()) == (None, 1)


def test_a_new_device_proves_the_birth_date_first(patient: Patient) -> None:
    device = sign_in(patient, needs_step_up=True)
    session = str(uuid.uuid4())
    for answer in (device.post(SESSIONS, {}), say(device, session, "Hello"), device.post(f"{SESSIONS}{session}/end/")):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert not AiSession.objects.exists()


def test_words_that_are_gone_are_not_asked(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    request_id = say(api, session, "Hello").json()["request_id"]
    AiSession.objects.update(transcript=None)
    work()
    assert (assistant.asked, transcript(session)) == ([], None)
    assert outcome(api, session, request_id).json()["status"] == "refused"


def test_no_word_is_logged(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    with capture_logs() as logs:
        talk(api, session, "My secret knee")
        assistant.is_down = True
        talk(api, session, "My secret elbow")
        say(api, session, "secret suicide")
    assert logs
    assert "secret" not in str(logs)
    assert "Answer" not in str(logs)


_WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=60)


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(st.tuples(_WORDS, _WORDS, st.booleans()), min_size=1, max_size=5))
def test_whatever_is_said_each_turn_is_one_line_of_its_speaker(
    api: APIClient, assistant: Memory, settings: Settings, said: list[tuple[str, str, bool]]
) -> None:
    settings.CHAT_MESSAGES_A_MINUTE = settings.CHAT_MESSAGES_AN_HOUR = settings.CHAT_SESSIONS_AN_HOUR = 10_000
    # All examples are of one minute: the clock stands still.
    settings.API_CALLS_PER_TOKEN_A_MINUTE = 10_000
    # Hypothesis draws words from our source too, and an emergency is answered at once.
    settings.EMERGENCY_WORDS = {}
    session = begin(api)
    expected: list[str] = []
    for text, reply, is_down in said:
        assistant.is_down, assistant.says = is_down, [f"{reply}."]
        answer = say(api, session, text)
        # Control characters become spaces.
        text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text)
        if answer.status_code == 400:
            assert not text.strip()
            continue
        assert answer.status_code == 202
        work()
        line = f"User: {' '.join(text.split())}"
        expected += [line] if not expected or expected[-1] != line else []
        expected += [] if is_down else [f"AI: {' '.join(f'{reply}.'.split())}"]
    found = transcript(session)
    assert (found.split("\n") if found else []) == expected


@pytest.fixture
def worker(settings: Settings) -> Iterator[None]:
    """Works while the request waits."""
    settings.CHAT_WAIT_SECONDS = 10.0
    is_over = threading.Event()

    def run() -> None:
        try:
            while not is_over.wait(0.02):
                work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    is_over.set()
    thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("worker")
def test_who_waits_gets_the_answer_or_hears_that_there_is_none(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    answer = say(api, session, "Hello")
    message = ChatMessage.objects.get()
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "request_id": str(message.pk),
            "status": "done",
            "reply": "Answer 1.",
            "is_emergency": False,
            "code": None,
            "session": {**api.get(f"{SESSIONS}{session}/").json(), "transcript": "User: Hello\nAI: Answer 1."},
        },
    )
    assistant.is_down = True
    refused = say(api, session, "Are you there?")
    assert (refused.status_code, refused.json()["code"]) == (503, "assistant_unavailable")
    assert refused["Retry-After"] == "10"
    assert refused["Content-Type"] == "application/problem+json"
    assert transcript(session) == "User: Hello\nAI: Answer 1.\nUser: Are you there?"
