"""What production's log says of errors: where they happened, never the row."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from io import StringIO
from typing import Any

import psycopg
import pytest
import structlog
from django.db import DataError, IntegrityError, connection, transaction

from accounts.models import User
from config.logs import exception_text, logging_settings
from tests.config.test_request_log import lines

__all__ = ["lines"]

NUMBER = "436601234567"


def taken_number() -> IntegrityError:
    User.objects.create(phone=NUMBER, role="PATIENT")
    with pytest.raises(IntegrityError) as raised, transaction.atomic():
        User.objects.create(phone=NUMBER, role="PATIENT")
    return raised.value


@pytest.mark.django_db
def test_the_row_of_a_broken_rule_is_not_logged(lines: StringIO) -> None:
    error = taken_number()
    assert NUMBER in str(error)
    try:
        raise RuntimeError("while saving") from error
    except RuntimeError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("it failed")
    # As Celery logs a task that failed, and as libraries do that print what they caught.
    logging.getLogger("theirs").error("Task %s raised unexpected: %r", "t", error)
    logging.getLogger("theirs").error("caught: %s", error)
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [one["event"] for one in said][:2] == ["failed", "it failed"]
    assert len(said) == 4
    assert NUMBER not in lines.getvalue()
    for one in said[:2]:
        assert "django.db.utils.IntegrityError: duplicate key value violates unique constraint" in one["exception"]
        assert one["exception"].endswith("RuntimeError: while saving")
        assert "test_logs.py" in one["exception"]


@pytest.mark.django_db
def test_a_value_that_a_database_quotes_is_not_logged() -> None:
    with pytest.raises(DataError) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::uuid", [NUMBER])
    assert NUMBER in str(raised.value)
    text = exception_text(raised.value)
    assert NUMBER not in text
    assert text.endswith("django.db.utils.DataError: invalid input syntax for type uuid")
    assert isinstance(raised.value.__cause__, psycopg.Error)


CRASH = """
from config.logs import configure, logging_settings
configure(logging_settings(as_json=True))
raise ValueError("of no kind that was foreseen")
"""


def test_a_crash_is_one_event() -> None:
    done = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    said: dict[str, Any] = json.loads(line)
    assert (done.returncode, said["event"], said["level"]) == (1, "crashed", "critical")
    assert said["exception"].endswith("builtins.ValueError: of no kind that was foreseen")


def test_development_prints_tracebacks_without_local_variables() -> None:
    made: Any = logging_settings(as_json=False)["formatters"]["lines"]
    formatter = structlog.stdlib.ProcessorFormatter(**{key: made[key] for key in made if key != "()"})
    try:
        secret = "Paula Patient"
        raise ValueError(len(secret))
    except ValueError:
        record = logging.LogRecord("ours", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    text = formatter.format(record)
    assert text.splitlines()[-1] == "builtins.ValueError: 13"
    assert "Paula" not in text
