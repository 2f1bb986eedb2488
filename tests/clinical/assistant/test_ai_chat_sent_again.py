"""A message that is sent again, because its answer was lost or there was none."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from clinical.models import ChatMessage
from config.models import IdempotencyKey
from tests.api.assistant import Memory
from tests.api.talking import SESSIONS, begin, say, talk, transcript, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "assistant", "nothing_leaves")]


def send(api: APIClient, session: str, text: str, key: str = "key-1") -> Any:
    return api.post(f"{SESSIONS}{session}/messages/", {"text": text}, headers={"Idempotency-Key": key})


def test_the_same_key_is_the_same_message(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    first = send(api, session, "Hello")
    waiting = send(api, session, "Hello")
    assert (waiting.status_code, waiting.json(), waiting["Idempotent-Replayed"]) == (202, first.json(), "true")
    work()
    answered = send(api, session, "Hello")
    assert (answered.status_code, answered.json()["reply"], answered["Idempotent-Replayed"]) == (
        200,
        "Answer 1.",
        "true",
    )
    assert transcript(session) == "User: Hello\nAI: Answer 1."
    assert ChatMessage.objects.count() == 1
    assert send(api, session, "Hello", key="key-2").status_code == 202
    assert transcript(session) == "User: Hello\nAI: Answer 1.\nUser: Hello"


def test_what_failed_is_tried_again_and_not_written_again(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    assistant.is_down = True
    request_id = send(api, session, "Hello").json()["request_id"]
    work()
    talk(api, session, "Anybody there?")
    assistant.is_down = False
    assert send(api, session, "Hello").json()["request_id"] == request_id
    work()
    assert transcript(session) == "User: Hello\nUser: Anybody there?\nAI: Answer 3."


def test_an_emergency_in_between_writes_nothing_twice(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    assistant.is_down = True
    talk(api, session, "My knee")
    assert say(api, session, "Ambulance!").status_code == 200
    assistant.is_down = False
    talk(api, session, "My knee")
    [knee, help_, advice, reply] = (transcript(session) or "").split("\n")
    assert (knee, help_, advice[:3], reply) == ("User: My knee", "User: Ambulance!", "AI:", "AI: Answer 2.")


def test_a_key_of_another_message_is_refused_but_not_in_an_emergency(api: APIClient, assistant: Memory) -> None:
    session = begin(api)
    send(api, session, "Hello")
    other = send(api, session, "My knee")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert send(api, session, "Ambulance!").json()["is_emergency"] is True
    assert send(api, session, "Ambulance!", key="with space").json()["is_emergency"] is True
    IdempotencyKey.objects.update(state=IdempotencyKey.State.RUNNING, object_id=None)
    assert send(api, session, "Hello").json()["code"] == "idempotency_key_in_use"
    assert (transcript(session) or "").count("User: Hello") == 1


def test_an_emergency_sent_again_is_answered_and_written_once(api: APIClient) -> None:
    session = begin(api)
    first, again = (send(api, session, "Ambulance!") for _ in range(2))
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert (transcript(session) or "").count("User: Ambulance!") == 1


def test_a_refused_message_gives_its_key_back(api: APIClient) -> None:
    session = begin(api)
    say(api, session, "Hello")
    assert send(api, session, "My knee").json()["code"] == "message_running"
    assert not IdempotencyKey.objects.exists()
    work()
    assert send(api, session, "My knee").status_code == 202


def test_control_characters_do_not_keep_an_emergency_back(api: APIClient) -> None:
    assert say(api, begin(api), "Ambu\u0007lance? chest\u2028pain\u0007").json()["is_emergency"] is True
