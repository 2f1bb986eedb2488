from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.reminders.due import EVENING_MARGIN, LEAST_NOTICE, QuietHours, reminder_due
from hospitals.models.hospital import LONGEST_LEAD, REMINDER_KINDS, ReminderKind, reminder_kind

NIGHT = QuietHours(dt.time(21), dt.time(8))
VIENNA = zoneinfo.ZoneInfo("Europe/Vienna")
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")


def local(text: str, zone: dt.tzinfo = VIENNA) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "day_before", "two_hours"),
    [
        ("2026-03-04T14:00", "2026-03-03T14:00", "2026-03-04T12:00"),
        ("2026-03-04T10:00", "2026-03-03T10:00", "2026-03-04T08:00"),
        # Put off to the end of the night, while an hour is left ..
        ("2026-03-04T09:59", "2026-03-03T09:59", "2026-03-04T08:00"),
        ("2026-03-04T09:00", "2026-03-03T09:00", "2026-03-04T08:00"),
        # .. else the evening before.
        ("2026-03-04T08:59", "2026-03-03T08:59", "2026-03-03T20:00"),
        ("2026-03-04T07:00", "2026-03-03T08:00", "2026-03-03T20:00"),
        ("2026-03-04T00:30", "2026-03-03T08:00", "2026-03-03T20:00"),
        ("2026-03-04T22:59", "2026-03-04T08:00", "2026-03-04T20:59"),
        ("2026-03-04T23:00", "2026-03-04T08:00", "2026-03-04T20:00"),
        # The night in which the clocks change.
        ("2026-03-29T09:30", "2026-03-28T08:30", "2026-03-29T08:00"),
    ],
)
def test_a_reminder_comes_before_the_visit_and_not_at_night(start: str, day_before: str, two_hours: str) -> None:
    due = {kind.value: reminder_due(local(start), kind=kind, zone=VIENNA, quiet=NIGHT) for kind in REMINDER_KINDS}
    assert due == {"day_before": local(day_before), "two_hours": local(two_hours)}


def test_night_is_where_the_patient_is() -> None:
    start = local("2026-03-04T14:00")  # 8:00 in New York, where it is night two hours before
    assert reminder_due(start, kind=reminder_kind("two_hours"), zone=NEW_YORK, quiet=NIGHT) == local(
        "2026-03-03T20:00", NEW_YORK
    )


def test_there_may_be_no_quiet_hours_or_quiet_days() -> None:
    start = local("2026-03-04T03:00")
    none = QuietHours(dt.time(8), dt.time(8))
    assert reminder_due(start, kind=reminder_kind("two_hours"), zone=VIENNA, quiet=none) == local("2026-03-04T01:00")
    noon = QuietHours(dt.time(12), dt.time(14))
    assert reminder_due(local("2026-03-04T15:30"), kind=reminder_kind("two_hours"), zone=VIENNA, quiet=noon) == local(
        "2026-03-04T14:00"
    )


@pytest.mark.parametrize(
    ("moment", "begin"),
    [
        ("2026-03-04T12:00", "2026-03-04T21:00"),
        ("2026-03-04T21:00", "2026-03-04T21:00"),
        ("2026-03-04T03:00", "2026-03-04T03:00"),
        ("2026-03-04T08:00", "2026-03-04T21:00"),
    ],
)
def test_when_quiet_begins_next(moment: str, begin: str) -> None:
    assert NIGHT.next_begin(local(moment), VIENNA) == local(begin)


@given(
    start=st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1), timezones=st.just(dt.UTC)),
    zone=st.sampled_from([VIENNA, NEW_YORK, zoneinfo.ZoneInfo("Asia/Kathmandu"), dt.UTC]),
    kind=st.sampled_from(REMINDER_KINDS),
)
def test_no_reminder_is_due_at_night_or_too_late(start: dt.datetime, zone: dt.tzinfo, kind: ReminderKind) -> None:
    due = reminder_due(start, kind=kind, zone=zone, quiet=NIGHT)
    assert NIGHT.around(due, zone) is None
    assert LEAST_NOTICE <= start - due <= LONGEST_LEAD + EVENING_MARGIN
