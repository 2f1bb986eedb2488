"""A wake-up, its task and its beat entry bear one name."""

from __future__ import annotations

import re
from pathlib import Path

from celery import current_app
from django.conf import settings

from integrations import tasks

APPS = ("accounts", "hospitals", "clinical", "integrations")


def _registered() -> set[str]:
    prefix = f"{tasks.__name__.partition('.')[0]}."
    return {name.removeprefix(prefix) for name in current_app.tasks if name.startswith(prefix)}


def test_beat_sends_each_task_under_its_name() -> None:
    entries = {name: entry["task"] for name, entry in settings.CELERY_BEAT_SCHEDULE.items()}
    assert entries == {name: f"integrations.{name}" for name in _registered()}


def test_whatever_is_woken_is_a_task() -> None:
    root = Path(settings.BASE_DIR)
    sources = [path.read_text() for app in APPS for path in (root / app).rglob("*.py")]
    woken = {name for source in sources for name in re.findall(r'\bwake\("(\w+)"\)', source)}
    assert woken - _registered() == set()
    assert "run_booking_requests" in woken


def test_the_queues_that_patients_wait_for_have_their_tasks() -> None:
    assert settings.CELERY_TASK_ROUTES == {
        "integrations.run_booking_requests": {"queue": "bookings"},
        "integrations.answer_messages": {"queue": "chats"},
        "integrations.send_sms": {"queue": "messages"},
    }
    assert {name.partition(".")[2] for name in settings.CELERY_TASK_ROUTES} <= _registered()
