"""Doctors connected to the simulator by a worker."""

from __future__ import annotations

import datetime as dt
from typing import Any

import time_machine
from django.utils import timezone

from dev.simulators.calcom.process import SimulatorProcess
from hospitals.models import Doctor
from integrations.calcom.setup.connect_queue import GivenIds, ask_to_connect, connect_next_doctor
from integrations.models import CalConnection
from tests.integrations.calcom.clinic import control

ORG = "/v2/organizations/*"


def ask(doctor: Doctor, given: GivenIds | None = None) -> None:
    ask_to_connect(doctor=doctor, given=given, by=None, at=timezone.now())


def work(minutes: int = 0) -> CalConnection:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes), tick=False):
        while connect_next_doctor():
            pass
    return CalConnection.objects.get()


def there(simulator: SimulatorProcess) -> dict[str, int]:
    state: Any = control(simulator, "GET", "state")
    # The owner of the key is a user too.
    return {name: state["counts"][name] for name in ("users", "schedules", "event_types")}
