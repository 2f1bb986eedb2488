from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from dev.simulators.calcom.calendar import DAY_NAMES, Span, free_starts, open_spans
from dev.simulators.calcom.records import Override, Schedule, Window

HOUR = timedelta(hours=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def utc(day: int, hour: int, minute: int = 0, *, month: int = 9) -> datetime:
    return datetime(2050, month, day, hour, minute, tzinfo=UTC)


def schedule(
    *hours: tuple[str, str, str], zone: str = "Europe/Berlin", overrides: list[Override] | None = None
) -> Schedule:
    windows = [Window(days=[day], start=time.fromisoformat(a), end=time.fromisoformat(b)) for day, a, b in hours]
    return Schedule(id=1, owner_id=1, name="", time_zone=zone, windows=windows, overrides=overrides or [])


def whole(day: int, *, month: int = 9) -> Span:
    return Span(utc(day, 0, month=month), utc(day, 0, month=month) + timedelta(days=1))


def test_hours_are_wall_clock_in_the_schedules_zone() -> None:
    # 2050-09-05 is a Monday, two hours ahead of UTC in Berlin.
    assert open_spans(schedule(("Monday", "09:00", "12:00")), whole(5)) == [Span(utc(5, 7), utc(5, 10))]


def test_an_end_at_23_59_reaches_midnight_and_joins_the_next_day() -> None:
    night = schedule(("Monday", "22:00", "23:59"), ("Tuesday", "00:00", "06:00"), zone="UTC")
    assert open_spans(night, whole(5)) == [Span(utc(5, 22), utc(6, 6))]


def test_an_override_replaces_the_days_hours() -> None:
    special = [Override(day=date(2050, 9, 5), start=time(15), end=time(16))]
    assert open_spans(schedule(("Monday", "09:00", "12:00"), zone="UTC", overrides=special), whole(5)) == [
        Span(utc(5, 15), utc(5, 16))
    ]


def test_an_override_from_midnight_to_midnight_closes_the_day() -> None:
    closed = [Override(day=date(2050, 9, 5), start=time(0), end=time(0))]
    assert open_spans(schedule(("Monday", "09:00", "12:00"), overrides=closed), whole(5)) == []


def test_an_override_opens_a_day_that_is_off() -> None:
    special = [Override(day=date(2050, 9, 4), start=time(9), end=time(10))]
    opened = open_spans(schedule(("Monday", "09:00", "12:00"), zone="UTC", overrides=special), whole(4))
    assert opened == [Span(utc(4, 9), utc(4, 10))]


@pytest.mark.parametrize(
    ("month", "day", "start_hour", "hours"),
    # Clocks in Berlin go forward on 2050-03-27 and back on 2050-10-30, both Sundays.
    [(3, 26, 23, 23), (10, 29, 22, 25)],
)
def test_a_day_of_changing_clocks_is_shorter_or_longer(month: int, day: int, start_hour: int, hours: int) -> None:
    sunday = schedule(("Sunday", "00:00", "23:59"))
    start = utc(day, start_hour, month=month)
    assert open_spans(sunday, whole(day + 1, month=month)) == [Span(start, start + timedelta(hours=hours))]


def test_afternoons_keep_their_wall_clock_when_clocks_change() -> None:
    sunday = schedule(("Sunday", "14:00", "15:00"))
    assert open_spans(sunday, whole(27, month=3))[0].start == utc(27, 12, month=3)
    assert open_spans(sunday, whole(30, month=10))[0].start == utc(30, 13, month=10)


def starts(
    *, busy: list[Span] | None = None, before: int = 0, after: int = 0, earliest: datetime = LONG_AGO
) -> list[str]:
    found = free_starts(
        [Span(utc(5, 8), utc(5, 11))],
        within=whole(5),
        length=HOUR,
        step=timedelta(minutes=30),
        busy=busy or [],
        before=timedelta(minutes=before),
        after=timedelta(minutes=after),
        earliest=earliest,
    )
    return [f"{start:%H:%M}" for start in found]


def test_starts_step_through_the_hours_and_end_within_them() -> None:
    assert starts() == ["08:00", "08:30", "09:00", "09:30", "10:00"]


def test_a_taken_time_leaves_those_that_touch_it() -> None:
    assert starts(busy=[Span(utc(5, 9), utc(5, 10))]) == ["08:00", "10:00"]


def test_buffers_keep_visits_apart() -> None:
    taken = [Span(utc(5, 9, 30), utc(5, 9, 30) + timedelta(minutes=1))]
    assert starts(busy=taken) == ["08:00", "08:30", "10:00"]
    assert starts(busy=taken, after=15) == ["08:00", "10:00"]
    assert starts(busy=taken, before=45) == ["08:00", "08:30"]


def test_nothing_before_the_earliest_moment() -> None:
    assert starts(earliest=utc(5, 9, 10)) == ["09:30", "10:00"]


def test_day_names_begin_with_monday() -> None:
    assert DAY_NAMES[date(2050, 9, 5).weekday()] == "Monday"
