from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from config.settings.env import EnvironmentProblem
from config.startup_errors import database_problem, run_or_explain


def raised(problem: BaseException) -> None:
    raise problem


def explained(problem: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        run_or_explain(lambda: raised(problem))
    return ended.value.code, capsys.readouterr().err


def test_an_answer_is_passed_on() -> None:
    assert run_or_explain(lambda: 42) == 42


def test_environment_problems_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    problem = EnvironmentProblem(["ONE: is not set.", "TWO: is wrong."])
    assert explained(problem, capsys) == (2, "ONE: is not set.\nTWO: is wrong.\n")


def test_a_full_disk_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    problem = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/file")
    assert explained(problem, capsys) == (1, "the disk is full: /somewhere/file could not be written\n")


def test_an_interrupt_is_no_error_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(KeyboardInterrupt(), capsys) == (130, "")


def test_other_errors_are_not_swallowed() -> None:
    with pytest.raises(PermissionError):
        run_or_explain(lambda: raised(PermissionError(errno.EACCES, "no")))


def place() -> str:
    database = settings.DATABASES["default"]
    return f"the database at {database['HOST']}:{database['PORT']}"


def test_a_full_database_disk_is_named() -> None:
    problem = OperationalError("could not extend file")
    problem.__cause__ = psycopg.errors.DiskFull("could not extend file")
    assert database_problem(problem) == f"{place()}: its disk is full"


def test_a_refused_statement_is_not_explained_away() -> None:
    problem = OperationalError("deadlock detected")
    problem.__cause__ = psycopg.errors.DeadlockDetected("deadlock detected")
    assert database_problem(problem) is None


def test_a_refused_password_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    where = place()
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "not-the-password")
    assert database_problem(OperationalError("couldn't get a connection after 5.00 sec")) == (
        f'{where} said: password authentication failed for user "wardbook". Hint: see DATABASE_URL'
    )


def test_an_unknown_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "no-such-host.invalid")
    port = settings.DATABASES["default"]["PORT"]
    assert database_problem(OperationalError("")) == (
        f"the database at no-such-host.invalid:{port} cannot be found: no such host. Hint: see DATABASE_URL"
    )


@pytest.mark.parametrize("command", [["manage.py", "check"], ["-m", "celery", "-A", "config", "beat"]])
def test_every_program_names_what_is_missing_and_ends(command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=Path(__file__).resolve().parents[2],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ended.stderr + ended.stdout
    assert ended.returncode == 2
    assert "SECRET_KEY: is not set. Hint: any 50 random characters; signs sessions and links." in said
    assert "TWILIO_MESSAGING_SERVICE_SID: is missing, and so is TWILIO_FROM_NUMBER. Hint: set one of them." in said
    assert "Traceback" not in said
