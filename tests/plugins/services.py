"""PostgreSQL and Valkey for the test run, started before pytest-django reads the settings.

One of each for the whole run: xdist's workers inherit the addresses, and part by database name and number.
Set DATABASE_URL or REDIS_URL to run against servers of your own. What is in `.env` plays no part in tests.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

# Before anything of ours is imported: `config` names the development settings where none are named.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"

from dev.embedded.pgbouncer import running_pgbouncer
from dev.embedded.postgres import NAME, running_postgres
from dev.embedded.server import ServerProblem, claimed, is_claimed
from dev.embedded.valkey import running_valkey
from tests.plugins.migrated import copy_migrated_postgres

OPTIONS_WITHOUT_TESTS = {"-h", "--help", "-V", "--version", "--markers"}
# For the workers: the name of a migrated database of the server, where it is ours.
TEMPLATE = "WARDBOOK_TEST_TEMPLATE"


POOLED = "--pooled"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(POOLED, action="store_true", help="put PgBouncer, in transaction mode, before PostgreSQL")


# A wrapper: pytest-django's own implementation of this hook, which loads the settings, runs inside.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Generator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        os.environ["REDIS_URL"] = with_database_number(os.environ["REDIS_URL"], int(worker.removeprefix("gw")) + 1)
    elif not OPTIONS_WITHOUT_TESTS.intersection(args):
        is_pooled = POOLED in args
        servers = contextlib.ExitStack()
        early_config.add_cleanup(servers.close)
        try:
            start_absent_servers(servers, is_pooled=is_pooled)
        except ServerProblem as problem:
            raise pytest.UsageError(str(problem)) from None
    return (yield)


def start_absent_servers(servers: contextlib.ExitStack, *, is_pooled: bool = False) -> None:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    directory = servers.enter_context(temporary_directory())
    if not os.environ.get("DATABASE_URL"):
        copy_migrated_postgres(directory / "postgres")
        os.environ[TEMPLATE] = NAME
        os.environ["DATABASE_URL"] = servers.enter_context(running_postgres(directory / "postgres", durable=False))
    if is_pooled:
        pooler = running_pgbouncer(directory / "pooler", os.environ["DATABASE_URL"])
        os.environ |= {"DATABASE_URL": servers.enter_context(pooler), "DATABASE_POOLED": "true"}
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = servers.enter_context(running_valkey(directory / "valkey", durable=False))


@contextlib.contextmanager
def temporary_directory() -> Generator[Path]:
    """A directory outside the repository: removed at the end, or by the next run if this one is killed."""
    parent = Path(tempfile.gettempdir()) / f"wardbook-tests-{getpass.getuser()}"
    parent.mkdir(mode=0o700, exist_ok=True)
    for earlier in parent.iterdir():
        if (earlier / "lock").exists() and not is_claimed(earlier):
            shutil.rmtree(earlier, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    try:
        with claimed(directory):
            yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def with_database_number(url: str, number: int) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
