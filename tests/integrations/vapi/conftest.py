from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from pytest_django import Settings

from dev.simulators.vapi.process import SimulatorProcess
from integrations.models import VapiNumber
from integrations.vapi.api.client import VapiClient
from tests.cast import HospitalCast
from tests.integrations.vapi.messages import CALLED, SECRET
from tests.integrations.vapi.phone import control


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.VAPI_WEBHOOK_SECRET = [SECRET]


@pytest.fixture
def line(north: HospitalCast) -> HospitalCast:
    """Hospital North, with a number that Vapi answers."""
    VapiNumber.objects.create(number=CALLED.removeprefix("+"), hospital=north.hospital)
    return north


@pytest.fixture
def vapi(vapi_process: SimulatorProcess) -> SimulatorProcess:
    """The simulator, emptied."""
    control(vapi_process, "POST", "reset")
    return vapi_process


@pytest.fixture
def vapi_client(vapi: SimulatorProcess) -> Iterator[VapiClient]:
    with requests.Session() as session:
        yield VapiClient(vapi.config, session=session, chat_seconds=2)
