from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.services import temporary_directory, with_database_number

ROOT = Path(__file__).resolve().parents[3]


def test_workers_part_by_database_number() -> None:
    url = "redis://:pass%2Fword@127.0.0.1:6379/0"
    assert with_database_number(url, 2) == "redis://:pass%2Fword@127.0.0.1:6379/2"
    assert with_database_number("rediss://host", 1) == "rediss://host/1"


def test_directories_of_killed_runs_are_removed_and_of_running_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temporary_directory() as running:
        killed = running.parent / "run-killed"
        killed.mkdir()
        (killed / "lock").touch()
        with temporary_directory() as mine:
            assert sorted(running.parent.iterdir()) == sorted([running, mine])
    assert list(running.parent.iterdir()) == []


@pytest.mark.slow
def test_a_run_of_workers_has_servers_and_tests_settings_whatever_the_environment_says(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text(
        "import os\n"
        "from urllib.parse import urlsplit\n"
        "import psycopg, pytest, redis\n"
        "from django.conf import settings\n"
        "@pytest.mark.parametrize('n', range(6))\n"
        "def test_inner(n):\n"
        "    assert settings.SETTINGS_MODULE == 'config.settings.test'\n"
        "    psycopg.connect(os.environ['DATABASE_URL']).close()\n"
        "    worker = int(os.environ['PYTEST_XDIST_WORKER'].removeprefix('gw'))\n"
        "    assert urlsplit(os.environ['REDIS_URL']).path == f'/{worker + 1}'\n"
        "    with redis.Redis.from_url(os.environ['REDIS_URL']) as client:\n"
        "        assert client.ping()\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-c", "pyproject.toml", str(tmp_path)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "config.settings.production"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.splitlines()[-1].startswith("6 passed"), done.stdout + done.stderr
