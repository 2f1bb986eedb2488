"""The end of a talk, and its summary."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import AccessEvent, Patient
from clinical.assistant.replies import ASK_FOR_SUMMARY, end_idle_sessions, queue_summaries
from clinical.models import AiSession
from tests.api.assistant import Memory
from tests.api.records import NOW
from tests.api.talking import SESSIONS, begin, say, talk, transcript, work
from tests.clinical.records import make_session

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("clock", "assistant"),
    pytest.mark.usefixtures("nothing_leaves"),
]


def test_the_end_brings_a_summary(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    talk(api, session, "My knee hurts")
    answer = api.post(f"{SESSIONS}{session}/end/")
    assert (answer.status_code, answer.json()["ended_at"]) == (200, "2026-03-02T10:00:00+00:00")
    assert (queue_summaries(at=NOW), queue_summaries(at=NOW)) == (1, 0)
    assistant.says = ["A knee hurts."]
    work()
    assert assistant.asked[-1] == (ASK_FOR_SUMMARY, "chat-1", "")
    again = api.post(f"{SESSIONS}{session}/end/").json()
    assert (again["summary"], again["transcript"]) == ("A knee hurts.", "User: My knee hurts\nAI: Answer 1.")
    refused = say(api, session, "Hello again")
    assert (refused.status_code, refused.json()["code"]) == (409, "session_ended")
    assert list(AccessEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "started_ai_session",
        "ended_ai_session",
    ]


@pytest.mark.parametrize("took_part", [True, False])
def test_without_the_assistant_the_first_and_the_last_turn_sum_up(
    api: APIClient, assistant: Memory, took_part: bool
) -> None:
    session = begin(api)
    assistant.is_down = not took_part
    talk(api, session, "Hello", "My knee hurts")
    api.post(f"{SESSIONS}{session}/end/")
    assistant.is_down = True
    queue_summaries(at=NOW)
    work()
    last = "AI: Answer 2." if took_part else "User: My knee hurts"
    assert AiSession.objects.get().summary == f"User: Hello\n{last}"
    assert queue_summaries(at=NOW) == 0


def test_half_an_hour_of_silence_ends_a_talk(api: APIClient, patient: Patient) -> None:
    make_session(patient, start_time=NOW)
    session = begin(api)
    with time_machine.travel(NOW + dt.timedelta(minutes=20), tick=False):
        talk(api, session, "Hello")
    said_at = NOW + dt.timedelta(minutes=20)
    almost = said_at + dt.timedelta(minutes=29, seconds=59)
    assert end_idle_sessions(at=almost) == 0
    assert end_idle_sessions(at=said_at + dt.timedelta(minutes=30)) == 1
    assert AiSession.objects.get(pk=session).ended_at == said_at
    assert AiSession.objects.get(source="PHONE_CALL").ended_at is None


def test_a_talk_whose_message_runs_is_not_idle(api: APIClient) -> None:
    say(api, begin(api), "Hello")
    assert end_idle_sessions(at=NOW + dt.timedelta(hours=2)) == 0


def test_an_answer_after_the_end_is_written_down_too(api: APIClient) -> None:
    session = begin(api)
    say(api, session, "Hello")
    api.post(f"{SESSIONS}{session}/end/")
    assert queue_summaries(at=NOW) == 0
    work()
    assert transcript(session) == "User: Hello\nAI: Answer 1."
    assert queue_summaries(at=NOW) == 1
