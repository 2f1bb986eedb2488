"""A hospital's last 30 days in figures: what became of the visits, day by day, and how often the AI was spoken to."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q, Value
from django.db.models.functions import TruncDate

from clinical.models import AiSession, Appointment

if TYPE_CHECKING:
    from accounts.models import User

DAYS = 30
# Rows are counted, not keys: the index alone answers, and holds no key.
_ROW = Value(1)


@dataclass(frozen=True, slots=True)
class DayOutcomes:
    """Visits of one day, each counted once: `kept` are booked or done."""

    day: dt.date
    kept: int = 0
    cancelled: int = 0
    no_show: int = 0

    @property
    def total(self) -> int:
        return self.kept + self.cancelled + self.no_show


@dataclass(frozen=True, slots=True)
class TalkCounts:
    today: int
    month: int
    by_phone: int


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """`days` are the last 30, today included; none is left out."""

    days: Sequence[DayOutcomes]
    talks: TalkCounts

    @property
    def total(self) -> DayOutcomes:
        return DayOutcomes(
            self.days[-1].day,
            sum(one.kept for one in self.days),
            sum(one.cancelled for one in self.days),
            sum(one.no_show for one in self.days),
        )


def month_figures(user: User, *, at: dt.datetime, zone: zoneinfo.ZoneInfo) -> MonthFigures:
    """What the user may see of the 30 days that end with the one `at` is in, in that zone. Two queries."""
    today = at.astimezone(zone).date()
    days = [today - dt.timedelta(days=ago) for ago in reversed(range(DAYS))]
    start, midnight, end = (_midnight(day, zone) for day in (days[0], today, today + dt.timedelta(days=1)))
    found = _outcomes(user, start, end, zone)
    return MonthFigures([found.get(day, DayOutcomes(day)) for day in days], _talks(user, start, midnight, end))


def _outcomes(user: User, start: dt.datetime, end: dt.datetime, zone: zoneinfo.ZoneInfo) -> dict[dt.date, DayOutcomes]:
    cancelled = Q(status=Appointment.Status.CANCELLED)
    rows = (
        Appointment.objects.for_user(user)
        .between(start, end)
        .annotate(day=TruncDate("start_ts", tzinfo=zone))
        .values("day")
        .annotate(
            kept=Count(_ROW, filter=~cancelled & Q(no_show=False)),
            cancelled=Count(_ROW, filter=cancelled),
            no_shows=Count(_ROW, filter=~cancelled & Q(no_show=True)),
        )
        .order_by("day")
    )
    return {row["day"]: DayOutcomes(row["day"], row["kept"], row["cancelled"], row["no_shows"]) for row in rows}


def _talks(user: User, start: dt.datetime, midnight: dt.datetime, end: dt.datetime) -> TalkCounts:
    rows = AiSession.objects.for_user(user).filter(start_time__gte=start, start_time__lt=end)
    return TalkCounts(
        **rows.aggregate(
            today=Count("pk", filter=Q(start_time__gte=midnight)),
            month=Count("pk"),
            by_phone=Count("pk", filter=Q(source=AiSession.Source.PHONE_CALL)),
        )
    )


def _midnight(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone)
