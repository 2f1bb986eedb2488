"""Where the running stack is, and who may sign in: from the files that `make run` writes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from config.tour.telling import NotSo

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
