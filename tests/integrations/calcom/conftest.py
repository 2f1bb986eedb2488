from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from dev.simulators.calcom.process import SimulatorProcess, start_simulator
from tests.integrations.calcom.clinic import Clinic, Receiver, open_clinic, receiving


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    with start_simulator(tmp_path_factory.mktemp("calcom") / "state.sqlite3") as process:
        yield process


@pytest.fixture
def clinic(simulator: SimulatorProcess) -> Iterator[Clinic]:
    with requests.Session() as session:
        yield open_clinic(simulator, session)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as subscriber:
        yield subscriber
