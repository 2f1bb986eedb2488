"""A patient's talk with the simulated assistant, and what is left of it when something breaks."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts.models import Patient
from clinical.assistant.chat import end_ai_session, send_chat_message, start_ai_session
from clinical.assistant.replies import MAX_TRIES, STALE_AFTER, answer_next_message, queue_summaries
from clinical.models import AiSession, ChatMessage
from clinical.ports import AssistantUnavailable, ChatReply
from dev.simulators.vapi.process import SimulatorProcess
from integrations.vapi.api.client import CHAT_SECONDS, CONNECT_SECONDS, VapiClient, VapiConfig
from integrations.vapi.chat import VapiChat
from tests.cast import HospitalCast
from tests.integrations.vapi.phone import control, next_call

ASSISTANT = "5b0a4a08-133c-4146-9315-0984f8c6be80"
pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Ends a worker where nothing catches it."""


class KilledAfterTheCall(VapiChat):
    def reply(self, text: str, *, after: str | None, hospital: str) -> ChatReply:
        super().reply(text, after=after, hospital=hospital)
        raise Killed


class OvertakenInTheCall(VapiChat):
    """While its call is under way, another worker takes it for dead, and is faster."""

    travelled: ClassVar[bool] = False

    def reply(self, text: str, *, after: str | None, hospital: str) -> ChatReply:
        if not OvertakenInTheCall.travelled:
            OvertakenInTheCall.travelled = True
            with time_machine.travel(timezone.now() + STALE_AFTER, tick=False):
                assert answer_next_message()
        return super().reply(text, after=after, hospital=hospital)


class Impatient(VapiChat):
    def client(self) -> VapiClient:
        config = VapiConfig(base_url=settings.VAPI_API_URL, api_key=settings.VAPI_API_KEY)
        return VapiClient(config, chat_seconds=0.2)


@pytest.fixture(autouse=True)
def account(vapi: SimulatorProcess, settings: Settings) -> None:
    settings.VAPI_API_URL, settings.VAPI_API_KEY = vapi.url, vapi.api_key
    settings.VAPI_ASSISTANT_ID = ASSISTANT


@pytest.fixture
def session(patient: Patient, north: HospitalCast) -> AiSession:
    return start_ai_session(by=patient.user, hospital_id=north.hospital.pk, at=timezone.now())[0]


def say(session: AiSession, text: str) -> ChatMessage:
    return send_chat_message(by=session.patient.user, session_id=session.pk, text=text, at=timezone.now())


def work() -> None:
    while answer_next_message():
        pass


def later() -> None:
    with time_machine.travel(timezone.now() + STALE_AFTER + dt.timedelta(seconds=1), tick=False):
        work()


def transcript(session: AiSession) -> str:
    session.refresh_from_db()
    return session.transcript or ""


def chats(vapi: SimulatorProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = control(vapi, "GET", "state")["chats"]
    return found


def test_a_talk_from_beginning_to_summary(vapi: SimulatorProcess, session: AiSession) -> None:
    control(vapi, "POST", "replies", {"match": "knee", "say": "Since when\ndoes it hurt?"})
    say(session, "My knee hurts")
    work()
    say(session, "Thank you, bye")
    work()
    assert transcript(session) == (
        "User: My knee hurts\nAI: Since when does it hurt?\nUser: Thank you, bye\nAI: You are welcome. Take care."
    )
    end_ai_session(by=session.patient.user, session_id=session.pk, at=timezone.now())
    queue_summaries(at=timezone.now())
    work()
    session.refresh_from_db()
    assert session.summary == "The patient wrote 2 messages, first: My knee hurts"
    first, second, _summary = chats(vapi)
    assert (first["assistantId"], second["previousChatId"], session.vapi_session_id) == (
        ASSISTANT,
        first["id"],
        first["id"],
    )


# Before the assistant has heard it, and after.
FAULTS = ["401", "402", "429", "500", "html", "drop", "half_body", "drop_after"]


@pytest.mark.parametrize("fault", FAULTS)
def test_without_a_clear_answer_the_patient_says_it_again(
    vapi: SimulatorProcess, session: AiSession, fault: str
) -> None:
    next_call(vapi, "POST /chat", fault)
    message = say(session, "My knee hurts")
    with capture_logs() as logs:
        work()
    message.refresh_from_db()
    assert (message.state, transcript(session)) == ("failed", "User: My knee hurts")
    assert "knee" not in str(logs)
    assert vapi.api_key not in str(logs)
    assert say(session, "My knee hurts").pk == message.pk
    work()
    assert transcript(session) == "User: My knee hurts\nAI: I understand. Could you tell me a little more?"
    # An exchange whose answer nobody got never happened.
    assert [turn["content"] for turn in chats(vapi)[-1]["messages"]] == ["My knee hurts"]


def test_a_call_that_hangs_is_given_up(vapi: SimulatorProcess, session: AiSession, settings: Settings) -> None:
    settings.CHAT_ASSISTANT = f"{__name__}.Impatient"
    next_call(vapi, "POST /chat", "hang", seconds=1.5)
    message = say(session, "Hello")
    work()
    message.refresh_from_db()
    assert (message.state, transcript(session)) == ("failed", "User: Hello")


def test_an_assistant_that_says_nothing_has_not_answered(vapi: SimulatorProcess, session: AiSession) -> None:
    control(vapi, "POST", "replies", {"say": " \n "})
    message = say(session, "Tell me")
    work()
    message.refresh_from_db()
    assert (message.state, transcript(session)) == ("failed", "User: Tell me")


def test_without_an_assistant_nobody_is_called(vapi: SimulatorProcess, session: AiSession, settings: Settings) -> None:
    settings.VAPI_ASSISTANT_ID = ""
    with pytest.raises(AssistantUnavailable):
        VapiChat().reply("Hello", after=None, hospital="")
    assert chats(vapi) == []


def test_a_talk_that_vapi_forgot_goes_on(vapi: SimulatorProcess, session: AiSession) -> None:
    say(session, "Hello")
    work()
    control(vapi, "POST", "reset")
    say(session, "Thank you")
    work()
    assert transcript(session).endswith("User: Thank you\nAI: You are welcome. Take care.")


def test_a_worker_killed_after_the_call_leaves_one_answer(
    vapi: SimulatorProcess, session: AiSession, settings: Settings
) -> None:
    say(session, "Hello")
    work()
    message = say(session, "My knee hurts")
    settings.CHAT_ASSISTANT = f"{__name__}.KilledAfterTheCall"
    with pytest.raises(Killed):
        work()
    message.refresh_from_db()
    assert (message.state, len(chats(vapi))) == ("sent", 2)
    settings.CHAT_ASSISTANT = "integrations.vapi.chat.VapiChat"
    work()
    assert transcript(session).endswith("User: My knee hurts")
    later()
    assert transcript(session).count("User: My knee hurts\nAI: I understand.") == 1
    assert transcript(session).count("\n") == 3
    first, lost, kept = chats(vapi)
    assert (lost["previousChatId"], kept["previousChatId"]) == (first["id"], first["id"])


def test_a_message_that_kills_its_workers_is_given_up(
    vapi: SimulatorProcess, session: AiSession, settings: Settings
) -> None:
    message = say(session, "Hello")
    settings.CHAT_ASSISTANT = f"{__name__}.KilledAfterTheCall"
    now = timezone.now()
    for number in range(MAX_TRIES):
        with time_machine.travel(now + number * STALE_AFTER, tick=False), pytest.raises(Killed):
            work()
    with time_machine.travel(now + MAX_TRIES * STALE_AFTER, tick=False):
        work()
    message.refresh_from_db()
    assert (message.state, transcript(session), len(chats(vapi))) == ("failed", "User: Hello", MAX_TRIES)


def test_of_two_answers_one_is_shown(vapi: SimulatorProcess, session: AiSession, settings: Settings) -> None:
    say(session, "Hello")
    settings.CHAT_ASSISTANT = f"{__name__}.OvertakenInTheCall"
    OvertakenInTheCall.travelled = False
    work()
    assert len(chats(vapi)) == 2
    assert transcript(session) == "User: Hello\nAI: Hello, this is the hospital. How can I help?"


def test_a_worker_is_not_taken_for_dead_while_it_may_wait() -> None:
    # Twice, for a talk that Vapi forgot.
    assert STALE_AFTER.total_seconds() > 2 * (CONNECT_SECONDS + CHAT_SECONDS)


STEPS = st.lists(st.sampled_from(["answered", "500", "drop_after", "killed", "half_body"]), min_size=1, max_size=6)


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_breaks_each_message_stands_once_and_has_one_answer_at_most(
    vapi: SimulatorProcess, patient: Patient, settings: Settings, steps: list[str]
) -> None:
    settings.CHAT_MESSAGES_A_MINUTE = settings.CHAT_MESSAGES_AN_HOUR = settings.CHAT_SESSIONS_AN_HOUR = 10_000
    session, _ = start_ai_session(by=patient.user, hospital_id=None, at=timezone.now())
    expected = []
    for number, step in enumerate(steps):
        say(session, f"Message {number}")
        expected.append(f"User: Message {number}")
        if step == "killed":
            settings.CHAT_ASSISTANT = f"{__name__}.KilledAfterTheCall"
            with pytest.raises(Killed):
                work()
            settings.CHAT_ASSISTANT = "integrations.vapi.chat.VapiChat"
            later()
        else:
            if step != "answered":
                next_call(vapi, "POST /chat", step)
            work()
        if step in ("answered", "killed"):
            expected.append("AI: I understand. Could you tell me a little more?")
    assert transcript(session).split("\n") == expected
    assert {one.state for one in ChatMessage.objects.filter(session=session)} <= {"answered", "failed"}
