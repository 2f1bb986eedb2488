"""A caller waits for nobody: free times are told in time, whatever the calendar does."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

import pytest

from accounts.models import Role
from hospitals.models import Doctor, DoctorAvailability, Hospital
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.vapi.tools.calls import ANSWER_SECONDS
from tests.cast import make_staff
from tests.integrations.calcom.clinic import next_call
from tests.integrations.calcom.conftest import Connected, calcom, connected, ready
from tests.integrations.vapi.messages import message, post

__all__ = ["calcom", "connected", "ready"]

pytestmark = pytest.mark.django_db
MONDAY = "2050-09-05"


def colleague(hospital: Hospital, client: CalcomClient, number: int) -> None:
    user = make_staff(hospital, Role.DOCTOR, f"colleague{number}@north.test", f"Colin {number} North")
    doctor = Doctor.objects.create(user=user, hospital=hospital, specialty="Cardiology")
    DoctorAvailability.objects.create(doctor=doctor, day_of_week=1, start_time="09:00", end_time="12:00")
    connect_doctor(doctor.pk, client)


@pytest.mark.parametrize("fault", ["hang", "500"])
def test_free_times_are_told_within_three_seconds(
    connected: Connected, calcom: CalcomClient, time_machine: Any, fault: str
) -> None:
    for number in (1, 2):
        colleague(connected.doctor.hospital, calcom, number)
    time_machine.move_to(dt.datetime(2050, 9, 4, 12, tzinfo=dt.UTC))
    next_call(connected.simulator, "GET /v2/slots", fault, seconds=6, times=9)
    use = {"id": "1", "name": "find_slots", "arguments": {"specialty": "cardiology", "date": MONDAY}}
    began = time.monotonic()
    answer = json.loads(post(message("tool-calls", toolCallList=[use, use])).content)["results"]
    assert time.monotonic() - began < ANSWER_SECONDS == 3
    # Our own hours, less what is booked.
    first, second = (one["result"] for one in answer)
    assert ": Monday 5 September 09:00, Monday 5 September 09:30, " in first
    # Where there was no time to look, nobody is told that there is none.
    late = "The free times cannot be looked up right now. The caller sees them in the app."
    assert second == (late if fault == "hang" else first)
