"""What the children say: to the console with their name before it, and to a log file each."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from collections import deque
from pathlib import Path
from typing import IO

NAME_WIDTH = 8
TAIL_LINES = 20
TRACE_START = "Traceback (most recent call last):"
# Frames, their source lines and markers are indented; the exception that follows is not.
TRACE_BODY = re.compile(r"\s|$")
TRACE_JOINT = re.compile(r"During handling of the above exception|The above exception was the direct cause")
NOTHING = r"(?!)"


class Console:
    """The terminal. Quiet until the stack is ready: starting programs chatter, and log files have it all."""

    def __init__(self) -> None:
        self.is_live = False
        self._lock = threading.Lock()

    def say(self, line: str = "") -> None:
        # A closed pipe or a full disk behind it must not stop the stack.
        with self._lock, contextlib.suppress(OSError, ValueError):
            print(line, flush=True)

    def fail(self, message: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            print(message, file=sys.stderr, flush=True)

    def relay(self, name: str, line: str) -> None:
        self.say(f"{name:<{NAME_WIDTH}}| {line}")


class TraceFilter:
    """Lets through what is not a stack trace, and of a trace only its last line: the exception."""

    def __init__(self) -> None:
        self._inside = False

    def passes(self, line: str) -> bool:
        if line.rstrip().endswith(TRACE_START) or TRACE_JOINT.match(line):
            self._inside = True
            return False
        if self._inside and TRACE_BODY.match(line):
            return False
        self._inside = False
        return True


class Output:
    """Reads one child's output in a thread, from start to end of file."""

    def __init__(
        self,
        name: str,
        stream: IO[bytes],
        *,
        log: Path,
        console: Console,
        shown: bool,
        awaited: str = "",
        routine: str = "",
    ) -> None:
        self.log = log
        self.saw_awaited = threading.Event()
        self._name, self._stream, self._console = name, stream, console
        self._shown, self._awaited = shown, awaited
        self._routine = re.compile(routine or NOTHING)
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._filter = TraceFilter()
        self._thread = threading.Thread(target=self._read, daemon=True, name=f"output-{name}")
        self._thread.start()

    def tail(self) -> list[str]:
        """The last lines, once the child has ended; its grandchildren may hold the stream open for longer."""
        self._thread.join(timeout=1)
        return list(self._tail)

    def _read(self) -> None:
        with contextlib.ExitStack() as opened:
            log: IO[bytes] | None = None
            with contextlib.suppress(OSError):
                log = opened.enter_context(self.log.open("wb", buffering=0))
            for raw in self._stream:
                if log:
                    with contextlib.suppress(OSError):
                        log.write(raw)
                self._take(raw.decode(errors="replace").rstrip())

    def _take(self, line: str) -> None:
        passes = self._filter.passes(line)
        if passes and line:
            self._tail.append(line)
        if self._awaited and self._awaited in line:
            self.saw_awaited.set()
        shown = self._console.is_live or (self._shown and passes)
        if shown and not self._routine.search(line):
            self._console.relay(self._name, line)
