"""One database a size, kept between runs; another schema or another data set makes another database."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from config.bench.dataset import Dataset, fill

ROOT = Path(__file__).resolve().parents[2]


def prepared(server_url: str, appointments: int, *, environment: dict[str, str], say: Callable[[str], None]) -> str:
    """The address of a filled database of this size on the server; filled first where it is not there."""
    name = f"bench_{appointments}_{_schema_hash()}"
    url = f"{server_url.rpartition('/')[0]}/{name}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        names = {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
        if name in names:
            return url
        for old in _outdated(names):
            connection.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
        draft = f"draft_{name}"
        connection.execute(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{draft}"')
    began = time.monotonic()
    _make(f"{server_url.rpartition('/')[0]}/{draft}", appointments, environment)
    with psycopg.connect(server_url, autocommit=True) as connection:
        # What bears the name is whole.
        connection.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
    say(f"Loaded {appointments:,} appointments in {time.monotonic() - began:.1f} s.")
    return url


def _make(url: str, appointments: int, environment: dict[str, str]) -> None:
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(migrate, cwd=ROOT, env={**environment, "DATABASE_URL": url}, check=True)
    with psycopg.connect(url) as connection:
        fill(connection, Dataset(appointments, today=dt.datetime.now(dt.UTC).date()))


def _outdated(names: set[str]) -> Iterator[str]:
    current = _schema_hash()
    return (name for name in names if name.startswith("bench_") and not name.endswith(current))


def _schema_hash() -> str:
    digest = hashlib.sha256()
    migrations = sorted(path for path in ROOT.glob("*/migrations/*.py") if ".venv" not in path.parts)
    for path in [*migrations, Path(__file__).with_name("dataset.py")]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def environment_for(*, database: str, redis: str, settings: str) -> dict[str, str]:
    own = {"DATABASE_URL": database, "REDIS_URL": redis, "DJANGO_SETTINGS_MODULE": settings}
    return {**os.environ, **own}
