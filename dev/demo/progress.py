"""How far loading is: a bar on a terminal, a line a step elsewhere."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import structlog
from django.utils.translation import gettext as _

from dev.demo.load import PASSWORD, STEPS, Demo
from dev.demo.people import House, Member


def words(step: str) -> str:
    return {
        "people": _("Inventing hospitals, staff and patients"),
        "calendar": _("Connecting the doctors to the calendar"),
        "visits": _("Planning the visits"),
        "prescriptions": _("Writing prescriptions"),
        "talks": _("Recording talks with the assistant"),
        "log": _("Writing the access log"),
        "storing": _("Storing"),
        "booking": _("Telling the calendar of the visits"),
    }[step]


@contextlib.contextmanager
def progress(stream: TextIO) -> Iterator[Callable[[str], None]]:
    """Yields what to call with the name of each step as it begins."""
    with _warnings_only():
        if stream.isatty():
            with _bar(stream) as report:
                yield report
            return
        yield lambda step: print(f"{words(step)} ...", file=stream, flush=True)


@contextlib.contextmanager
def _warnings_only() -> Iterator[None]:
    """A line for each call to the calendar would tear the bar apart."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        yield
    finally:
        structlog.configure(wrapper_class=before)


@contextlib.contextmanager
def _bar(stream: TextIO) -> Iterator[Callable[[str], None]]:
    # Of the development packages: production never gets here.
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=stream)) as bar:
        task = bar.add_task("", total=len(STEPS))
        begun: list[str] = []

        def report(step: str) -> None:
            bar.update(task, completed=len(begun), description=words(step))
            begun.append(step)

        yield report
        bar.update(task, completed=len(STEPS), description=_("Demo data loaded"))


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
