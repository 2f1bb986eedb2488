"""A patient's talk through the real programs: answered while the request waits, and after its worker was killed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.simulators.vapi.process import SimulatorProcess, start_simulator
from tests.faults.harness import Stack, running_stack, until

pytestmark = pytest.mark.slow
ASSISTANT = "5b0a4a08-133c-4146-9315-0984f8c6be80"
DEADLINE_SECONDS = 30
OTHERWISE = "I understand. Could you tell me a little more?"


@dataclass(frozen=True, slots=True)
class Talk:
    stack: Stack
    vapi: SimulatorProcess
    token: str

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = f"{self.stack.web}/api/v1/ai-sessions/{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, url, json=body, headers=headers, timeout=DEADLINE_SECONDS)

    def begin(self) -> str:
        return str(self.call("POST", "", {}).json()["id"])

    def say(self, session: str, text: str) -> requests.Response:
        return self.call("POST", f"{session}/messages/", {"text": text})

    def state(self, session: str) -> str:
        rows = self.stack.query(f"SELECT state FROM ai_session_messages WHERE session_id = '{session}'")
        return str(rows[0][0]) if rows else ""

    def is_asked(self) -> bool:
        """Whether the simulator has met the one fault it was given."""
        [fault] = requests.get(f"{self.vapi.url}/_simulator/faults", timeout=DEADLINE_SECONDS).json()["next"]
        return bool(fault["times"] == 0)

    def chats(self) -> int:
        found = requests.get(f"{self.vapi.url}/_simulator/state", timeout=DEADLINE_SECONDS).json()
        return len(found["chats"])


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    directory = Path(tmp_path_factory.mktemp("stack"))
    with start_simulator(directory / "vapi.sqlite3") as vapi, running_stack(directory) as stack:
        stack.env.update(VAPI_API_URL=vapi.url, VAPI_API_KEY=vapi.api_key, VAPI_ASSISTANT_ID=ASSISTANT)
        token = stack.module("tests.faults.chat_seed").splitlines()[-1]
        stack.start("web", "chats")
        yield Talk(stack, vapi, token)


def test_who_waits_is_answered(talk: Talk) -> None:
    session = talk.begin()
    answer = talk.say(session, "My knee hurts")
    assert (answer.status_code, answer.json()["reply"]) == (200, OTHERWISE)
    assert answer.json()["session"]["transcript"] == f"User: My knee hurts\nAI: {OTHERWISE}"


def test_a_killed_workers_message_is_answered_once(talk: Talk) -> None:
    session = talk.begin()
    before = talk.chats()
    late = {"next": [{"match": "POST /chat", "do": "late", "seconds": 5}]}
    requests.put(f"{talk.vapi.url}/_simulator/faults", json=late, timeout=DEADLINE_SECONDS).raise_for_status()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(talk.say, session, "My knee hurts")
        # Its state says so a moment before it is sent.
        until(talk.is_asked, every=0.05)
        assert talk.state(session) == "sent"
        talk.stack.kill("chats")
        until(lambda: talk.chats() == before + 1)
        answer = waiting.result()
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    # As when its worker is taken for dead.
    talk.stack.query("UPDATE ai_session_messages SET sent_at = sent_at - interval '5 min' WHERE state = 'sent'")
    talk.stack.start("chats")
    talk.stack.sweep("answer_messages")
    until(lambda: talk.state(session) == "answered")
    outcome = talk.call("GET", f"{session}/messages/{answer.json()['request_id']}/").json()
    assert (outcome["status"], outcome["reply"]) == ("done", OTHERWISE)
    assert talk.call("GET", f"{session}/").json()["transcript"] == f"User: My knee hurts\nAI: {OTHERWISE}"
    assert talk.chats() == before + 2
