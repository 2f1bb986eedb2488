"""Our hours and Cal.com's side by side, as a person reads them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from hospitals.hours.week_form import DAY_NAMES
from hospitals.models import Weekday
from integrations.calcom.schedules.plan import Difference, Hours, Shape, both_sides, shape_from_json, shape_of
from integrations.calcom.schedules.publisher import desired_schedule
from integrations.models import CalLink

MIDNIGHT = "23:59"

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SideRow:
    """Each side in lines: a shift, a zone, a remark."""

    name: str
    ours: Lines
    theirs: Lines
    differs: bool


@dataclass(frozen=True, slots=True)
class Sides:
    week: list[SideRow]
    dates: list[SideRow]
    zone: SideRow

    @property
    def differ(self) -> bool:
        return any(row.differs for row in [*self.week, *self.dates, self.zone])


def sides_of(link: CalLink, *, at: dt.datetime) -> Sides | None:
    """None where there is nothing to compare: no zone here, or Cal.com was not read yet. Reads the doctor's hours."""
    wanted, stored = desired_schedule(link.doctor_id), shape_from_json(link.shown_schedule)
    if wanted is None or stored is None:
        return None
    today = at.astimezone(ZoneInfo(wanted.time_zone)).date()
    ours, theirs = shape_of(wanted).since(today), stored.since(today)
    rows = both_sides(ours, theirs)
    return Sides(
        week=[_day_row(row) for row in rows if row.kind == "day"],
        dates=[_date_row(row, ours, theirs) for row in rows if row.kind == "date"],
        zone=next(
            SideRow(_("Time zone"), (str(r.ours),), (str(r.theirs),), r.differs) for r in rows if r.kind == "zone"
        ),
    )


def _day_row(row: Difference) -> SideRow:
    return SideRow(str(DAY_NAMES[Weekday(int(row.what))]), _hours(row.ours), _hours(row.theirs), row.differs)


def _date_row(row: Difference, ours: Shape, theirs: Shape) -> SideRow:
    date = dt.date.fromisoformat(row.what)
    name = date_format(date, "D j M Y")
    return SideRow(name, _on_date(row.ours, date, ours), _on_date(row.theirs, date, theirs), row.differs)


def _on_date(said: str | Hours | None, date: dt.date, side: Shape) -> Lines:
    if said is None:
        return (*_hours(side.week.get(date.isoweekday(), ())), _("as every week"))
    return _hours(said)


def _hours(hours: str | Hours | None) -> Lines:
    if not hours or isinstance(hours, str):
        return (_("closed"),)
    return tuple(f"{start}-{_('midnight') if end == MIDNIGHT else end}" for start, end in hours)
