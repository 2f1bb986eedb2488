"""The client against the simulator: chats, calls, and every way an answer can fail to come."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from dev.simulators.vapi.process import SimulatorProcess, start_simulator
from integrations.vapi.api.client import VapiClient, VapiRefused, VapiUnavailable
from tests.integrations.vapi.phone import control, next_call

ASSISTANT = "5b0a4a08-133c-4146-9315-0984f8c6be80"
SECRET_WORDS = "my knee hurts terribly"


def test_a_chat_goes_on_from_the_one_before(vapi: SimulatorProcess, vapi_client: VapiClient) -> None:
    control(vapi, "POST", "replies", {"match": "knee", "say": "Since when does it hurt?"})
    first = vapi_client.create_chat(SECRET_WORDS, assistant_id=ASSISTANT)
    second = vapi_client.create_chat("Please summarise.", previous_chat_id=first.id)
    assert first.text == "Since when does it hurt?"
    assert second.text == f"The patient wrote 1 messages, first: {SECRET_WORDS}"
    chats = control(vapi, "GET", "state")["chats"]
    assert [turn["content"] for turn in chats[1]["messages"]] == [SECRET_WORDS, first.text, "Please summarise."]


def test_chats_of_a_session_share_its_turns(vapi_client: VapiClient) -> None:
    session = vapi_client.create_session(assistant_id=ASSISTANT, expiration_seconds=3600)
    first = vapi_client.create_chat("Hello", session_id=session.id)
    second = vapi_client.create_chat("Summarise", session_id=session.id)
    assert (first.session_id, second.session_id) == (session.id, session.id)
    assert second.text == "The patient wrote 1 messages, first: Hello"


def test_what_vapi_refuses_is_named(vapi: SimulatorProcess, vapi_client: VapiClient) -> None:
    with pytest.raises(VapiRefused, match="vapi_refused create_chat 404") as missing:
        vapi_client.create_chat("Hello", previous_chat_id="00000000-0000-4000-8000-000000000000")
    assert missing.value.is_not_found
    with pytest.raises(VapiRefused) as both:
        vapi_client.create_chat("Hello", previous_chat_id="a", session_id="b")
    assert both.value.status == 400
    next_call(vapi, "POST /chat", "402")
    with pytest.raises(VapiRefused) as broke:
        vapi_client.create_chat("Hello", assistant_id=ASSISTANT)
    assert broke.value.status == 402
    with pytest.raises(VapiRefused) as stranger:
        vapi_client.get_call("../chat")
    assert stranger.value.is_not_found


@pytest.mark.parametrize("told", ["..", ".", "", "a/../b", "a?b", "x" * 201, "a\nb"])
def test_what_is_no_id_is_no_address(vapi: SimulatorProcess, vapi_client: VapiClient, told: str) -> None:
    with capture_logs() as logs, pytest.raises(VapiRefused) as refused:
        vapi_client.get_call(told)
    assert (refused.value.is_not_found, logs) == (True, [])


@pytest.mark.parametrize("fault", ["429", "500", "html", "drop", "half_body", "drop_after"])
def test_no_clear_answer_is_unavailable_and_says_nothing(
    vapi: SimulatorProcess, vapi_client: VapiClient, fault: str
) -> None:
    next_call(vapi, "POST /chat", fault)
    with capture_logs() as logs, pytest.raises(VapiUnavailable) as raised:
        vapi_client.create_chat(SECRET_WORDS, assistant_id=ASSISTANT)
    assert "knee" not in f"{raised.value!r} {raised.value.__cause__} {logs}"
    assert vapi.api_key not in str(logs)
    assert logs[0]["operation"] == "create_chat"


def test_a_slow_answer_is_given_up(vapi: SimulatorProcess) -> None:
    impatient = VapiClient(vapi.config, chat_seconds=0.2)
    next_call(vapi, "POST /chat", "late", seconds=1)
    with pytest.raises(VapiUnavailable):
        impatient.create_chat("Hello", assistant_id=ASSISTANT)
    impatient.close()


def test_a_call_is_read_with_what_was_said(vapi: SimulatorProcess, vapi_client: VapiClient) -> None:
    told = {"from": "+436601234567", "lines": [{"role": "user", "says": "Are you open?"}], "summary": "Asked."}
    made = control(vapi, "POST", "calls", told)
    call = vapi_client.get_call(made["id"])
    assert (call.status, call.is_by_phone, call.twilio_call_id) == ("ended", True, made["phoneCallProviderId"])
    assert call.spoken == "AI: Hello, this is the hospital. How can I help?\nUser: Are you open?"
    assert (call.summed_up, call.customer.number) == ("Asked.", "+436601234567")
    assert call.started_at
    assert call.ended_at
    assert (call.ended_at - call.started_at).total_seconds() == 60


def test_a_simulator_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("vapi") / "state.sqlite3"
    with start_simulator(state, seed=None) as process:
        first = VapiClient(process.config).create_chat("Hello", assistant_id=ASSISTANT)
    with start_simulator(state, seed=None) as process:
        again = VapiClient(process.config).create_chat("Summary please", previous_chat_id=first.id)
    assert again.text == "The patient wrote 1 messages, first: Hello"
