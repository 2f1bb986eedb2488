"""Outlives a killed supervisor by a moment, to end what did not end with it.

`Guardian` is the supervisor's side. The other is this file as a script, standard library only: each line it reads
names a process group to care for (`+123`) or to forget (`-123`); the end of its input is the supervisor's end. The
leash has by then told every program to stop, but a Celery worker that has just lost its broker was seen to hang in
its own shutdown, and what a program has started itself is on no leash at all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

GRACE_SECONDS = 4
POLL_SECONDS = 0.1


class Guardian:
    """Cares for process groups from outside; `lock` is held until all of them are gone."""

    def __init__(self, lock: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        self._tell(f"+{group}")

    def forget(self, group: int) -> None:
        self._tell(f"-{group}")

    def close(self) -> None:
        # Its input ends, and it with it: by now there is nobody left to care for.
        self._process.communicate()

    def _tell(self, line: str) -> None:
        assert self._process.stdin
        # Without a guardian the leashes still hold.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()


def is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    # Ctrl-C and a closed terminal are the supervisor's business.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line)
        if group > 0:
            groups.add(group)
        else:
            groups.discard(-group)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(map(is_alive, groups)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
