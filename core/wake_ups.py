"""Wake-ups: telling a worker that there is work in the database.

The database is the queue and sweeps find what a lost wake-up leaves, so a wake-up may be dropped, merged or late. It
is sent after commit, at most once per name, process and `PERIOD_SECONDS`; one asked for sooner goes out at the end of
that period, so that work committed meanwhile need not wait for a sweep. A request may then wait for what the worker
does (`wait_until`): a quarter of the threads at most, with their connections back in the pool between two looks.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)
PERIOD_SECONDS = 0.2
FIRST_POLL_SECONDS = 0.02
SLOWEST_POLL_SECONDS = 0.2
T = TypeVar("T")
# At most a quarter of a process's threads wait at once, whatever for, so that waiting never starves the rest.
_waiting = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 4))


def wake(name: str) -> None:
    """Wake the worker that does `name` (`send_sms`, `run_booking_requests`, ...) when this transaction commits."""
    transaction.on_commit(lambda: _pacer.ask(name), robust=True)


def none(name: str) -> None:
    """For `WAKE_UP` where nobody is to be woken."""


class Pacer:
    """Merges wake-ups of one name. `later(seconds, callable)` runs the callable after so many seconds."""

    def __init__(
        self,
        *,
        send: Callable[[str], None],
        later: Callable[[float, Callable[[], None]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._later = later
        self._clock = clock
        self._lock = threading.Lock()
        self._next_at: dict[str, float] = {}
        self._waiting: set[str] = set()

    def ask(self, name: str) -> None:
        with self._lock:
            if name in self._waiting:
                return
            wait = self._next_at.get(name, 0.0) - self._clock()
            if wait > 0:
                self._waiting.add(name)
            else:
                self._next_at[name] = self._clock() + PERIOD_SECONDS
        if wait > 0:
            self._later(wait, lambda: self._send_waiting(name))
        else:
            self._send(name)

    def _send_waiting(self, name: str) -> None:
        with self._lock:
            self._waiting.discard(name)
            self._next_at[name] = self._clock() + PERIOD_SECONDS
        self._send(name)


def _send_now(name: str) -> None:
    try:
        import_string(settings.WAKE_UP)(name)
    except Exception as error:  # the edge: whatever the broker raises, the sweep finds the work
        log.warning("wake_up.failed", name=name, error=type(error).__name__)


def _run_later(seconds: float, call: Callable[[], None]) -> None:
    # With the context of who asked, and so the id of their request.
    timer = threading.Timer(seconds, contextvars.copy_context().run, (call,))
    timer.daemon = True
    timer.start()


_pacer = Pacer(send=_send_now, later=_run_later)


def wait_until(settled: Callable[[T], bool], *, look: Callable[[], T], seconds: float) -> T:
    """Look until it is settled or the time is up; what was seen last. Once only where too many wait already."""
    if not _waiting.acquire(blocking=False):
        return look()
    try:
        deadline = time.monotonic() + seconds
        pause = FIRST_POLL_SECONDS
        while True:
            seen = look()
            if settled(seen) or time.monotonic() + pause > deadline:
                return seen
            if not connection.in_atomic_block:
                connection.close()
            time.sleep(pause)
            pause = min(pause * 1.5, SLOWEST_POLL_SECONDS)
    finally:
        _waiting.release()
