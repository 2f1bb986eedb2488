"""Which sign-ins open the demo: `make run` prints the file, and only its owner reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from config.demo.load import PASSWORD, Demo
from config.demo.people import House, Member


def write_signins(path: Path, demo: Demo) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.writelines(f"{line}\n" for line in lines(demo))


def lines(demo: Demo) -> Iterator[str]:
    yield f"Demo sign-ins. Everyone of the staff has the password {PASSWORD}"
    for house in demo.houses:
        yield from _house(house)
    yield ""
    yield "  Platform operator"
    yield _line("operator", "/admin/", demo.people.operator)


def _house(house: House) -> Iterator[str]:
    yield ""
    yield f"  {house.hospital.name}, {house.hospital.time_zone}"
    for kind, where, members in (
        ("doctor", "/staff/", house.doctors),
        ("pharmacist", "/staff/", house.pharmacists),
        ("admin", "/admin/", house.admins),
    ):
        yield _line(kind, where, members[0])
    patient = house.star
    born = patient.patient.date_of_birth
    yield f"    {'patient':<11}{'the app':<9}+{patient.phone}, born {born}  ({patient.name}; codes: var/sms.jsonl)"


def _line(kind: str, where: str, member: Member) -> str:
    return f"    {kind:<11}{where:<9}{member.user.email}  ({member.profile.full_name})"
