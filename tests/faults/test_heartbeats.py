"""Heartbeats of real processes: they come while it works, end with it, and stay behind it when it is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from socket import gethostname

import pytest

from dev.embedded.server import leashed
from tests.faults.harness import REPOSITORY, Stack, running_stack, until

pytestmark = pytest.mark.slow


def alive(stack: Stack) -> dict[str, list[str]]:
    return dict(stack.query("SELECT node, serves FROM heartbeats"))


def start_beat(stack: Stack, directory: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "config", "beat", "--schedule", str(directory / "s"), "--pidfile="]
    with (directory / "beat.log").open("ab") as log:
        leash = leashed(command, farewell=signal.SIGTERM)
        return subprocess.Popen(leash, cwd=REPOSITORY, env=stack.env, stdout=log, stderr=log)


def test_workers_and_beat_are_seen_and_sign_off(tmp_path: Path) -> None:
    here = gethostname()
    with running_stack(tmp_path, "worker", "bookings") as stack:
        until(lambda: len(alive(stack)) == 2)
        assert alive(stack) == {f"celery@{here}": ["celery"], f"bookings@{here}": ["bookings"]}
        beat = start_beat(stack, tmp_path)
        until(lambda: alive(stack).get(f"beat@{here}") == ["beat"])
        beat.terminate()
        beat.wait(timeout=60)
        assert f"beat@{here}" not in alive(stack)

        stack.kill("bookings")
        assert f"bookings@{here}" in alive(stack)
        worker = stack.programs.pop("worker")
        worker.terminate()
        worker.wait(timeout=60)
        assert alive(stack) == {f"bookings@{here}": ["bookings"]}
