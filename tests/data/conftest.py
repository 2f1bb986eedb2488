from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(__file__).with_name("reference_schema.sql")
SUPABASE = Path(__file__).with_name("supabase_stand_in.sql")

MakeDatabase = Callable[[str], str]


@pytest.fixture(scope="module")
def make_database() -> Iterator[MakeDatabase]:
    """Makes an empty database of the given name beside the tests' own, and drops it in the end."""
    server = os.environ["DATABASE_URL"]
    suffix = os.environ.get("PYTEST_XDIST_WORKER", "main")
    made: list[str] = []

    def make(name: str) -> str:
        name = f"catalogue_{name}_{suffix}"
        with psycopg.connect(server, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            connection.execute(drop)
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        made.append(name)
        return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))

    yield make
    with psycopg.connect(server, autocommit=True) as connection:
        for name in made:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run_sql(url: str, text: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(text.encode())


def migrate(url: str, *target: str) -> subprocess.CompletedProcess[str]:
    """`manage.py migrate` as a deployment runs it, in a process of its own."""
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    return subprocess.run(
        [sys.executable, "manage.py", "migrate", *target, "--verbosity=0"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
