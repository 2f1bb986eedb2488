from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.messages.local_senders import MemorySms
from accounts.models import Patient
from tests.api.assistant import FakeAssistant, Memory
from tests.api.described import DescribedClient
from tests.api.records import sign_in

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def assistant(settings: Settings) -> Memory:
    settings.CHAT_ASSISTANT = "tests.api.assistant.FakeAssistant"
    FakeAssistant.memory = Memory()
    return FakeAssistant.memory


@pytest.fixture(autouse=True)
def _nothing_leaves(calendar: object) -> None:
    MemorySms.sent.clear()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def anyone() -> APIClient:
    return DescribedClient()


@pytest.fixture
def api(patient: Patient) -> APIClient:
    return sign_in(patient)


@pytest.fixture
def other_api(other_patient: Patient) -> APIClient:
    return sign_in(other_patient)
