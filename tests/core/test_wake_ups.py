from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from structlog.testing import capture_logs

from core.wake_ups import PERIOD_SECONDS, Pacer, wake

received: list[str] = []


class Scene:
    """A pacer with a clock that is set by hand, and timers that ring when told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[str] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.pacer = Pacer(send=self.sent.append, later=self._later, clock=lambda: self.now)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self.timers.append((round(seconds, 3), call))


def test_a_burst_is_one_message_now_and_one_at_the_end_of_the_period() -> None:
    scene = Scene()
    for _ in range(50):
        scene.pacer.ask("send_sms")
        scene.now += 0.001
    assert scene.sent == ["send_sms"]
    assert [seconds for seconds, _ in scene.timers] == [round(PERIOD_SECONDS - 0.001, 3)]
    scene.now += PERIOD_SECONDS
    scene.timers.pop()[1]()
    assert scene.sent == ["send_sms", "send_sms"]


def test_names_do_not_hold_each_other_up() -> None:
    scene = Scene()
    scene.pacer.ask("send_sms")
    scene.pacer.ask("push_schedules")
    assert (scene.sent, scene.timers) == (["send_sms", "push_schedules"], [])


def test_after_the_period_a_message_goes_out_at_once() -> None:
    scene = Scene()
    scene.pacer.ask("send_sms")
    scene.now += PERIOD_SECONDS + 0.001
    scene.pacer.ask("send_sms")
    assert (len(scene.sent), scene.timers) == (2, [])


def remember(name: str) -> None:
    received.append(name)


def fail(name: str) -> None:
    raise ConnectionError("no broker at secret-host")


@pytest.mark.django_db
def test_a_wake_up_is_sent_after_commit(
    settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.WAKE_UP = f"{__name__}.remember"
    received.clear()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        wake("after_commit")
        assert received == []
    assert received == ["after_commit"]


@pytest.mark.django_db
def test_a_failing_wake_up_is_only_logged(
    settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.WAKE_UP = f"{__name__}.fail"
    with capture_logs() as logs, django_capture_on_commit_callbacks(execute=True):
        wake("that_fails")
    assert logs == [
        {"event": "wake_up.failed", "log_level": "warning", "name": "that_fails", "error": "ConnectionError"}
    ]
