from __future__ import annotations

import datetime as dt
import time

import pytest
import time_machine
from django.db import connection

from config.heartbeats import Process, Pulse, ended, processes, seen
from config.models import Heartbeat

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)

pytestmark = pytest.mark.django_db(transaction=True)


def set_back(node: str, by: dt.timedelta) -> None:
    """As if the last heartbeat was so long ago; the database's clock itself cannot be turned."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE heartbeats SET seen_at = now() - %s::interval WHERE node = %s", [str(by), node])


def names() -> list[tuple[str, tuple[str, ...], bool]]:
    return [(one.node, one.serves, one.is_alive) for one in processes()]


def test_a_process_has_one_row_until_it_ends() -> None:
    seen("celery@a", ["celery"])
    seen("bookings@a", ["bookings"])
    seen("celery@a", ["celery", "chats"])
    assert names() == [("bookings@a", ("bookings",), True), ("celery@a", ("celery", "chats"), True)]
    ended("celery@a")
    assert names() == [("bookings@a", ("bookings",), True)]


@pytest.mark.parametrize(
    ("ago", "alive"), [(0 * MINUTE, True), (MINUTE / 2, True), (MINUTE, False), (-MINUTE, False), (-60 * MINUTE, False)]
)
def test_one_that_is_silent_or_ahead_of_the_clock_is_not_alive(ago: dt.timedelta, alive: bool) -> None:
    assert Process("celery@a", ("celery",), ago).is_alive is alive


def test_a_row_from_before_the_clock_was_set_back_has_a_negative_age_until_the_next_heartbeat() -> None:
    seen("celery@a", ["celery"])
    set_back("celery@a", -10 * MINUTE)
    (process,) = processes()
    assert dt.timedelta(minutes=-10) < process.age < dt.timedelta(minutes=-9)
    seen("celery@a", ["celery"])
    assert names() == [("celery@a", ("celery",), True)]


def test_the_clock_of_a_machine_plays_no_part() -> None:
    with time_machine.travel(NOW, tick=False):
        seen("celery@a", ["celery"])
    assert names() == [("celery@a", ("celery",), True)]


def test_killed_processes_are_forgotten_after_an_hour() -> None:
    for node in ("old@a", "ahead@a", "late@a", "celery@a"):
        seen(node, ["celery"])
    set_back("old@a", 61 * MINUTE)
    set_back("ahead@a", -61 * MINUTE)
    set_back("late@a", 59 * MINUTE)
    set_back("celery@a", 61 * MINUTE)
    seen("celery@a", ["celery"])
    assert names() == [("celery@a", ("celery",), True), ("late@a", ("celery",), False)]


def test_a_database_that_is_away_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", 1)
    seen("celery@a", ["celery"])
    ended("celery@a")
    monkeypatch.undo()
    assert not Heartbeat.objects.exists()


def test_a_pulse_beats_at_most_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pulse = Pulse("beat@a", ["beat"])
    for seconds, written in ((0.0, True), (14.9, False), (15.0, True)):
        now = 100.0 + seconds
        Heartbeat.objects.all().delete()
        pulse.beat()
        assert Heartbeat.objects.exists() is written
    pulse.end()
    assert not Heartbeat.objects.exists()
