"""What the stack of Wardbook consists of, and the environment its programs get."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dev.stack.children import Child, Stage, Task, answers_as

SIMULATED_ORGANISATION = "1"
SIMULATED_ASSISTANT = "simulated-assistant"
# Sweeps come every few seconds; on the console they would bury what somebody did.
ROUTINE = r"Scheduler: Sending due task|Task \S+ (received|succeeded in)"
GENERAL = ("--exclude-queues", "bookings,chats,messages")
# Workers of their own: a patient's booking waits for no sweep; a thinking assistant and many texts hold up neither.
BOOKINGS = ("--queues", "bookings", "--hostname", "bookings@%h")
MESSAGES = ("--queues", "messages", "--hostname", "messages@%h")
CHATS = ("--queues", "chats", "--hostname", "chats@%h")


def write_private(path: Path, data: Mapping[str, str | None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes files of mode 0600.
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(data, file, indent=2)
            file.write("\n")
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def remembered(path: Path, makers: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """The values kept in a file; those it lacks are made and added."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: make() for name, make in makers.items() if name not in kept}
    if missing:
        write_private(path, kept | missing)
    return kept | missing


def _key() -> str:
    return secrets.token_urlsafe(48)


DEVELOPMENT_SECRETS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": _key,
    "OTP_KEYS": _key,
    "BOOKING_REFERENCE_KEYS": _key,
    "AUDIT_KEYS": _key,
    "CALCOM_API_KEY": lambda: f"cal_{secrets.token_hex(16)}",
    "CALCOM_WEBHOOK_SECRET": _key,
    "VAPI_API_KEY": _key,
    "VAPI_WEBHOOK_SECRET": _key,
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts are reached. `calcom` and `vapi` are None where the environment names ones of its own."""

    web_port: int
    calcom_port: int | None
    database: str
    redis: str
    vapi_port: int | None = None

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def calcom(self) -> str | None:
        return f"http://127.0.0.1:{self.calcom_port}" if self.calcom_port else None

    @property
    def vapi(self) -> str | None:
        return f"http://127.0.0.1:{self.vapi_port}" if self.vapi_port else None


def environment(given: Mapping[str, str], addresses: Addresses, var: Path) -> dict[str, str]:
    """The programs' environment: what was given stays; what is needed and absent is filled in."""
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "PUBLIC_BASE_URL": addresses.web,
        "DATABASE_URL": addresses.database,
        "REDIS_URL": addresses.redis,
        "PYTHONUNBUFFERED": "1",
        "INSTANCE_ID": secrets.token_hex(8),
        **remembered(var / "dev-secrets.json", DEVELOPMENT_SECRETS),
    }
    if addresses.calcom:
        defaults |= {"CALCOM_API_URL": addresses.calcom, "CALCOM_ORG_ID": SIMULATED_ORGANISATION}
    if addresses.vapi:
        defaults |= {"VAPI_API_URL": addresses.vapi, "VAPI_ASSISTANT_ID": SIMULATED_ASSISTANT}
    # An empty variable counts as absent, here as in the settings.
    return defaults | {name: value for name, value in given.items() if value or name not in defaults}


Planner = Callable[[Mapping[str, str], Addresses, Path], list[Stage]]


def wardbook(env: Mapping[str, str], addresses: Addresses, var: Path) -> list[Stage]:
    python = sys.executable
    celery = (python, "-m", "celery", "-A", "config")
    granian = (
        *(python, "-m", "granian", "--interface", "rsgi", "config.rsgi:application"),
        *("--host", "127.0.0.1", "--port", str(addresses.web_port)),
        *("--workers", "2", "--no-ws", "--workers-kill-timeout", "5"),
    )
    worker = (*celery, "worker", "--loglevel", "INFO", "--concurrency", "2", "--without-gossip", "--without-mingle")
    beat = (*celery, "beat", "--loglevel", "INFO", "--schedule", str(var / "beat-schedule"), "--pidfile", "")
    stages: list[Stage] = [
        Task("prepare", (python, "manage.py", "prepare_stack")),
        (
            Child("web", granian, is_ready=partial(answers_as, env["INSTANCE_ID"], f"{addresses.web}/readyz")),
            # Cold, should we be killed: its broker is going at the same moment.
            Child("worker", (*worker, *GENERAL), ready_text=" ready.", farewell=signal.SIGQUIT, routine=ROUTINE),
            Child("bookings", (*worker, *BOOKINGS), ready_text=" ready.", farewell=signal.SIGQUIT, routine=ROUTINE),
            Child("chats", (*worker, *CHATS), ready_text=" ready.", farewell=signal.SIGQUIT, routine=ROUTINE),
            Child("messages", (*worker, *MESSAGES), ready_text=" ready.", farewell=signal.SIGQUIT, routine=ROUTINE),
            Child("beat", beat, routine=ROUTINE),
        ),
    ]
    simulators = []
    if addresses.calcom_port:
        simulators.append(_calcom(env, addresses.calcom_port, var))
        stages.append(Task("webhooks", (python, "manage.py", "calcom_subscribe")))
    if addresses.vapi_port:
        simulators.append(_vapi(env, addresses, addresses.vapi_port, var))
    return [tuple(simulators), *stages] if simulators else stages


def _vapi(env: Mapping[str, str], addresses: Addresses, port: int, var: Path) -> Child:
    command = (
        *(sys.executable, "-m", "dev.simulators.vapi", "--port", str(port)),
        *("--state", str(var / "vapi.sqlite3"), "--server-url", f"{addresses.web}/webhooks/vapi/"),
        # In one word: a key that begins with a dash would be taken for an option.
        f"--api-key={env['VAPI_API_KEY']}",
        f"--server-secret={env['VAPI_WEBHOOK_SECRET'].partition(',')[0]}",
    )
    return Child("vapi", command, ready_text="ready http://")


def _calcom(env: Mapping[str, str], port: int, var: Path) -> Child:
    command = (
        *(sys.executable, "-m", "dev.simulators.calcom", "--port", str(port)),
        *("--state", str(var / "calcom.sqlite3"), "--org-id", env["CALCOM_ORG_ID"]),
        f"--api-key={env['CALCOM_API_KEY'].partition(',')[0]}",
    )
    return Child("calcom", command, ready_text="ready http://")
