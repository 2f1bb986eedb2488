"""Where the running stack is, and who may sign in: from the files that `make run` writes."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.2


class NotSo(Exception):
    """What the tour expected and did not see; the message is for people."""


def step(title: str) -> None:
    sys.stdout.write(f"\n{title}\n")
    sys.stdout.flush()


def saw(what: str) -> None:
    sys.stdout.write(f"  - {what}\n")
    sys.stdout.flush()


def check(is_so: bool, otherwise: str) -> None:
    """Raises: NotSo."""
    if not is_so:
        raise NotSo(otherwise)


def eventually(look: Callable[[], T | None], *, seconds: float, otherwise: str) -> T:
    """What `look` finds, as soon as it finds it: for what workers do. Raises: NotSo when the time is up."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise NotSo(f"{otherwise} (waited {seconds:.0f} s)")
        time.sleep(POLL_SECONDS)
    return found


ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"
_SIGN_IN = re.compile(r"^\s+(?P<kind>doctor|pharmacist|admin|operator)\s+\S+\s+(?P<email>\S+@\S+)\s+\((?P<name>.+)\)$")


@dataclass(frozen=True, slots=True)
class SignIn:
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Stack:
    """`hospital` is the first of the demo's, with one of its doctors, pharmacists and admins."""

    web: str
    calcom: str
    vapi: str
    hospital: str
    doctor: SignIn
    pharmacist: SignIn
    admin: SignIn
    operator: SignIn
    password: str


def running_stack() -> Stack:
    """Raises: NotSo."""
    try:
        addresses = json.loads((VAR / "stack.json").read_text())
        lines = (VAR / "demo_signins.txt").read_text().splitlines()
    except FileNotFoundError as missing:
        name = Path(missing.filename).name
        raise NotSo(f"var/{name} does not exist. Start `make run` in another terminal first.") from None
    people: dict[str, SignIn] = {}
    for line in lines:
        match = _SIGN_IN.match(line)
        if match:
            people.setdefault(match["kind"], SignIn(match["email"], match["name"]))
    hospital = next(line.strip().rpartition(",")[0] for line in lines[1:] if line.strip())
    return Stack(
        web=addresses["web"],
        calcom=addresses["calcom"],
        vapi=addresses["vapi"],
        hospital=hospital,
        doctor=people["doctor"],
        pharmacist=people["pharmacist"],
        admin=people["admin"],
        operator=people["operator"],
        password=lines[0].rsplit(" ", 1)[-1],
    )
