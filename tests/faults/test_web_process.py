"""The web server as the image starts it: one of its processes killed, as by a lack of memory."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from dev.embedded.server import free_port
from dev.stack.children import answers_ok
from tests.faults.harness import REPOSITORY, Stack, running_stack, until

pytestmark = pytest.mark.slow

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()


def image_command(port: int) -> list[str]:
    (text,) = re.findall(r"^CMD (\[.*?\])", DOCKERFILE, re.DOTALL | re.MULTILINE)
    _, *options = json.loads(text.replace("\\\n", ""))
    local = {"0.0.0.0": "127.0.0.1", "8000": str(port)}
    return [sys.executable, "-m", "granian", *(local.get(option, option) for option in options)]


@contextmanager
def image_server(stack: Stack, directory: Path) -> Iterator[tuple[psutil.Process, str]]:
    port = free_port()
    env = stack.env | dict(re.findall(r"(GRANIAN_\w+)=(\S+)", DOCKERFILE))
    with (directory / "server.log").open("ab") as log:
        server = subprocess.Popen(image_command(port), cwd=REPOSITORY, env=env, stdout=log, stderr=log)
    try:
        until(lambda: answers_ok(f"http://127.0.0.1:{port}/healthz"))
        yield psutil.Process(server.pid), f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def test_a_killed_process_is_replaced_and_the_others_serve_on(tmp_path: Path) -> None:
    with running_stack(tmp_path) as stack, image_server(stack, tmp_path) as (server, web):
        until(lambda: len(serving(server)) == 2)
        killed = serving(server)[0]
        killed.kill()
        killed.wait(10)
        answers = [requests.get(f"{web}/readyz", timeout=10).status_code for _ in range(50)]
        assert answers == [200] * 50
        until(lambda: len(serving(server)) == 2)
        assert killed.pid not in {process.pid for process in serving(server)}


def serving(server: psutil.Process) -> list[psutil.Process]:
    """Its processes that listen."""
    return [process for process in server.children() if process.net_connections("tcp")]
