"""How far loading is: a bar on a terminal, a line a step elsewhere."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import TextIO

import structlog
from django.utils.translation import gettext as _

from config.demo.load import STEPS


def words(step: str) -> str:
    return {
        "people": _("Inventing hospitals, staff and patients"),
        "calendar": _("Connecting the doctors to the calendar"),
        "visits": _("Planning the visits"),
        "prescriptions": _("Writing prescriptions"),
        "talks": _("Recording talks with the assistant"),
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
