"""How the pharmacy's day goes, in figures. Two queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import TruncHour

from accounts.models import User
from clinical.day_figures import Median
from clinical.models import Prescription
from clinical.prescriptions.states import OPEN

# Hours that are always drawn, so that the first dispensing of a day is not a chart of one bar.
OPENS, CLOSES = 8, 18


@dataclass(frozen=True, slots=True)
class Hour:
    """`percent` of the busiest hour."""

    hour: int
    done: int
    percent: int

    @property
    def room(self) -> int:
        """What is left above the bar."""
        return 100 - self.percent


@dataclass(frozen=True, slots=True)
class PharmacyFigures:
    """`waiting` and `median_wait_minutes` are of what nobody has taken yet; `done` is dispensed since midnight."""

    waiting: int
    median_wait_minutes: int | None
    done: int
    hours: Sequence[Hour]


def pharmacy_figures(*, user: User, since: dt.datetime, at: dt.datetime) -> PharmacyFigures:
    rows = Prescription.objects.for_user(user)
    wait = ExpressionWrapper(Value(at) - F("created_at"), output_field=DurationField())
    waiting = rows.filter(status__in=OPEN, pharmacist__isnull=True).aggregate(
        # Not of a column: what the index holds is enough.
        count=Count("*"),
        median=Median(wait, output_field=DurationField()),
    )
    by_hour = (
        rows.filter(status="COMPLETED", completed_at__gte=since)
        .annotate(hour=TruncHour("completed_at", tzinfo=since.tzinfo))
        .values_list("hour")
        .annotate(done=Count("pk"))
    )
    done: dict[int, int] = {}
    for moment, count in by_hour:  # the hour that comes twice when clocks go back is one bar
        done[moment.hour] = done.get(moment.hour, 0) + count
    median = waiting["median"]
    return PharmacyFigures(
        waiting=waiting["count"],
        median_wait_minutes=int(median.total_seconds() // 60) if median is not None else None,
        done=sum(done.values()),
        hours=_hours(done),
    )


def _hours(done: dict[int, int]) -> list[Hour]:
    most = max(done.values(), default=0)
    first, last = min([OPENS, *done]), max([CLOSES, *done])
    return [Hour(hour, n := done.get(hour, 0), 100 * n // most if most else 0) for hour in range(first, last + 1)]
