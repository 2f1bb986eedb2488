"""How the tour speaks: each step says what it does and what it saw, and stops at the first thing that is not so."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.2


class NotSo(Exception):
    """What the tour expected and did not see; the message is for people."""


def step(title: str) -> None:
    sys.stdout.write(f"\n{title}\n")
    sys.stdout.flush()


def saw(what: str) -> None:
    sys.stdout.write(f"  - {what}\n")
    sys.stdout.flush()


def check(is_so: bool, otherwise: str) -> None:
    """Raises: NotSo."""
    if not is_so:
        raise NotSo(otherwise)


def eventually(look: Callable[[], T | None], *, seconds: float, otherwise: str) -> T:
    """What `look` finds, as soon as it finds it: for what workers do. Raises: NotSo when the time is up."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise NotSo(f"{otherwise} (waited {seconds:.0f} s)")
        time.sleep(POLL_SECONDS)
    return found
