"""PostgreSQL's files with every table: migrated once for all runs of a checkout, copied for each server.

Kept in `var/`, under a digest of what they are made from; a run that changed it makes them anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from dev.embedded.postgres import MAJOR_VERSION, running_postgres
from dev.embedded.server import ServerProblem

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var" / "migrated"
# Migrations, what they import, and what runs after each `migrate`.
SOURCES = (
    *("*/migrations/*.py", "*/migrations/*.sql", "*/models/*.py"),
    *("core/**/*.py", "config/**/*.py", "requirements*.txt"),
)
# The settings want an address; migrations connect to none.
NO_REDIS = "redis://127.0.0.1:9/0"


def copy_migrated_postgres(data_dir: Path) -> None:
    """As `running_postgres` would make `data_dir`, and its database migrated; `data_dir` must not exist.

    Raises: ServerProblem
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = KEPT / digest()
        if not made.exists():
            _make(made)
        # With owners: a server that is root elsewhere runs as another user, whose files they are.
        subprocess.run(["cp", "-a", str(made), str(data_dir)], check=True)


def digest(root: Path = ROOT) -> str:
    found = hashlib.sha256(f"{sys.version} {MAJOR_VERSION}".encode())
    for path in (path for pattern in SOURCES for path in sorted(root.glob(pattern))):
        found.update(f"\n{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    return found.hexdigest()[:16]


def _make(made: Path) -> None:
    """Made beside its place and renamed: what bears the name is whole. Only the newest is kept."""
    draft = made.with_suffix(".draft")
    with running_postgres(draft, durable=False) as url:
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        settings = {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": url, "REDIS_URL": NO_REDIS}
        if subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False).returncode != 0:
            raise ServerProblem("the migrations failed; see the error above")
    for earlier in KEPT.iterdir():
        if earlier.is_dir() and earlier != draft:
            shutil.rmtree(earlier)
    draft.rename(made)
