"""compose.yaml: nothing fills the disk or the memory, and each process is asked whether it is at work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
WORKERS = ("worker", "bookings", "chats", "messages")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_has_limits(name: str) -> None:
    service = SERVICES[name]
    assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}
    assert service["mem_limit"].endswith(("m", "g"))
    for mount in service.get("tmpfs", []):
        assert "size=" in mount


@pytest.mark.parametrize(("name", "node"), [*((worker, "celery") for worker in WORKERS), ("beat", "beat")])
def test_background_processes_are_asked_by_their_heartbeats(name: str, node: str) -> None:
    asked = f"python manage.py doctor --node {node}@$$HOSTNAME"
    assert SERVICES[name]["healthcheck"]["test"] == ["CMD-SHELL", asked]


def test_the_image_restarts_a_web_process_and_keeps_no_counts_of_dead_ones() -> None:
    for line in (
        "GRANIAN_RESPAWN_FAILED_WORKERS=true",
        "GRANIAN_WORKERS_KILL_TIMEOUT=20",
        # Under the one folder that can be written where the image's own files cannot.
        "PROMETHEUS_MULTIPROC_DIR=/tmp/wardbook-metrics",
    ):
        assert line in DOCKERFILE
    assert all(service["tmpfs"] == ["/tmp:size=64m"] for service in SERVICES.values() if service.get("env_file"))


def test_the_image_carries_no_source_maps() -> None:
    names = r'-name "*.map" -o -name "*.map.gz" -o -name "*.map.br" -o -path "*/redoc/*"'
    assert rf"find staticfiles \( {names} \) -delete" in DOCKERFILE


def test_a_command_leaves_no_counts_behind(tmp_path: Path) -> None:
    shared = tmp_path / "metrics"
    command = [sys.executable, "manage.py", "help", "doctor"]
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared)}
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    assert not shared.exists()


def test_the_image_empties_the_counts_of_those_before_it(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").touch()
    (entrypoint,) = (line for line in DOCKERFILE.splitlines() if line.startswith("ENTRYPOINT"))
    command = [*yaml.safe_load(entrypoint.removeprefix("ENTRYPOINT ")), "echo", "two words", "$HOME"]
    env = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    assert done.stdout == "two words $HOME\n"
    assert not tmp_path.exists()
