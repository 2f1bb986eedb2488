from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dev.embedded.leash import EXIT_CANNOT_STEP_DOWN, WAYS
from dev.embedded.server import LEASH

READ_AND_WRITE = """
import os, pathlib, sys
closed = pathlib.Path(sys.argv[1])
(closed / "data" / "written").write_text((closed / "file").read_text())
print(os.geteuid())
"""
OWNED = ("--owner", str(os.getpid()), "--signal", "15")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can step down")


def leash(*options: str, command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-IS",
            str(LEASH),
            "--owner",
            str(os.getpid()),
            "--signal",
            "15",
            *options,
            "--",
            *command,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@as_root
@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_stepping_down_reaches_closed_directories(way: str, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    data = closed / "data"
    data.mkdir(parents=True)
    (closed / "file").write_text("one line\n")
    closed.chmod(0o700)
    options = ("--ways", way, "--not-root", str(data))
    with leash(*options, command=[sys.executable, "-c", READ_AND_WRITE, str(closed)]) as process:
        answer = process.communicate(timeout=20)[0]
    assert (process.returncode, (data / "written").read_text()) == (0, "one line\n"), answer
    assert int(answer) != 0
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_data_made_one_way_are_owned_by_the_other(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    owners = []
    for way in ("account", "namespace", "account"):
        with leash("--ways", way, "--not-root", str(tmp_path), command=["true"]) as process:
            assert process.wait(timeout=20) == 0
        owners.append((tmp_path / "file").stat().st_uid)
    assert owners[0] == owners[2] != 0
    assert owners[1] == 0


@as_root
def test_a_root_that_may_not_step_down_is_told_what_to_do(tmp_path: Path) -> None:
    bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable]
    script = [str(LEASH), *OWNED, "--not-root", str(tmp_path), "true"]
    done = subprocess.run([*bare, *script], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == EXIT_CANNOT_STEP_DOWN
    assert done.stdout == ""
    assert done.stderr.startswith("PostgreSQL does not run as root, and this root may not become anybody else (")
    assert done.stderr.endswith("Run as an ordinary user, or set DATABASE_URL.\n")


def test_the_command_ends_when_its_owner_is_killed() -> None:
    owner = f"""
import subprocess, sys, os
leash = [sys.executable, "-IS", {str(LEASH)!r}, "--owner", str(os.getpid()), "--signal", "2", "--"]
child = subprocess.Popen([*leash, "sh", "-c", "echo up; exec sleep 60"], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""
    with subprocess.Popen([sys.executable, "-c", owner], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        child = psutil.Process(int(process.stdout.readline()))
        assert child.is_running()
        process.kill()
    _, alive = psutil.wait_procs([child], timeout=20)
    assert [survivor for survivor in alive if survivor.status() != psutil.STATUS_ZOMBIE] == []


def test_signals_that_the_owner_ignores_reach_the_command() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with leash(command=["sleep", "60"]) as process:
            process_ready = psutil.Process(process.pid)
            while process_ready.name() != "sleep":
                pass
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == -signal.SIGINT
    finally:
        signal.signal(signal.SIGINT, before)
