"""Reports of calls that do not come are fetched."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Patient
from clinical.models import AiSession
from dev.simulators.vapi.process import SimulatorProcess
from integrations.models import VapiEvent
from integrations.vapi.inbound.fetching import fetch_next_report
from tests.cast import HospitalCast
from tests.integrations.vapi.messages import CALLER, SAID, WORDS, call, ended, message, post, process, report
from tests.integrations.vapi.phone import control, next_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(vapi: SimulatorProcess, settings: Settings, patient: Patient, line: HospitalCast) -> str:
    """A call that the simulator holds, and whose report never comes."""
    settings.VAPI_API_URL, settings.VAPI_API_KEY = vapi.url, vapi.api_key
    told = {"from": CALLER, "lines": [{"role": "user", "says": WORDS}], "summary": "Knee.", "report": "missing"}
    made = control(vapi, "POST", "calls", told)
    call_id: str = made["id"]
    return call_id


def look(time_machine: Any, **later: float) -> bool:
    """Whether there was a call to ask for, so much later."""
    time_machine.move_to(timezone.now() + dt.timedelta(**later), tick=False)
    return fetch_next_report()


def test_a_report_that_does_not_come_is_fetched(held: str, line: HospitalCast, time_machine: Any) -> None:
    post(ended(call=call(id=held)))
    assert not look(time_machine, minutes=1.9)
    assert look(time_machine, minutes=0.2)
    process()
    session = AiSession.objects.get()
    assert (session.vapi_session_id, session.hospital_id) == (held, line.hospital.pk)
    assert (session.summary, session.transcript) == (
        "Knee.",
        f"AI: Hello, this is the hospital. How can I help?\nUser: {WORDS}",
    )
    assert not look(time_machine, days=1)


def test_a_report_that_came_is_not_fetched(held: str, vapi: SimulatorProcess, time_machine: Any) -> None:
    post(message("status-update", status="in-progress", call=call(id=held)))
    post(report(*SAID, call=call(id=held)))
    post(ended(call=call(id=held)))
    next_call(vapi, "GET /call/*", "500", times=9)
    assert look(time_machine, hours=2)
    assert look(time_machine)
    assert not look(time_machine)
    assert not VapiEvent.objects.filter(event_type="status-update").exclude(notes="The report came.").exists()


def test_a_call_whose_end_was_not_told_is_fetched_too(held: str, time_machine: Any) -> None:
    post(message("status-update", status="in-progress", call=call(id=held)))
    assert not look(time_machine, minutes=59)
    assert look(time_machine, minutes=2)
    process()
    assert AiSession.objects.get().summary == "Knee."


def test_fetching_waits_longer_each_time_and_gives_up(held: str, vapi: SimulatorProcess, time_machine: Any) -> None:
    post(ended(call=call(id=held)))
    next_call(vapi, "GET /call/*", "500", times=99)
    assert look(time_machine, minutes=2)
    for minutes in (2, 4, 8, 16, 32, 64):
        assert not look(time_machine, minutes=minutes - 0.1)
        assert look(time_machine, minutes=0.1)
    event = VapiEvent.objects.get()
    assert (event.status, event.tries, AiSession.objects.count()) == ("FAILED", 7, 0)


def test_a_call_nobody_knows_is_given_up(held: str, time_machine: Any) -> None:
    post(ended())
    assert look(time_machine, minutes=2)
    assert VapiEvent.objects.get().notes == "The report did not come, and Vapi does not know the call."


def test_a_call_without_words_is_recorded_after_a_while(vapi: SimulatorProcess, held: str, time_machine: Any) -> None:
    bare = control(vapi, "POST", "calls", {"from": CALLER, "hasArtifacts": False, "report": "missing"})
    post(ended(call=call(id=bare["id"])))
    for minutes in (2, 2):
        assert look(time_machine, minutes=minutes)
        process()
        assert AiSession.objects.count() == 0
    assert look(time_machine, minutes=4)
    process()
    session = AiSession.objects.get()
    assert (session.vapi_session_id, session.transcript, session.summary) == (bare["id"], None, None)
