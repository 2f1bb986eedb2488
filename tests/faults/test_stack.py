"""The supervisor and its real servers, with tiny programs in place of ours."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from dev.embedded.server import free_port, is_claimed
from dev.stack.children import answers_ok

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
MARK = "WARDBOOK_TEST_MARK"


@dataclass
class Stack:
    root: Path
    process: subprocess.Popen[str]
    mark: str
    said: list[str] = field(default_factory=list)

    def wait_ready(self) -> dict[str, Any]:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("Every address:"):
                addresses: dict[str, Any] = json.loads((self.root / "var" / "stack.json").read_text())
                return addresses
        raise AssertionError("\n".join(self.said))

    def wait_end(self) -> int:
        output, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        self.said += output.splitlines()
        return self.process.returncode

    def leftovers(self) -> list[str]:
        """What still runs: by the locks that servers inherit, and by the environment that programs inherit."""
        var = self.root / "var"
        locks = [path.name for path in (var, var / "postgres", var / "valkey") if is_claimed(path)]
        return locks + list(command_lines(self.mark))


def marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark:
                yield process


def command_lines(mark: str) -> Iterator[str]:
    for process in marked(mark):
        # It may end while it is looked at.
        with contextlib.suppress(psutil.Error):
            yield " ".join(process.cmdline())


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    mark = uuid.uuid4().hex
    (tmp_path / "mark").write_text(mark)
    yield tmp_path
    for process in list(marked(mark)):
        process.kill()


def start(root: Path, *, port: int | None = None, fault: str = "", env: dict[str, str] | None = None) -> Stack:
    mark = (root / "mark").read_text()
    inherited = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEYS", "_KEY"))}
    command = [sys.executable, "-m", "tests.faults.fake_stack", str(root), str(port or free_port()), fault]
    process = subprocess.Popen(
        [part for part in command if part],
        cwd=REPOSITORY,
        env=inherited | {MARK: mark} | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return Stack(root, process, mark)


def wait_gone(stack: Stack) -> float:
    began = time.monotonic()
    while stack.leftovers() and time.monotonic() - began < PATIENCE_SECONDS:
        time.sleep(0.05)
    assert stack.leftovers() == []
    return time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_the_next_run_has_the_data(root: Path, number: signal.Signals) -> None:
    port = free_port()
    stack = start(root, port=port)
    addresses = stack.wait_ready()
    stack_file = root / "var" / "stack.json"
    assert stat.S_IMODE(stack_file.stat().st_mode) == 0o600
    assert sorted(addresses) == ["calcom", "database", "redis", "vapi", "web"]
    assert addresses["web"] == f"http://127.0.0.1:{port}"
    assert answers_ok(addresses["calcom"])
    with psycopg.connect(addresses["database"]) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    with redis.Redis.from_url(addresses["redis"]) as client:
        assert client.ping()
    assert not (root / "var" / "task-finished").exists()

    began = time.monotonic()
    stack.process.send_signal(number)
    assert stack.wait_end() == 0
    assert time.monotonic() - began < 10
    assert stack.leftovers() == []
    assert not stack_file.exists()
    assert (root / "var" / "task-finished").exists()
    assert stack.said[-1] == "Stopped."

    again = start(root)
    again.wait_ready()
    assert "prepare | run 2" in again.said
    again.process.send_signal(number)
    assert again.wait_end() == 0


def test_a_killed_supervisor_leaves_nothing_and_does_not_block_the_next(root: Path) -> None:
    stack = start(root)
    stack.wait_ready()
    stack.process.kill()
    stack.wait_end()
    again = start(root)
    again.wait_ready()
    assert "prepare | run 2" in again.said
    again.process.kill()
    again.wait_end()
    # The worker's own child, on nobody's leash, too.
    assert wait_gone(again) < 10


def test_a_program_that_does_not_listen_is_ended_all_the_same(root: Path) -> None:
    stack = start(root, fault="hangs")
    stack.wait_ready()
    began = time.monotonic()
    stack.process.terminate()
    assert stack.wait_end() == 0
    assert time.monotonic() - began < 10
    assert stack.leftovers() == []

    stack = start(root, fault="hangs")
    stack.wait_ready()
    stack.process.kill()
    stack.wait_end()
    assert wait_gone(stack) < 10


def test_a_kill_while_starting_does_not_block_the_next(root: Path) -> None:
    for _ in range(3):
        stack = start(root)
        while not list((root / "var").glob("postgres/unfinished-*")) and not (root / "var/postgres/cluster").exists():
            time.sleep(0.01)
        stack.process.kill()
        stack.wait_end()
    again = start(root)
    again.wait_ready()
    again.process.terminate()
    assert again.wait_end() == 0
    assert not list((root / "var" / "postgres").glob("unfinished-*"))


def test_a_taken_port_is_said_and_another_is_used(root: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        stack = start(root, port=taken)
        addresses = stack.wait_ready()
        assert addresses["web"] != f"http://127.0.0.1:{taken}"
        assert f"Port {taken} is taken; the web address is {addresses['web']} this time." in stack.said
        stack.process.terminate()
        assert stack.wait_end() == 0


def test_a_second_stack_in_the_same_clone_is_refused(root: Path) -> None:
    stack = start(root)
    addresses = stack.wait_ready()
    second = start(root)
    assert second.wait_end() == 1
    assert second.said == [
        f"Wardbook stopped: {root / 'var'} is in use by process {stack.process.pid}: is Wardbook running already?"
    ]
    assert answers_ok(addresses["web"])
    stack.process.terminate()
    assert stack.wait_end() == 0


def test_a_program_that_dies_is_named_with_its_last_lines_and_stops_all(root: Path) -> None:
    stack = start(root, fault="dies")
    assert stack.wait_end() == 1
    log = root / "var" / "log" / "faulty.log"
    message = stack.said.index(f"Wardbook stopped: faulty ended (exit code 3). Its log: {log}")
    assert stack.said[message + 1 :] == [f"  line {number}" for number in range(10, 30)]
    assert log.read_text().splitlines() == ["starting", *(f"line {number}" for number in range(30))]
    assert stack.leftovers() == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("cannot-import", ["  ModuleNotFoundError: No module named 'no_such_module_of_ours'"]),
        ("disk-full", []),
    ],
)
def test_no_stack_trace_is_a_message(root: Path, fault: str, words: list[str]) -> None:
    stack = start(root, fault=fault)
    assert stack.wait_end() == 1
    assert not any("Traceback" in line or 'File "' in line for line in stack.said)
    message = next(index for index, line in enumerate(stack.said) if line.startswith("Wardbook stopped: faulty"))
    assert stack.said[message + 1 :] == words
    if fault == "disk-full":
        assert stack.said[message] == "Wardbook stopped: faulty ended (exit code 1): the disk is full."
    assert stack.leftovers() == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "DATABASE_URL",
            "postgres://me:secret@127.0.0.1:1/wardbook",
            "Wardbook stopped: DATABASE_URL: 127.0.0.1:1 refused the connection. Hint: is the server running?",
        ),
        (
            "REDIS_URL",
            "redis://:secret@no-such-host.invalid/0",
            "Wardbook stopped: REDIS_URL: there is no host no-such-host.invalid",
        ),
    ],
)
def test_a_given_server_that_does_not_answer_is_named(root: Path, name: str, value: str, message: str) -> None:
    stack = start(root, env={name: value})
    assert stack.wait_end() == 1
    assert stack.said == [message]


def test_servers_that_the_environment_names_are_used_and_left_running(root: Path) -> None:
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    stack = start(root, env=given)
    addresses = stack.wait_ready()
    assert {"DATABASE_URL": addresses["database"], "REDIS_URL": addresses["redis"]} == given
    assert not (root / "var" / "postgres").exists()
    stack.process.terminate()
    assert stack.wait_end() == 0
    with psycopg.connect(given["DATABASE_URL"]) as connection:
        connection.execute("DROP TABLE runs")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_can_run_it(root: Path) -> None:
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    reachable = subprocess.run(
        [*nobody, sys.executable, "-c", "import dev.stack"], cwd="/", capture_output=True, check=False
    )
    if reachable.returncode:
        pytest.skip("the interpreter lies in a directory that ordinary users may not enter")
    os.chown(root, 65534, 65534)
    command = [*nobody, sys.executable, "-m", "tests.faults.fake_stack", str(root), str(free_port())]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        stack = Stack(root, process, (root / "mark").read_text())
        stack.wait_ready()
        assert (root / "var" / "postgres" / "cluster").stat().st_uid == 65534
        process.terminate()
        assert stack.wait_end() == 0
