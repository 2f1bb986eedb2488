"""Clients generated from the API's description: a patient's life is lived through two, two more are looked at."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dev import node_tools
from tests.api.described import description
from tests.clients.generated import generated
from tests.faults.harness import Stack, running_stack
from tests.faults.mirror_seed_data import TEAM_ID

HERE = Path(__file__).resolve().parent
IN_CI = bool(os.environ.get("CI"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("java") and not IN_CI, reason="There is no Java on this machine."),
]
needs_node = pytest.mark.skipif(not node_tools.has_npm(), reason="There is no npm on this machine.")
# As both say it.
LIFE = [
    ["signed in", False, False],
    ["born", "1990-02-28", None],
    ["doctor", "Dora North", True],
    ["booking", "pending"],
    ["waiting", ["book"]],
    ["booked", "SCHEDULED", True],
    ["sent again", True],
    ["moved", True, True],
    ["cancelled", "CANCELLED"],
    ["listed", [True], None],
    ["refused", 409, "visit_not_open"],
    ["prescriptions", ["PENDING"]],
    ["emergency", "done", True],
    ["message", "pending", "pending"],
    ["devices", [True]],
    ["signed out", 401, "invalid_token"],
]
# The lists of values that do not grow.
CLOSED = {"AiSessionSource", "AppointmentStatus", "ErasureState", "OutcomeStatus", "PrescriptionStatus", "SlotSource"}


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def stack(var: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("clients")) as stack:
        stack.env |= {"DJANGO_SETTINGS_MODULE": "tests.clients.settings", "TEST_VAR_DIR": str(var)}
        stack.control("POST", "teams", {"id": TEAM_ID, "name": "North"})
        stack.module("tests.faults.live_seed")
        stack.start("web", "messages")
        yield stack


@pytest.fixture(scope="module")
def phones(stack: Stack) -> Iterator[str]:
    """Of patients who have a prescription."""
    rows = stack.query("SELECT phone FROM users WHERE id IN (SELECT patient_id FROM prescriptions) ORDER BY phone")
    return iter([f"+{phone}" for (phone,) in rows])


def live(stack: Stack, command: Sequence[str | Path], env: dict[str, str] | None = None) -> list[object]:
    """What the program said. The calendar's worker comes once a booking is pending."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | (env or {})) as program:
        assert program.stdout is not None
        said = []
        for line in program.stdout:
            said.append(json.loads(line))
            if said[-1] == ["waiting", ["book"]]:
                stack.start("bookings")
    if "bookings" in stack.programs:
        stack.kill("bookings")
    assert program.returncode == 0, said
    return said


def test_a_life_through_the_python_client(stack: Stack, phones: Iterator[str], var: Path) -> None:
    client = generated("python")
    command: list[str | Path] = [sys.executable, HERE / "life.py", stack.web, next(phones), var / "sms.jsonl"]
    assert live(stack, command, {"PYTHONPATH": str(client)}) == LIFE


@needs_node
def test_a_life_through_the_typescript_client(stack: Stack, phones: Iterator[str], var: Path, tmp_path: Path) -> None:
    shutil.copytree(generated("typescript-fetch"), tmp_path / "client")
    shutil.copy(HERE / "life.ts", tmp_path)
    options = ("--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "commonjs")
    compiled = subprocess.run(
        [node_tools.installed() / "tsc", *options, "--outDir", tmp_path / "js", tmp_path / "life.ts"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stdout
    command: list[str | Path] = ["node", tmp_path / "js" / "life.js", stack.web, next(phones), var / "sms.jsonl"]
    assert live(stack, command) == LIFE


@pytest.mark.parametrize(
    ("language", "function", "enum", "outcome"),
    [
        ("kotlin", r"fun (\w+)\(", r"^enum class (\w+)\(", r"fun bookAppointment\([^)]*\) ?: BookingOutcome"),
        ("swift6", r"func (\w+)\(", r"^public enum (\w+): String", r"func bookAppointment\([^{]*-> BookingOutcome"),
    ],
)
def test_phones_get_every_call_by_its_name_and_no_closed_list_that_may_grow(
    language: str, function: str, enum: str, outcome: str
) -> None:
    client = generated(language, "--additional-properties=enumUnknownDefaultCase=true")
    code = "\n".join(path.read_text() for suffix in ("kt", "swift") for path in sorted(client.rglob(f"*.{suffix}")))
    calls = {one["operationId"] for path in description()["paths"].values() for one in path.values()}
    assert calls - set(re.findall(function, code)) == set()
    assert {name for name in re.findall(enum, code, re.M) if name in description()["components"]["schemas"]} == CLOSED
    assert re.search(outcome, code)
    # Of the closed lists too, a value that came later is no crash.
    assert len(re.findall(r"unknown_?default_?open_?api", code, re.I)) >= len(CLOSED)
