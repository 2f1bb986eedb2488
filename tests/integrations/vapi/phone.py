"""A simulated Vapi to call from, and the samples of what the real one sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.simulators.vapi.process import SimulatorProcess

SAMPLES = Path(__file__).resolve().parents[3].parent / "shared" / "contracts" / "vapi"
DEADLINE_SECONDS = 20

needs_samples = pytest.mark.skipif(
    not SAMPLES.exists(), reason="the vendor's description of its messages is not beside this checkout"
)


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return found


def control(simulator: SimulatorProcess, method: str, path: str, body: Any = None) -> Any:
    """One call of the control surface, which must succeed."""
    url = f"{simulator.url}/_simulator/{path}"
    response = requests.request(method, url, json=body, timeout=DEADLINE_SECONDS)
    assert response.ok, response.text
    return response.json()


def next_call(simulator: SimulatorProcess, match: str, do: str, **more: Any) -> None:
    """Make the next call that matches go wrong."""
    control(simulator, "PUT", "faults", {"next": [{"match": match, "do": do, **more}]})
