"""Beat after a clock that was ahead for a while."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery import Celery
from celery.beat import PersistentScheduler

from config.beat import SteadyScheduler
from tests.faults.harness import REPOSITORY

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SECONDS = {"soon": 5.0, "each_minute": 60.0, "each_hour": 3600.0}


def made(kind: type[PersistentScheduler], file: Path) -> tuple[Any, list[str]]:
    """A scheduler, and what it sends."""
    app = Celery("test", set_as_current=False)
    app.conf.beat_schedule = {name: {"task": name, "schedule": seconds} for name, seconds in SECONDS.items()}
    sent: list[str] = []

    class Told(kind):  # type: ignore[misc]  # Celery has no types
        producer = None

        def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **_: Any) -> None:
            sent.append(entry.name)

    return Told(app=app, schedule_filename=str(file)), sent


def run(scheduler: Any, sent: list[str], clock: time_machine.Traveller, seconds: int) -> list[str]:
    """What is sent in so many seconds, each name once."""
    sent.clear()
    for _ in range(seconds):
        while scheduler.tick() == 0:
            pass
        clock.shift(1)
    return sorted(set(sent))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_a_clock_that_was_an_hour_ahead_ends_no_sweep(tmp_path: Path, clock: time_machine.Traveller) -> None:
    scheduler, sent = made(SteadyScheduler, tmp_path / "schedule")
    run(scheduler, sent, clock, 70)
    clock.shift(HOUR)
    assert run(scheduler, sent, clock, 60) == ["each_hour", "each_minute", "soon"]
    clock.shift(-HOUR)
    assert run(scheduler, sent, clock, 3) == ["each_hour", "each_minute", "soon"]
    assert run(scheduler, sent, clock, 57) == ["soon"]
    assert run(scheduler, sent, clock, 60) == ["each_minute", "soon"]


def test_nor_does_one_that_was_ahead_when_beat_last_ran(tmp_path: Path, clock: time_machine.Traveller) -> None:
    scheduler, sent = made(SteadyScheduler, tmp_path / "schedule")
    clock.shift(HOUR)
    run(scheduler, sent, clock, 3700)
    scheduler.close()
    clock.move_to(NOW)
    restarted, sent = made(SteadyScheduler, tmp_path / "schedule")
    assert run(restarted, sent, clock, 3) == ["each_hour", "each_minute", "soon"]


def test_an_undisturbed_clock_is_followed(tmp_path: Path, clock: time_machine.Traveller) -> None:
    ours, sent = made(SteadyScheduler, tmp_path / "ours")
    run(ours, sent, clock, 300)
    counted = {name: sent.count(name) for name in SECONDS}
    clock.move_to(NOW)
    theirs, sent = made(PersistentScheduler, tmp_path / "theirs")
    run(theirs, sent, clock, 300)
    assert counted == {name: sent.count(name) for name in SECONDS}


def test_a_crash_of_beat_is_logged_as_events() -> None:
    command = [sys.executable, "-m", "celery", "-A", "config", "beat", "--schedule", "/nonexistent/s", "--pidfile="]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.faults.json_log_settings"}
    done = subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False)
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    (crashed,) = (event for event in events if event["event"] == "crashed")
    assert crashed["exception"].startswith("Traceback (most recent call last):\n")
