"""A call held by the simulator's process, told to a server of ours over HTTP, both ways of proving the sender."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Patient
from clinical.models import AiSession
from dev.simulators.vapi.process import start_simulator
from integrations.models import VapiEvent
from integrations.vapi.inbound.processing import process_next_call
from tests.cast import HospitalCast
from tests.integrations.vapi.messages import CALLER, SECRET
from tests.integrations.vapi.phone import control


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("plain_secret", [True, False])
def test_a_call_comes_in(
    live_server: LiveServer,
    north: HospitalCast,
    patient: Patient,
    settings: Settings,
    tmp_path: Path,
    plain_secret: bool,
) -> None:
    settings.VAPI_WEBHOOK_SECRET = ["newer-secret", SECRET]
    told = {
        "from": CALLER,
        "lines": [{"role": "user", "says": "Who has time?"}],
        "tools": [{"name": "hospital_hours"}],
        "summary": "Asked.",
        "report": "redelivered",
    }
    state, url = tmp_path / "state.sqlite3", f"{live_server.url}/webhooks/vapi/"
    with start_simulator(state, server_url=url, server_secret=SECRET, plain_secret=plain_secret) as vapi:
        made = control(vapi, "POST", "calls", told)
        deliveries = control(vapi, "GET", "state")["deliveries"]
    assert [(row["state"], row["attempts"]) for row in deliveries] == [("delivered", 1)] * 5
    assert json.loads(made["answer"])["results"] == [
        {"name": "hospital_hours", "toolCallId": "call_0", "result": "North. The hours are not known here."}
    ]
    assert VapiEvent.objects.count() == 5
    while process_next_call(at=timezone.now()):
        pass
    session = AiSession.objects.get()
    assert (session.patient_id, session.twilio_call_id) == (patient.pk, made["phoneCallProviderId"])
    assert (session.vapi_session_id, session.summary) == (made["id"], "Asked.")
