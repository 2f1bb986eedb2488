"""All checks, or the quick ones, run and judged."""

from __future__ import annotations

from collections.abc import Iterator

from config.installation import background, database, machine, vendors
from config.installation.registry import CHECKS, Finding, Level, Result, run

# Registered by being imported.
__all__ = ["background", "machine", "vendors"]


def report(*, is_offline: bool = False) -> Iterator[Result]:
    """Every check, as each is done."""
    checks = [one for one in CHECKS.values() if not (is_offline and one.is_outside)]
    # Asked once: each time may take a second.
    there: list[bool] = []

    def is_there() -> bool:
        there.extend([] if there else [database.is_there()])
        return there[0]

    return run(checks, is_database_there=is_there)


def problems() -> list[Finding]:
    """What the quick checks find wrong, for a page: the database is there, as the page is."""
    results = run([one for one in CHECKS.values() if one.is_quick], is_database_there=lambda: True)
    return [finding for result in results for finding in result.findings if finding.level > Level.OK]
