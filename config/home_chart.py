"""Bars of a month's visits, as whole numbers for an SVG that stretches to its place. No database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clinical.agenda.figures import DayOutcomes

# The drawing's own units; the page stretches it.
HEIGHT = 1000
WIDTH_OF_DAY = 20
GAP = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One colour of a bar, from its top down."""

    kind: str
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    day: DayOutcomes
    x: int
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` is the number of visits that the full height stands for; `marks` are the days written below."""

    bars: Sequence[Bar]
    top: int
    marks: Sequence[dt.date]
    width: int
    height: int = HEIGHT
    bar_width: int = WIDTH_OF_DAY - GAP


def chart_of(days: Sequence[DayOutcomes]) -> Chart:
    top = round_up(max(day.total for day in days))
    bars = [Bar(day, n * WIDTH_OF_DAY, list(_parts(day, top))) for n, day in enumerate(days)]
    marks = [days[0].day, days[len(days) // 2].day, days[-1].day]
    return Chart(bars, top, marks, width=len(days) * WIDTH_OF_DAY - GAP)


def round_up(number: int) -> int:
    """To a number that is easily read, not far above."""
    step = 10
    while True:
        for tenths in (10, 12, 15, 20, 30, 40, 50, 60, 80):
            if number <= step * tenths // 10:
                return step * tenths // 10
        step *= 10


def _parts(day: DayOutcomes, top: int) -> Iterator[Part]:
    """From the ground up. Heights are differences of rounded tops, so that no gap opens between two colours."""
    ground = 0
    for kind, count in (("kept", day.kept), ("cancelled", day.cancelled), ("missed", day.no_show)):
        if count:
            below, ground = ground, ground + count
            y, foot = HEIGHT - ground * HEIGHT // top, HEIGHT - below * HEIGHT // top
            yield Part(kind, y, foot - y)
