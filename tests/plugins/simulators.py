"""The simulators as processes, one of each for the whole run of a worker; tests empty them through their control."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dev.simulators.calcom.process import SimulatorProcess, start_simulator
from dev.simulators.vapi.process import SimulatorProcess as VapiProcess
from dev.simulators.vapi.process import start_simulator as start_vapi


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    with start_simulator(tmp_path_factory.mktemp("calcom") / "state.sqlite3") as process:
        yield process


@pytest.fixture(scope="session")
def vapi_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VapiProcess]:
    with start_vapi(tmp_path_factory.mktemp("vapi") / "state.sqlite3") as process:
        yield process
