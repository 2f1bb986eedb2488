"""Medians and ratios, as a table for people and as JSON for later."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dev.bench.measure import Target

Line = dict[str, Any]
HEADINGS = (
    *("address", "visits", "requests/s", "p50 ms", "p99 ms", "of floor", "of textbook"),
    *("small/large", "at most", "p99 large/small"),
)


def machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{_processor()}, {cores} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def lines(targets: Sequence[Target]) -> list[Line]:
    """Ratios are medians of the rounds' own ratios: each round's runs stood close together in time."""
    return [_line(target, targets) for target in targets]


def _line(target: Target, targets: Sequence[Target]) -> Line:
    is_large = target.appointments == max(one.appointments for one in targets)
    small = _small(target, targets) if is_large else None
    return {
        "name": target.row.name,
        "appointments": target.appointments,
        "rate": _median(run.rate for run in target.runs),
        "rate_lowest": min(run.rate for run in target.runs),
        "rate_highest": max(run.rate for run in target.runs),
        "p50_ms": _median(run.p50_ms for run in target.runs),
        "p99_ms": _median(run.p99_ms for run in target.runs),
        "of_floor": _ratio(target, _other(target.row.floor, target, targets)),
        "least_of_floor": target.row.least_of_floor,
        "of_textbook": _ratio(target, _other(target.row.textbook, target, targets)),
        "least_of_textbook": target.row.least_of_textbook,
        "small_over_large": _ratio(small, target),
        "most_slower": target.row.most_slower,
        "p99_large_over_small": _p99_ratio(target, small),
        "most_p99": target.row.most_p99,
    }


def table(made: Sequence[Line]) -> str:
    rows = [HEADINGS, tuple("---" for _ in HEADINGS)]
    rows += [
        (
            line["name"],
            f"{line['appointments']:,}",
            f"{line['rate']:,.0f}",
            f"{line['p50_ms']:.1f}",
            f"{line['p99_ms']:.1f}",
            _shown(line["of_floor"]),
            _shown(line["of_textbook"]),
            _shown(line["small_over_large"]),
            _shown(line["most_slower"]) if line["small_over_large"] else "",
            _shown(line["p99_large_over_small"]),
        )
        for line in made
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


# What is measured, its bound, and what to say. Told where two sizes were measured: the bounds are the large one's.
_AT_MOST = (
    ("small_over_large", "most_slower", "{:.2f} times slower in the larger database, {} at most"),
    ("p99_large_over_small", "most_p99", "p99 {:.2f} times as long in the larger database, {} at most"),
)
_AT_LEAST = (
    ("of_floor", "least_of_floor", "{:.2f} of its floor, {} at least"),
    ("of_textbook", "least_of_textbook", "{:.2f} of the textbook's rate, {} at least"),
)


def beyond(made: Sequence[Line]) -> list[str]:
    """What misses its bound, a line each."""
    judged = [line for line in made if line["small_over_large"]]
    return [
        f"{line['name']}: {words.format(line[found], line[bound])}"
        for line in judged
        for checks, sign in ((_AT_MOST, 1), (_AT_LEAST, -1))
        for found, bound, words in checks
        if line[found] and line[bound] and sign * line[found] > sign * line[bound]
    ]


def _shown(number: float | None) -> str:
    return f"{number:.2f}" if number else ""


def _other(name: str, target: Target, targets: Sequence[Target]) -> Target | None:
    """The row of that name, in a database of the same size if there is one."""
    named = [one for one in targets if one.row.name == name]
    same_size = [one for one in named if one.appointments == target.appointments]
    return next(iter(same_size or named), None)


def _small(target: Target, targets: Sequence[Target]) -> Target | None:
    smaller = [one for one in targets if one.row == target.row and one.appointments < target.appointments]
    return smaller[0] if smaller else None


def _ratio(one: Target | None, other: Target | None) -> float | None:
    if one is None or other is None:
        return None
    return _median(mine.rate / theirs.rate for mine, theirs in zip(one.runs, other.runs, strict=True))


def _p99_ratio(one: Target, other: Target | None) -> float | None:
    if other is None:
        return None
    return _median(mine.p99_ms / theirs.p99_ms for mine, theirs in zip(one.runs, other.runs, strict=True))


def _median(values: Any) -> float:
    return float(statistics.median(values))
