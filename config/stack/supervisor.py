"""Starts a plan's stages in order, watches, and stops them in reverse."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from config.embedded.server import Server
from config.stack.children import Running, Stage, Surroundings, Task

WATCH_SECONDS = 0.2
# A worker ends its task in this time; the servers below need the rest of the ten seconds that people wait for
# Ctrl-C.
STOP_SECONDS = 7

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """A signal asked us to stop; raised wherever we are, so every `with` on the way ends what it began."""


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within it the first signal raises StopAsked; later ones do nothing: stopping has its own limit."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise StopAsked

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def running(stages: Sequence[Stage], surroundings: Surroundings) -> Iterator[list[Running]]:
    """Start all stages, each ready before the next; yields what runs. All of it has ended when this ends.

    Raises: StackProblem
    """
    started: list[list[Running]] = []
    try:
        for stage in stages:
            everyone = [program for programs in started for program in programs]
            if isinstance(stage, Task):
                started.append([Running(stage, surroundings)])
                started[-1][0].wait_done(everyone)
                started.pop()[0].kill()
            else:
                surroundings.console.say(f"Starting {', '.join(child.name for child in stage)} ..")
                started.append([])
                for child in stage:
                    started[-1].append(Running(child, surroundings))
                for program in started[-1]:
                    program.wait_ready(everyone + started[-1])
        yield [program for programs in started for program in programs]
    finally:
        for programs in reversed(started):
            stop(programs)


def watch(programs: Sequence[Running], servers: Sequence[Server]) -> None:
    """Return never; raises StackProblem when one of them ends."""
    while True:
        for program in programs:
            program.check_alive()
        for server in servers:
            server.check_alive()
        time.sleep(WATCH_SECONDS)


def stop(programs: Sequence[Running], seconds: float = STOP_SECONDS) -> None:
    for program in programs:
        program.ask_to_stop()
    deadline = time.monotonic() + seconds
    wait_for(lambda: all(program.process.poll() is not None for program in programs), until=deadline)
    for program in programs:
        program.kill()


def wait_for(happened: Callable[[], bool], *, until: float) -> None:
    while not happened() and time.monotonic() < until:
        time.sleep(0.05)
