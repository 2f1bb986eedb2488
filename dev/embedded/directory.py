"""One owner per data directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from dev.embedded.server import ServerProblem

# A killed owner's server is still writing its last checkpoint.
WAIT_FOR_REMAINS_SECONDS = 20
# A killed owner looks alive until its parent has noticed.
WAIT_FOR_OWNER_SECONDS = 2
POLL_SECONDS = 0.1


@contextlib.contextmanager
def claimed(data_dir: Path) -> Iterator[int]:
    """Hold the directory's lock; yields the descriptor, which the server must inherit.

    The lock belongs to the open file, so it lasts until we AND the server (all of its processes) are gone.
    Whoever gets it knows that nothing runs on this directory, whatever a pid file left behind says.
    Raises: ServerProblem
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, data_dir)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def is_claimed(data_dir: Path) -> bool:
    try:
        descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock(descriptor: int, data_dir: Path) -> None:
    began = time.monotonic()
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - began
            owner = os.pread(descriptor, 20, 0).decode()
            if waited > WAIT_FOR_OWNER_SECONDS and _is_running(owner):
                raise ServerProblem(f"{data_dir} is in use by process {owner}: is Wardbook running already?") from None
            if waited > WAIT_FOR_REMAINS_SECONDS:
                raise ServerProblem(f"a server of an earlier run still uses {data_dir} and does not end") from None
        time.sleep(POLL_SECONDS)


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
