"""What the client asks, what the simulator sends, and what we answer, against the vendor's own description.

The description is not in the repository; where it is absent, these tests are skipped and say so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator
from pytest_django import Settings

from dev.simulators.vapi.process import SimulatorProcess, start_simulator
from integrations.vapi.api.client import VapiClient
from integrations.vapi.api.responses import Call, Chat, ServerMessage, Session
from tests.integrations.calcom.clinic import Receiver, receiving
from tests.integrations.vapi.messages import SECRET, message, post
from tests.integrations.vapi.phone import SAMPLES, control, needs_samples

pytestmark = needs_samples
ASSISTANT = "5b0a4a08-133c-4146-9315-0984f8c6be80"
KINDS = {
    "status-update": "ServerMessageStatusUpdate",
    "tool-calls": "ServerMessageToolCalls",
    "end-of-call-report": "ServerMessageEndOfCallReport",
}


@cache
def description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / "server-messages-openapi.json").read_text())
    return found


def check(name: str, value: Any) -> None:
    """Against one of the description's schemas."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": description()["components"]}
    errors = sorted(Draft202012Validator(schema).iter_errors(value), key=str)
    assert [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in errors] == []


@pytest.fixture
def hearing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SimulatorProcess, Receiver]]:
    state = tmp_path_factory.mktemp("vapi") / "state.sqlite3"
    with receiving() as receiver, start_simulator(state, server_url=receiver.url, server_secret="s") as process:
        yield process, receiver


@pytest.mark.parametrize("shape", ["object", "text"])
@pytest.mark.parametrize("has_artifacts", [True, False])
def test_simulated_messages_are_as_described(
    hearing: tuple[SimulatorProcess, Receiver], shape: str, has_artifacts: bool
) -> None:
    simulator, receiver = hearing
    told = {
        "from": "+436601234567",
        "lines": [{"role": "user", "says": "Who has time?"}],
        "tools": [{"name": "find_slots", "arguments": {"date": "2026-11-21"}, "shape": shape}],
        "summary": "Asked.",
        "report": "redelivered",
        "hasArtifacts": has_artifacts,
    }
    made = control(simulator, "POST", "calls", told)
    sent = [json.loads(body)["message"] for _headers, body in receiver.received]
    assert [said["type"] for said in sent] == [
        *("status-update", "tool-calls", "status-update", "end-of-call-report", "end-of-call-report")
    ]
    for said in sent:
        check(KINDS[said["type"]], said)
    headers = {"Authorization": f"Bearer {simulator.api_key}"}
    check("Call", requests.get(f"{simulator.url}/call/{made['id']}", headers=headers, timeout=10).json())


def test_what_the_client_asks_and_is_answered_is_as_described(
    hearing: tuple[SimulatorProcess, Receiver],
) -> None:
    simulator, _receiver = hearing
    seen: list[requests.Response] = []
    with requests.Session() as session:
        session.hooks["response"].append(lambda response, **_: seen.append(response))
        client = VapiClient(simulator.config, session=session)
        first = client.create_chat("Hello", assistant_id=ASSISTANT, variables={"hospital": "North"})
        client.create_chat("Again", previous_chat_id=first.id)
        made = client.create_session(assistant_id=ASSISTANT, expiration_seconds=3600)
        client.create_chat("Hello", session_id=made.id)
    for response, asked, answered in zip(
        seen,
        ("CreateChatDTO", "CreateChatDTO", "CreateSessionDTO", "CreateChatDTO"),
        ("Chat", "Chat", "Session", "Chat"),
        strict=True,
    ):
        body = json.loads(response.request.body or b"{}")
        check(asked, body)
        assert body.keys() <= description()["components"]["schemas"][asked]["properties"].keys()
        check(answered, response.json())


@pytest.mark.django_db
def test_our_answers_are_as_described(settings: Settings) -> None:
    settings.VAPI_WEBHOOK_SECRET = [SECRET]
    settings.VAPI_ASSISTANT_ID = ASSISTANT
    asked = message("tool-calls", toolCallList=[{"id": "1", "name": "find_doctors"}, {"id": "2", "name": "nothing"}])
    answer = json.loads(post(asked).content)
    check("ServerMessageResponseToolCalls", answer)
    for result in answer["results"]:
        check("ToolCallResult", result)
        assert "\n" not in result["result"]
    check("ServerMessageResponseAssistantRequest", json.loads(post(message("assistant-request")).content))
    transfer = json.loads(post(message("transfer-destination-request")).content)
    check("ServerMessageResponseTransferDestinationRequest", transfer)


@pytest.mark.parametrize("model", [Call, Chat, Session])
def test_fields_that_are_read_are_described(model: type[Call | Chat | Session]) -> None:
    # Untyped copies, seen in captures beside what is described.
    undescribed = {"transcript", "summary"} if model is Call else set()
    read = {field.alias or name for name, field in model.model_fields.items()}
    assert read - undescribed <= description()["components"]["schemas"][model.__name__]["properties"].keys()


def test_fields_of_messages_that_are_read_are_described() -> None:
    described = set.union(*(set(description()["components"]["schemas"][name]["properties"]) for name in KINDS.values()))
    read = {field.alias or name for name, field in ServerMessage.model_fields.items()}
    assert read - described <= {"transcript", "summary", "messages"}
