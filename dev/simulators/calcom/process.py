"""Running the simulator as a process: for tests and for the development stack."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.simulators.server import running
from integrations.calcom.api.config import CalcomConfig

# Tests make more than Cal.com's 120 calls a minute; those of the limit itself ask for it.
GENEROUS_RATE_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class SimulatorProcess:
    """A simulator that accepts calls at `url`."""

    url: str
    api_key: str
    org_id: int
    process: subprocess.Popen[str]

    @property
    def config(self) -> CalcomConfig:
        return CalcomConfig(base_url=self.url, api_key=self.api_key, org_id=self.org_id)

    def kill(self) -> None:
        """End it without warning, as a crash would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def start_simulator(
    state: Path,
    *,
    port: int = 0,
    api_key: str = "cal_test_key",
    org_id: int = 1,
    rate_limit: int = GENEROUS_RATE_LIMIT,
    retry_delay: float = 0.05,
    seed: int | None = 1,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
) -> Iterator[SimulatorProcess]:
    """Run the simulator on this state file until the block ends. Raises: RuntimeError if it cannot start."""
    options: dict[str, object] = {
        "--port": port,
        "--state": state,
        "--api-key": api_key,
        "--org-id": org_id,
        "--rate-limit": rate_limit,
        "--retry-delay": retry_delay,
        "--seed": seed,
        "--webhook-url": webhook_url,
        "--webhook-secret": webhook_secret,
    }
    arguments = [f"{name}={value}" for name, value in options.items() if value is not None]
    with running("dev.simulators.calcom", arguments) as (url, process):
        yield SimulatorProcess(url, api_key, org_id, process)
