"""The programs of a stack, as data, and one that runs; and what can be told before any of them is started."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from dev.embedded.server import kill_group, leashed
from dev.stack.guardian import Guardian
from dev.stack.output import Console, Output

POLL_SECONDS = 0.05
# A fresh database with demo data takes about 150 MB.
NEEDED_BYTES = 500_000_000
PROBE_SECONDS = 3
DEFAULT_PORTS = {"DATABASE_URL": 5432, "REDIS_URL": 6379}


class StackProblem(Exception):
    """The stack could not start or go on; the message is for people."""


@dataclass(frozen=True, slots=True)
class Child:
    """A program that runs until stopped; ready when its output held `ready_text` and `is_ready` says so."""

    name: str
    command: Sequence[str]
    ready_text: str = ""
    is_ready: Callable[[], bool] | None = None
    ready_seconds: float = 60
    stop_signal: signal.Signals = signal.SIGTERM
    # What the kernel sends should we be killed: nobody is left then to lose patience with a slow farewell.
    farewell: signal.Signals = signal.SIGTERM
    # A pattern of lines that only the log file gets.
    routine: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A program that runs to its end before the next starts; its output is shown."""

    name: str
    command: Sequence[str]
    ready_text: ClassVar[str] = ""
    farewell: ClassVar[signal.Signals] = signal.SIGTERM
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    routine: ClassVar[str] = r"\[(info|debug) "


# Members of one stage start together and stop together.
Stage = Task | tuple[Child, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all programs of a stack share."""

    root: Path
    log_dir: Path
    env: Mapping[str, str]
    lock: int
    guardian: Guardian
    console: Console


class Running:
    """A started program."""

    def __init__(self, program: Child | Task, surroundings: Surroundings) -> None:
        self.program = program
        self.process = subprocess.Popen(
            leashed(program.command, farewell=program.farewell),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=surroundings.env,
            cwd=surroundings.root,
            pass_fds=(surroundings.lock,),
            start_new_session=True,
        )
        self._guardian = surroundings.guardian
        self._guardian.watch(self.process.pid)
        assert self.process.stdout
        self.output = Output(
            program.name,
            self.process.stdout,
            log=surroundings.log_dir / f"{program.name}.log",
            console=surroundings.console,
            shown=isinstance(program, Task),
            awaited=program.ready_text,
            routine=program.routine,
        )

    def wait_ready(self, others: Sequence[Running]) -> None:
        """Raises: StackProblem when this or any other program ends, or the time is up."""
        child = self.program
        assert isinstance(child, Child)
        deadline = time.monotonic() + child.ready_seconds
        while not self._is_ready(child):
            for running in (self, *others):
                running.check_alive()
            if time.monotonic() > deadline:
                raise StackProblem(self._report(f"was not ready after {child.ready_seconds:.0f} s"))
            time.sleep(POLL_SECONDS)

    def wait_done(self, others: Sequence[Running]) -> None:
        """Raises: StackProblem when the task fails or any other program ends."""
        while (code := self.process.poll()) is None:
            for running in others:
                running.check_alive()
            time.sleep(POLL_SECONDS)
        if code:
            raise StackProblem(self._report(f"failed ({_ending(code)})", repeat_output=False))

    def check_alive(self) -> None:
        """Raises: StackProblem"""
        code = self.process.poll()
        if code is not None:
            raise StackProblem(self._report(f"ended ({_ending(code)})"))

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.program.stop_signal)

    def kill(self) -> None:
        """The group too, when the program itself has ended: what it started may have survived it."""
        kill_group(self.process)
        self._guardian.forget(self.process.pid)

    def _is_ready(self, child: Child) -> bool:
        heard = not child.ready_text or self.output.saw_awaited.is_set()
        return heard and (child.is_ready is None or child.is_ready())

    def _report(self, what: str, *, repeat_output: bool = True) -> str:
        tail = self.output.tail()
        if any("No space left on device" in line for line in tail):
            return f"{self.program.name} {what}: the disk is full."
        lines = [f"{self.program.name} {what}. Its log: {self.output.log}"]
        if repeat_output:
            lines += [f"  {line}" for line in tail]
        return "\n".join(lines)


def _ending(code: int) -> str:
    return f"by signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def check_disk(directory: Path) -> None:
    """Raises: StackProblem"""
    free = shutil.disk_usage(directory).free
    if free < NEEDED_BYTES:
        raise StackProblem(
            f"the disk that holds {directory} has {free // 1_000_000} MB left; "
            f"Wardbook needs {NEEDED_BYTES // 1_000_000} MB"
        )


def check_given_servers(env: Mapping[str, str]) -> None:
    """Ask the servers that the environment names for a connection. Raises: StackProblem."""
    for name, default_port in DEFAULT_PORTS.items():
        try:
            parts = urlsplit(env.get(name, ""))
            host, port = parts.hostname, parts.port or default_port
        except ValueError:
            continue  # the settings say what is wrong with it
        if host:
            _check_answers(name, host, port)


def _check_answers(name: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), PROBE_SECONDS).close()
    except ConnectionRefusedError:
        raise StackProblem(f"{name}: {host}:{port} refused the connection. Hint: is the server running?") from None
    except socket.gaierror:
        raise StackProblem(f"{name}: there is no host {host}") from None
    except OSError as problem:
        raise StackProblem(f"{name}: {host}:{port} does not answer ({problem})") from None


def answers_as(instance: str, url: str) -> bool:
    """Whether our own server answers with 200. Raises: StackProblem, where another one does."""
    try:
        with _opener().open(url, timeout=PROBE_SECONDS) as response:
            answering = response.headers.get("X-Instance")
    except OSError:
        return False
    if answering != instance:
        raise StackProblem(f"another program answers at {url}. Hint: end it, or start again for another port")
    return True


def answers_ok(url: str) -> bool:
    try:
        with _opener().open(url, timeout=PROBE_SECONDS) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _opener() -> urllib.request.OpenerDirector:
    # Proxies that the environment names are not for loopback.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
