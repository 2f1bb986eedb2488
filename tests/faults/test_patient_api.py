"""The patient API of the production server: requests made up from its description, and the example app."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.faults.harness import REPOSITORY, Stack, running_stack
from tests.faults.mirror_seed_data import TEAM_ID

pytestmark = pytest.mark.slow

# What ends the session or the account that the other calls need gets a token of its own: the list of devices tells
# which one is the caller's.
ENDING = (
    "/api/v1/auth/logout/",
    "/api/v1/auth/logout-all/",
    "/api/v1/auth/devices/{device_id}/",
    "/api/v1/me/erase/",
)
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)
# Made up for each operation, beside those that cover each rule of its parameters.
EXAMPLES = "30"


@dataclass
class Live:
    stack: Stack
    tokens: Iterator[str]
    var: Path
    last: str = ""

    def check(self, *options: str) -> str:
        """What schemathesis said at the end."""
        self.last = next(self.tokens)
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", str(REPOSITORY / "docs" / "openapi.yaml")),
            *("--url", self.stack.web, "--header", f"Authorization:Bearer {self.last}", "--checks", CHECKS),
            *("--seed", "7", "--no-color", "--continue-on-failure", "--generation-database", "none"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--warnings", "off", *options),
        ]
        # In a folder of its own: what it writes is not the repository's.
        done = subprocess.run(command, cwd=self.var, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        return done.stdout


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    var = tmp_path_factory.mktemp("var")
    with running_stack(tmp_path_factory.mktemp("live")) as stack:
        stack.env |= {"DJANGO_SETTINGS_MODULE": "tests.faults.live_settings", "TEST_VAR_DIR": str(var)}
        stack.control("POST", "teams", {"id": TEAM_ID, "name": "North"})
        seeded = json.loads(stack.module("tests.faults.live_seed").splitlines()[-1])
        stack.start("web", "worker", "bookings", "messages")
        yield Live(stack, iter(seeded["tokens"]), var)


def test_the_example_signs_in_books_moves_and_cancels(live: Live) -> None:
    example = REPOSITORY / "docs" / "examples" / "patient_app.py"
    command = [sys.executable, str(example), "+436605599999", "--base", live.stack.web]
    told = subprocess.run(
        [*command, "--doctor", "Dora", "--sms", str(live.var / "sms.jsonl")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    booked, moved, cancelled = told.stdout.splitlines()
    assert re.fullmatch(r"Booked Dora North at \S+\.", booked)
    assert re.fullmatch(r"Moved to \S+\.", moved)
    assert cancelled == "Now it is CANCELLED."
    assert live.stack.query("SELECT kind, state FROM booking_requests ORDER BY created_at") == [
        ("book", "done"),
        ("reschedule", "done"),
        ("cancel", "done"),
    ]


def test_no_made_up_request_meets_a_crash_or_an_answer_outside_the_description(live: Live) -> None:
    ending = [option for path in ENDING for option in ("--exclude-path", path)]
    said = live.check(*ending)
    print("\n".join(said.splitlines()[-25:]))
    # Nothing on the way signed the caller out: then all would have been 401.
    answer = requests.get(f"{live.stack.web}/api/v1/me/", headers={"Authorization": f"Bearer {live.last}"}, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ENDING)
def test_what_ends_a_session_answers_as_described(live: Live, path: str) -> None:
    live.check("--include-path", path)
