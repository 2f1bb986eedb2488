"""Wake-ups for the workers: a message that says "there is work", never what it is.

At most one of a kind per process and 200 ms, the last of a burst when the 200 ms are over; short socket time-outs; never
retried. A lost one costs the time until the next sweep.
"""

from __future__ import annotations

import threading
import time

import structlog
from celery import current_app
from django.conf import settings
from kombu import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 0.2
SOCKET_TIMEOUT_SECONDS = 0.1

_TASKS = {
    "process_webhooks": "integrations.sweep_webhooks",
    "run_booking_requests": "integrations.sweep_booking_requests",
    "push_schedules": "integrations.sweep_schedules",
    "send_sms": "integrations.sweep_sms",
}


class _Bell:
    """Rings for one kind of work."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._lock = threading.Lock()
        self._last = 0.0
        self._is_due = False
        self._connection: Connection | None = None

    def ring(self) -> None:
        with self._lock:
            pause = self._last + INTERVAL_SECONDS - time.monotonic()
            if pause > 0:
                if not self._is_due:
                    self._is_due = True
                    timer = threading.Timer(pause, self._ring_late)
                    timer.daemon = True
                    timer.start()
                return
            self._send()

    def _ring_late(self) -> None:
        with self._lock:
            self._is_due = False
            self._send()

    def _send(self) -> None:
        self._last = time.monotonic()
        try:
            if self._connection is None:
                self._connection = _short_tempered_connection()
            current_app.send_task(self._task, connection=self._connection, retry=False, ignore_result=True)
        except (KombuError, RedisError, OSError) as error:
            self._connection = None
            log.warning("wake_up.lost", task=self._task, error=type(error).__name__)


def _short_tempered_connection() -> Connection:
    return Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=SOCKET_TIMEOUT_SECONDS,
        transport_options={
            **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
            "socket_timeout": SOCKET_TIMEOUT_SECONDS,
            "socket_connect_timeout": SOCKET_TIMEOUT_SECONDS,
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0,
        },
    )


_bells = {name: _Bell(task) for name, task in _TASKS.items()}


def send(name: str) -> None:
    """Ring for one kind of work: a name in `_TASKS`."""
    _bells[name].ring()
