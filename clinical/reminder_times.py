"""When a reminder goes out: so long before the visit, but not at night. No database, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

LEADS = {"day_before": dt.timedelta(hours=24), "two_hours": dt.timedelta(hours=2)}
# Put off to the end of the night, it must leave this much time to get up and go.
LEAST_NOTICE = dt.timedelta(hours=1)
# Brought forward to the evening, it comes this long before the quiet begins.
EVENING_MARGIN = dt.timedelta(hours=1)
# Later than this after its moment, it is not sent any more.
GRACE = {"day_before": dt.timedelta(hours=6), "two_hours": dt.timedelta(hours=1)}

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` until `ends` by the person's clock, mostly past midnight. Equal: there are none."""

    begins: dt.time
    ends: dt.time

    def around(self, moment: dt.datetime, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime] | None:
        """The stretch of quiet that holds the moment, or None."""
        day = moment.astimezone(zone).date()
        for first in (day - _DAY, day):
            begins, ends = self._from(first, zone)
            if begins <= moment < ends:
                return begins, ends
        return None

    def next_begin(self, moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """When it is quiet next; the moment itself while it is. Never is a day later: nothing is kept longer."""
        if self.around(moment, zone):
            return moment
        if self.begins == self.ends:
            return moment + _DAY
        day = moment.astimezone(zone).date()
        begin = self._from(day, zone)[0]
        return begin if begin > moment else self._from(day + _DAY, zone)[0]

    def _from(self, day: dt.date, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
        last = day + _DAY if self.ends < self.begins else day
        return (
            dt.datetime.combine(day, self.begins, zone).astimezone(dt.UTC),
            dt.datetime.combine(last, self.ends, zone).astimezone(dt.UTC),
        )


def reminder_due(start: dt.datetime, *, kind: str, zone: dt.tzinfo, quiet: QuietHours) -> dt.datetime:
    """When to send a reminder of a visit that begins at `start`.

    One that would come in the quiet hours waits for their end; if that leaves too little time, it comes the evening
    before.
    """
    # In UTC: a zone's own clock would skip or repeat the hour of a change.
    due = start.astimezone(dt.UTC) - LEADS[kind]
    night = quiet.around(due, zone)
    if night is None:
        return due
    begins, ends = night
    return ends if start - ends >= LEAST_NOTICE else begins - EVENING_MARGIN
