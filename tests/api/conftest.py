from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Patient
from accounts.sms import MemorySms
from tests.api.assistant import FakeAssistant
from tests.api.assistant import Memory as AssistantMemory
from tests.api.calendar import FakeCalendar, Memory
from tests.api.records import sign_in

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def calendar(settings: Settings) -> Memory:
    settings.BOOKING_PROVIDER = "tests.api.calendar.FakeCalendar"
    FakeCalendar.memory = Memory()
    return FakeCalendar.memory


@pytest.fixture
def assistant(settings: Settings) -> AssistantMemory:
    settings.CHAT_ASSISTANT = "tests.api.assistant.FakeAssistant"
    FakeAssistant.memory = AssistantMemory()
    return FakeAssistant.memory


@pytest.fixture(autouse=True)
def _no_messages() -> None:
    MemorySms.sent.clear()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def anyone() -> APIClient:
    return APIClient()


@pytest.fixture
def api(patient: Patient) -> APIClient:
    return sign_in(patient)


@pytest.fixture
def other_api(other_patient: Patient) -> APIClient:
    return sign_in(other_patient)
