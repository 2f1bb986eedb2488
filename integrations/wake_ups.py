"""Sends the wake-ups that `core.wake_ups` paces: a Celery message that says "look", with short socket time-outs."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from kombu.connection import Connection
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core.request_ids import current_request_id

log = structlog.get_logger(__name__)

SOCKET_TIMEOUT_SECONDS = 0.1


class _Line:
    """One connection to the broker for all threads of the process: wake-ups are rare and small."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None

    def send(self, task: str) -> None:
        with self._lock:
            try:
                request_id = current_request_id()
                headers = {"request_id": request_id} if request_id else {}
                self._connection = self._connection or _short_tempered_connection()
                current_app.send_task(
                    task, connection=self._connection, retry=False, ignore_result=True, headers=headers
                )
            except (KombuError, RedisError, OSError) as error:
                self._connection = None
                log.warning("wake_up.lost", task=task, error=type(error).__name__)


def _short_tempered_connection() -> Any:
    return Connection(  # type: ignore[no-untyped-call]
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


_line = _Line()


def send(name: str) -> None:
    """Wake the worker for one kind of work, the name of a task in `integrations.tasks`, without waiting for the broker.

    The thread is no daemon: a command that ends at once still says what it has to say.
    """
    # The id of the request goes along, and its trace.
    run = contextvars.copy_context().run
    threading.Thread(target=run, args=(_line.send, f"integrations.{name}"), name=f"wake-{name}").start()
