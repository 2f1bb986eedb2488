"""Medians and ratios, as a table for people and as JSON for later."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.bench.measure import Target

Line = dict[str, Any]
HEADINGS = ("address", "visits", "requests/s", "p50 ms", "p99 ms", "of floor", "small/large", "at most")


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
    large = max(target.appointments for target in targets)
    return [
        {
            "name": target.row.name,
            "appointments": target.appointments,
            "rate": _median(run.rate for run in target.runs),
            "rate_lowest": min(run.rate for run in target.runs),
            "rate_highest": max(run.rate for run in target.runs),
            "p50_ms": _median(run.p50_ms for run in target.runs),
            "p99_ms": _median(run.p99_ms for run in target.runs),
            "of_floor": _ratio(target, _floor(target, targets)),
            "small_over_large": _ratio(_small(target, targets), target) if target.appointments == large else None,
            "most_slower": target.row.most_slower,
        }
        for target in targets
    ]


def table(made: Sequence[Line]) -> str:
    rows = [HEADINGS, tuple("---" for _ in HEADINGS)]
    rows += [
        (
            line["name"],
            f"{line['appointments']:,}",
            f"{line['rate']:,.0f}",
            f"{line['p50_ms']:.1f}",
            f"{line['p99_ms']:.1f}",
            f"{line['of_floor']:.2f}" if line["of_floor"] else "",
            f"{line['small_over_large']:.2f}" if line["small_over_large"] else "",
            f"{line['most_slower']:.2f}" if line["small_over_large"] and line["most_slower"] else "",
        )
        for line in made
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


def beyond(made: Sequence[Line]) -> list[str]:
    """The rows that a larger database slows down by more than they may be."""
    return [
        f"{line['name']}: {line['small_over_large']:.2f} times slower in the larger database,"
        f" {line['most_slower']} at most"
        for line in made
        if line["small_over_large"] and line["most_slower"] and line["small_over_large"] > line["most_slower"]
    ]


def _floor(target: Target, targets: Sequence[Target]) -> Target | None:
    floors = [one for one in targets if one.row.name == target.row.floor]
    same_size = [one for one in floors if one.appointments == target.appointments]
    return next(iter(same_size or floors), None)


def _small(target: Target, targets: Sequence[Target]) -> Target | None:
    smaller = [one for one in targets if one.row == target.row and one.appointments < target.appointments]
    return smaller[0] if smaller else None


def _ratio(one: Target | None, other: Target | None) -> float | None:
    if one is None or other is None:
        return None
    return _median(mine.rate / theirs.rate for mine, theirs in zip(one.runs, other.runs, strict=True))


def _median(values: Any) -> float:
    return float(statistics.median(values))
