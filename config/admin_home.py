"""The portal's first page: a hospital admin's day, or an operator's platform."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import User
from accounts.permissions import Permission, has_permission
from clinical.agenda.figures import DayOutcomes, day_figures, month_figures
from clinical.visits.attention import ATTENTION_TEXTS, attention_counts
from config.installation.report import problems
from hospitals.models import Hospital
from hospitals.staff.search import locked_staff
from integrations.figures import health_figures

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


def home_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook for the index."""
    user, at = request.user, timezone.now()
    if not isinstance(user, User):
        return context
    context |= {
        "hospitals_without_zone": _without_zone(user),
        "can_set_zone": has_permission(user, Permission.MANAGE_HOSPITALS),
        "health": health_figures(user, at=at),
        "locked": locked_staff(user, at=at),
    }
    if user.is_operator:
        context["installation_problems"] = problems()
    # Figures are a hospital admin's; broken glass opens records, not the day of several hospitals in one.
    if user.hospital_id and has_permission(user, Permission.VIEW_APPOINTMENTS, hospital=user.hospital_id):
        zone = zone_of_page()
        day, month = day_figures(user, at=at, zone=zone), month_figures(user, at=at, zone=zone)
        context |= {
            "day": day,
            "month": month,
            "chart": chart_of(month.days),
            "median_wait": _duration(day.prescriptions.median_wait, at=at),
            "attention": _attention(user, at),
            "longest_wait": _duration(day.prescriptions.longest_wait, at=at),
        }
    return context


def _attention(user: User, at: dt.datetime) -> list[tuple[str, Any, str]]:
    """Of each kind that there is any of: the kind, its name, how many."""
    counts = attention_counts(user, at=at)
    return [(kind, ATTENTION_TEXTS[kind][0], number) for kind, number in counts.items() if number != "0"]


def _without_zone(user: User) -> list[Hospital]:
    # An admin's own hospital came with the user.
    own = [user.hospital] if user.hospital else list(Hospital.objects.for_user(user))
    return [one for one in own if one.is_active and not one.time_zone]


def zone_of_page() -> zoneinfo.ZoneInfo:
    """The hospital's, set by `AdminPortalMiddleware`, or UTC."""
    return zoneinfo.ZoneInfo(timezone.get_current_timezone_name())


def _duration(wait: dt.timedelta | None, *, at: dt.datetime) -> str:
    return timesince(at - wait, at, depth=1) if wait is not None else ""
