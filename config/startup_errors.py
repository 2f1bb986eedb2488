"""What a program's surroundings got wrong, in plain lines: for the entry points."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

import psycopg
from django.conf import settings
from django.db import connections
from django.db.utils import OperationalError

from config.settings.env import EnvironmentProblem

T = TypeVar("T")

EXIT_FAILURE, EXIT_ENVIRONMENT, EXIT_INTERRUPTED = 1, 2, 130
POSTGRES_PORT = 5432
PROBE_SECONDS = 2
DISK_FULL = "53100"
LOCK_NOT_AVAILABLE = "55P03"


def require_settings_module() -> None:
    """For what serves people: without the variable, development's settings would show them debug pages.

    Raises: EnvironmentProblem.
    """
    if not os.environ.get("DJANGO_SETTINGS_MODULE"):
        raise EnvironmentProblem(["DJANGO_SETTINGS_MODULE: is not set. Hint: config.settings.production"])


def run_or_explain(main: Callable[[], T]) -> T:
    """Run a program's main; what its surroundings got wrong is said in plain lines, without a stack trace."""
    try:
        with _quiet_pool():
            return main()
    except EnvironmentProblem as problem:
        _leave(str(problem), EXIT_ENVIRONMENT)
    except OperationalError as problem:
        explanation = database_problem(problem)
        if explanation is None:
            raise
        _leave(explanation, EXIT_FAILURE)
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        _leave(f"the disk is full: {problem.filename or Path.cwd()} could not be written", EXIT_FAILURE)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


@contextlib.contextmanager
def _quiet_pool() -> Iterator[None]:
    """While a command runs, its pool does not report every try to connect: the outcome is explained once."""
    logger = logging.getLogger("psycopg.pool")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def database_problem(problem: OperationalError) -> str | None:
    """What kept us from the database, its host and port named; None when it refused a statement."""
    state = getattr(problem.__cause__, "sqlstate", None)
    if state == DISK_FULL:
        return f"{_database_place()}: its disk is full"
    if state == LOCK_NOT_AVAILABLE:
        return (
            f"{_database_place()}: another transaction held a lock for too long. Nothing of this step was done. "
            "Hint: run it again, when no dump or long report is running"
        )
    if state:
        return None
    return f"{_database_place()} {_unreachable_because() or _last_words(problem)}"


def _database_place() -> str:
    database = settings.DATABASES["default"]
    return f"the database at {database['HOST'] or 'the local socket'}:{database['PORT'] or POSTGRES_PORT}"


def _unreachable_because() -> str | None:
    """Asked of the network, since a connection pool reports nothing but its own impatience."""
    database = settings.DATABASES["default"]
    if not database["HOST"] or database["HOST"].startswith("/"):
        return None
    try:
        socket.create_connection((database["HOST"], int(database["PORT"] or POSTGRES_PORT)), PROBE_SECONDS).close()
    except ConnectionRefusedError:
        return "refused the connection. Hint: is it running, and is DATABASE_URL right?"
    except socket.gaierror:
        return "cannot be found: no such host. Hint: see DATABASE_URL"
    except OSError as problem:
        return f"does not answer ({problem}). Hint: see DATABASE_URL"
    return None


def _last_words(problem: OperationalError) -> str:
    """What the server said, asked without the pool: libpq's text names user and database, never the password."""
    said = str(problem)
    parameters = connections["default"].get_connection_params()
    try:
        psycopg.connect(**parameters | {"connect_timeout": PROBE_SECONDS}).close()
    except psycopg.OperationalError as direct:
        said = str(direct)
    lines = said.strip().splitlines() or ["nothing"]
    return f"said: {lines[0].rpartition('FATAL:')[2].strip()}. Hint: see DATABASE_URL"


def _leave(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)
