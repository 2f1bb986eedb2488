"""What Vapi tells about erased people: nothing of it is kept, before or after, and a new owner is left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection

from accounts.access_log.record import AccessAction, record_access
from accounts.models import ErasureRequest, Patient, User
from accounts.own_data.erasure import approve_erasure, carry_out_next_erasure
from clinical.models import AiSession
from dev.simulators.vapi.process import SimulatorProcess
from integrations.models import VapiEvent
from integrations.vapi.inbound.fetching import fetch_next_report
from integrations.vapi.inbound.processing import ERASED_NOTE, NO_PATIENT_NOTE, RECORDED_NOTE
from tests.cast import PASSWORD, HospitalCast, make_patient
from tests.integrations.vapi.messages import CALL_ID, CALLER, SAID, WORDS, call, ended, message, post, process, report
from tests.integrations.vapi.phone import control

pytestmark = pytest.mark.django_db

# After the call of the samples.
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
PRIVATE = (WORDS, "knee", CALLER[1:])


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@wardbook.test", PASSWORD)


def erase(patient: Patient, operator: User) -> ErasureRequest:
    request = ErasureRequest.objects.create(patient=patient, asked_at=NOW)
    approve_erasure(by=operator, request_id=request.pk, at=NOW)
    while carry_out_next_erasure(at=NOW):
        pass
    request.refresh_from_db()
    return request


def hits() -> list[str]:
    """The tables in which anything private stands."""
    found = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" x WHERE x::text LIKE ANY(%s))', [likes()])
            if cursor.fetchone() == (True,):
                found.append(table)
    return found


def likes() -> list[str]:
    return [f"%{text}%" for text in PRIVATE]


def states() -> list[tuple[str, str | None, Any]]:
    return list(VapiEvent.objects.order_by("pk").values_list("status", "notes", "projection"))


GONE: tuple[str, str, Any] = ("PROCESSED", ERASED_NOTE, {})


def test_a_call_on_record_is_emptied(patient: Patient, line: HospitalCast, operator: User) -> None:
    post(report(*SAID))
    post(message("tool-calls", toolCallList=[{"id": "1", "name": "hospital_hours", "arguments": {}}]))
    process()
    assert AiSession.objects.get().transcript
    assert erase(patient, operator).report["calls_by_number"] == 2
    assert (hits(), states()) == ([], [GONE, GONE])
    session = AiSession.objects.get()
    assert (session.patient_id, session.vapi_session_id, session.transcript) == (patient.pk, CALL_ID, None)


def test_what_waits_is_emptied_and_not_asked_for(
    patient: Patient, line: HospitalCast, operator: User, clock: time_machine.Traveller
) -> None:
    post(ended(customer={"number": "+43 660 (123) 45-67"}))
    post(report(*SAID))
    erase(patient, operator)
    assert (hits(), states()) == ([], [GONE, GONE])
    clock.shift(dt.timedelta(hours=1))
    assert fetch_next_report() is False
    process()
    assert AiSession.objects.count() == 0


@pytest.mark.parametrize("knows_the_number", [True, False])
def test_a_late_report_of_a_call_on_record_is_not_kept(
    patient: Patient, line: HospitalCast, operator: User, knows_the_number: bool
) -> None:
    post(report(artifact={}, analysis={}))
    process()
    erase(patient, operator)
    nameless: dict[str, Any] = {"customer": {}, "call": call(customer={})}
    post(report(*SAID, **({} if knows_the_number else nameless)))
    process()
    assert (hits(), states()) == ([], [GONE, GONE])
    session = AiSession.objects.get()
    assert (session.transcript, session.summary, session.twilio_call_id) == (None, None, None)


def test_a_late_report_of_an_unknown_call_is_known_by_the_number(
    patient: Patient, line: HospitalCast, operator: User, clock: time_machine.Traveller
) -> None:
    erase(patient, operator)
    newcomer = make_patient(CALLER[1:], "Nora New")
    clock.shift(dt.timedelta(hours=1))
    post(report(*SAID))
    process()
    post(ended())
    clock.shift(dt.timedelta(minutes=3))
    assert fetch_next_report() is True
    assert AiSession.objects.count() == 0
    assert states() == [GONE, GONE]
    # Who has the number now is known by it.
    later = {"startedAt": "2026-11-20T13:00:00Z", "endedAt": "2026-11-20T13:01:00Z"}
    post(report(*SAID, call=call(id="later"), **later))
    process()
    assert AiSession.objects.get().patient_id == newcomer.pk
    assert states()[-1][1] == RECORDED_NOTE


def test_a_fetched_report_is_not_kept_either(
    patient: Patient, line: HospitalCast, operator: User, vapi: SimulatorProcess, settings: Any
) -> None:
    settings.VAPI_API_URL, settings.VAPI_API_KEY = vapi.url, vapi.api_key
    lines = [{"role": "user", "says": WORDS}]
    started = "2026-11-20T09:00:00Z"
    made = control(vapi, "POST", "calls", {"from": CALLER, "lines": lines, "report": "missing", "startedAt": started})
    erase(patient, operator)
    # Told late, as by a retry: the report has to be asked for.
    post(ended(call=call(id=made["id"])))
    VapiEvent.objects.update(next_try_at=None)
    assert fetch_next_report() is True
    process()
    assert (hits(), states()) == ([], [GONE, GONE])


def test_a_call_from_before_the_number_was_theirs_is_not_theirs(
    patient: Patient, line: HospitalCast, clock: time_machine.Traveller
) -> None:
    record_access(by=patient.user, action=AccessAction.CHANGED_PHONE, patient_id=patient.pk)
    post(report(*SAID))
    process()
    assert (AiSession.objects.count(), states()[0][1]) == (0, NO_PATIENT_NOTE)
