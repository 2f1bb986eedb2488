"""What can be told before anything is started."""

from __future__ import annotations

import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dev.stack.children import StackProblem

# A fresh database with demo data takes about 150 MB.
NEEDED_BYTES = 500_000_000
PROBE_SECONDS = 3
DEFAULT_PORTS = {"DATABASE_URL": 5432, "REDIS_URL": 6379}


def check_disk(directory: Path) -> None:
    """Raises: StackProblem"""
    free = shutil.disk_usage(directory).free
    if free < NEEDED_BYTES:
        raise StackProblem(
            f"the disk that holds {directory} has {free // 1_000_000} MB left; "
            f"Wardbook needs {NEEDED_BYTES // 1_000_000} MB"
        )


def check_given_servers(env: Mapping[str, str]) -> None:
    """Ask the servers that the environment names for a connection. Raises: StackProblem."""
    for name, default_port in DEFAULT_PORTS.items():
        try:
            parts = urlsplit(env.get(name, ""))
            host, port = parts.hostname, parts.port or default_port
        except ValueError:
            continue  # the settings say what is wrong with it
        if host:
            _check_answers(name, host, port)


def _check_answers(name: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), PROBE_SECONDS).close()
    except ConnectionRefusedError:
        raise StackProblem(f"{name}: {host}:{port} refused the connection. Hint: is the server running?") from None
    except socket.gaierror:
        raise StackProblem(f"{name}: there is no host {host}") from None
    except OSError as problem:
        raise StackProblem(f"{name}: {host}:{port} does not answer ({problem})") from None


def answers_ok(url: str) -> bool:
    # Proxies that the environment names are not for loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=PROBE_SECONDS) as response:
            return bool(response.status == 200)
    except OSError:
        return False
