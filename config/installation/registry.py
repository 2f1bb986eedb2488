"""The checks of an installation: each asks one part and says in plain words how it is.

`manage.py doctor` runs them all, `/readyz` and the operator's first page those that are quick.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog
from django.db import Error as DatabaseError

log = structlog.get_logger(__name__)
Ask = Callable[[], "Iterable[Finding]"]


class Level(enum.IntEnum):
    """The exit code of `manage.py doctor` is the highest found."""

    OK = 0
    WARNING = 1
    BROKEN = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """`hint` says what to do; empty where all is well."""

    level: Level
    text: str
    hint: str = ""


def ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def warning(text: str, hint: str = "") -> Finding:
    return Finding(Level.WARNING, text, hint)


def broken(text: str, hint: str = "") -> Finding:
    return Finding(Level.BROKEN, text, hint)


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ask: Ask
    needs_database: bool
    # Asks somebody outside the installation.
    is_outside: bool
    # Cheap enough for a page.
    is_quick: bool


@dataclass(frozen=True, slots=True)
class Result:
    check: str
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        return max(finding.level for finding in self.findings)


CHECKS: dict[str, Check] = {}


def check(
    name: str, *, needs_database: bool = True, is_outside: bool = False, is_quick: bool = False
) -> Callable[[Ask], Ask]:
    def register(ask: Ask) -> Ask:
        CHECKS[name] = Check(name, ask, needs_database, is_outside, is_quick)
        return ask

    return register


def run(checks: Iterable[Check], *, is_database_there: Callable[[], bool]) -> Iterator[Result]:
    """A check that could not run says so: it is never left out."""
    for one in checks:
        if one.needs_database and not is_database_there():
            yield Result(one.name, (warning("Not checked: it needs the database."),))
            continue
        yield Result(one.name, _asked(one))


def _asked(one: Check) -> tuple[Finding, ...]:
    try:
        return tuple(one.ask())
    except DatabaseError as error:
        return (broken(f"Could not be checked: the database refused ({type(error).__name__})."),)
    except Exception as error:  # the edge: one check that fails must not hide what the others find
        log.exception("installation.check_failed", check=one.name)
        return (broken(f"Could not be checked: {type(error).__name__}."),)
