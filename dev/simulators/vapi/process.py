"""Running the simulator as a process, for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.simulators.server import running
from integrations.vapi.api.config import VapiConfig


@dataclass(frozen=True, slots=True)
class SimulatorProcess:
    """A simulator that accepts calls at `url`."""

    url: str
    api_key: str
    process: subprocess.Popen[str]

    @property
    def config(self) -> VapiConfig:
        return VapiConfig(base_url=self.url, api_key=self.api_key)


@contextmanager
def start_simulator(
    state: Path,
    *,
    api_key: str = "vapi_test_key",
    server_url: str = "",
    server_secret: str = "",
    plain_secret: bool = False,
    seed: int | None = 1,
) -> Iterator[SimulatorProcess]:
    """Run the simulator on this state file until the block ends. Raises: RuntimeError if it cannot start."""
    options = {"--state": state, "--api-key": api_key, "--server-url": server_url, "--server-secret": server_secret}
    arguments = [f"{name}={value}" for name, value in options.items() if value]
    arguments += ["--retry-delay=0.05", *(["--plain-secret"] if plain_secret else [])]
    arguments += [f"--seed={seed}"] if seed is not None else []
    with running("dev.simulators.vapi", arguments) as (url, process):
        yield SimulatorProcess(url, api_key, process)
