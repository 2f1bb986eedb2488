"""A server process of ours: started on the leash, waited for, stopped; with one owner for each data directory.

PostgreSQL and Valkey come from Python packages, for development and tests: neither touches anything outside the
directory it is given, listens beyond loopback, or outlives the process that started it. Production uses neither.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the range from which Linux (32768) and macOS (49152) hand out outgoing ports: between our asking and
# the server's binding, somebody's outgoing connection cannot take the port.
RANDOM_PORTS = range(20_000, 32_000)
LEASH = Path(__file__).with_name("leash.py")
POLL_SECONDS = 0.02
PORT_ATTEMPTS = 3
LOG_LINES_SHOWN = 20
FULL_DISK_BYTES = 1_000_000
# A killed owner's server is still writing its last checkpoint.
WAIT_FOR_REMAINS_SECONDS = 20
# A killed owner looks alive until its parent has noticed.
WAIT_FOR_OWNER_SECONDS = 2
LOCK_POLL_SECONDS = 0.1


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """The preferred port if nobody has it, else one of the next hundred, else any."""
    nearby = range(preferred, min(preferred + 100, 65_536)) if preferred else range(0)
    candidates: list[int] = [*nearby, *random.sample(RANDOM_PORTS, 200)]
    for port in candidates:
        if is_free(port):
            return port
    raise OSError("no free port on 127.0.0.1")


@contextlib.contextmanager
def held_port(preferred: int) -> Iterator[int]:
    """Hold a free port, the preferred one if nobody has it: no probe of `is_free` passes while it is held.

    Only a server that binds with SO_REUSEPORT, as granian does, can still take it: connections go to whoever
    listens, and the held socket never does.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        port = preferred
        while True:
            port = free_port(port)
            with contextlib.suppress(OSError):
                _take(port, holder)
                break
            port += 1
        yield port


def _take(port: int, holder: socket.socket) -> None:
    """Bind the holder. Of two that try at once only one can listen, and so get so far. Raises: OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as first:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        first.bind((LOOPBACK, port))
        first.listen()
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((LOOPBACK, port))


class ServerProblem(Exception):
    """A server could not start or stopped; the message is for people."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `stop_signals` are sent in turn, a grace period apart; then its group is killed."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signals: tuple[signal.Signals, ...]
    grace_seconds: float = 5

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Raises: ServerProblem when the process ends or the time is up, with the end of its log."""
        deadline = time.monotonic() + seconds
        try:
            while not ready():
                if self.process.poll() is not None:
                    raise ServerProblem(f"{self.name} did not start: {log_end(self.log)}")
                if time.monotonic() > deadline:
                    raise ServerProblem(f"{self.name} was not ready after {seconds:.0f} s: {log_end(self.log)}")
                time.sleep(POLL_SECONDS)
        except BaseException:
            kill_group(self.process)
            raise

    def check_alive(self) -> None:
        """Raises: ServerProblem"""
        if self.process.poll() is not None:
            raise ServerProblem(f"{self.name} ended: {log_end(self.log)}")

    def stop(self) -> None:
        for number in self.stop_signals:
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.grace_seconds)
                return
        kill_group(self.process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def start_leashed(
    command: Sequence[str],
    *,
    log: Path,
    farewell: signal.Signals,
    lock: int,
    own: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command that ends with this process, by the signal `farewell`.

    `own` names the data directory of a server that refuses to be root; `lock` the descriptor of
    `directory.claimed`. Call it from the main thread: Linux counts the end of the starting thread as the
    owner's.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            leashed(command, farewell=farewell, own=own),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=env,
            cwd=cwd,
            pass_fds=(lock,),
            start_new_session=True,
        )
    assert process.stdin
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(stdin)
    return process


def leashed(command: Sequence[str], *, farewell: signal.Signals, own: Path | None = None) -> list[str]:
    ownership = ["--not-root", str(own)] if own else []
    owner = ["--owner", str(os.getpid()), "--signal", str(int(farewell))]
    # -I and -S: nothing of the user's environment or of site-packages is imported.
    return [sys.executable, "-I", "-S", str(LEASH), *owner, *ownership, "--", *command]


def package_directory(package: str, variable: str) -> Path:
    """Where a package with binaries lies; not imported, since importing some of them starts things."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServerProblem(
            f"{variable} is not set, and the embedded server is not installed. "
            f"Hint: set {variable}, or install requirements-dev.txt."
        )
    return Path(spec.submodule_search_locations[0])


def on_free_port(start: Callable[..., Server], port: int | None) -> Server:
    """Start on the port asked for, else on a free one, and on another if somebody was faster.

    Raises: ServerProblem
    """
    if port and not is_free(port):
        raise ServerProblem(f"port {port} of {LOOPBACK} is taken")
    for _ in range(PORT_ATTEMPTS):
        number = port or free_port()
        try:
            return start(port=number)
        except ServerProblem as problem:
            if is_free(number):
                raise
            latest = problem
    raise latest


def log_end(log: Path, lines: int = LOG_LINES_SHOWN) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    if "No space left on device" in text or shutil.disk_usage(log.parent).free < FULL_DISK_BYTES:
        return f"the disk that holds {log.parent} is full"
    return "\n".join(text.splitlines()[-lines:]) or f"it left no word in {log}"


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
        time.sleep(LOCK_POLL_SECONDS)


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
