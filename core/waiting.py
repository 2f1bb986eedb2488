"""Waiting in a request for what a worker does, holding no database connection meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import connection

FIRST_POLL_SECONDS = 0.02
SLOWEST_POLL_SECONDS = 0.2

T = TypeVar("T")

# At most a quarter of a process's threads wait at once, whatever for, so that waiting never starves the rest.
_waiting = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 4))


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
