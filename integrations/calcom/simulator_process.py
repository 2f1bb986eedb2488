"""Running the simulator as a process: for tests and for the development stack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .connection import CalcomConfig

READY = "ready "
STOP_TIMEOUT_SECONDS = 5
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
    command = [sys.executable, "-m", "integrations.calcom.simulator", *arguments]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
    try:
        yield SimulatorProcess(_ready_url(process), api_key, org_id, process)
    finally:
        _stop(process)


def _ready_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line.startswith(READY):
        raise RuntimeError(f"the Cal.com simulator ended with code {process.wait()}")
    return line.removeprefix(READY)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
