from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dev.simulators.calcom.calendar import starts_in, without
from dev.simulators.calcom.hours import DAY_NAMES, Span, open_spans
from dev.simulators.calcom.records import Override, Schedule, Window

HOUR = timedelta(hours=1)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
OPENS = datetime(2050, 9, 5, 8, tzinfo=UTC)


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
    assert open_spans(night, Span(utc(5, 0), utc(7, 0))) == [Span(utc(5, 22), utc(6, 6))]


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


def test_an_override_leaves_what_began_the_evening_before() -> None:
    """And takes with it what began on its date and runs on: hours belong to the date on which they began."""
    night = (("Monday", "22:00", "23:59"), ("Tuesday", "00:00", "06:00"))
    tuesday = [Override(day=date(2050, 9, 6), start=time(0), end=time(4))]
    monday = [Override(day=date(2050, 9, 5), start=time(12), end=time(12))]
    both = Span(utc(5, 0), utc(7, 0))
    assert open_spans(schedule(*night, zone="UTC", overrides=tuesday), both) == [Span(utc(5, 22), utc(6, 6))]
    assert open_spans(schedule(*night, zone="UTC", overrides=monday), both) == []
    # Asked for from the second date on, the hours of the first belong to none.
    assert open_spans(schedule(*night, zone="UTC", overrides=tuesday), whole(6)) == [Span(utc(6, 0), utc(6, 4))]


def test_an_override_to_midnight_swallows_a_date_closed_at_midnight() -> None:
    evening = Override(day=date(2050, 9, 5), start=time(20), end=time(23, 59))
    hours = (("Monday", "20:00", "23:59"), ("Tuesday", "09:00", "12:00"))
    both = Span(utc(5, 0), utc(7, 0))

    def offered(closed_at: int) -> list[Span]:
        closed = Override(day=date(2050, 9, 6), start=time(closed_at), end=time(closed_at))
        return open_spans(schedule(*hours, zone="UTC", overrides=[evening, closed]), both)

    assert offered(0) == [Span(utc(5, 20), utc(6, 0)), Span(utc(6, 9), utc(6, 12))]
    assert offered(12) == [Span(utc(5, 20), utc(6, 0))]


def test_hours_that_begin_before_the_clock_changes_begin_an_hour_off() -> None:
    # Clocks in Berlin go forward on 2050-03-27 and back on 2050-10-30, both Sundays.
    sunday = schedule(("Sunday", "01:00", "06:00"))
    assert open_spans(sunday, Span(utc(26, 12, month=3), utc(27, 12, month=3)))[0].start == utc(26, 23, month=3)
    assert open_spans(sunday, whole(30, month=10))[0].start == utc(30, 0, month=10)


def test_afternoons_keep_their_wall_clock_when_clocks_change() -> None:
    sunday = schedule(("Sunday", "14:00", "15:00"))
    assert open_spans(sunday, whole(27, month=3))[0].start == utc(27, 12, month=3)
    assert open_spans(sunday, whole(30, month=10))[0].start == utc(30, 13, month=10)


def test_afternoons_in_america_do_not() -> None:
    sunday = schedule(("Sunday", "14:00", "15:00"), zone="America/New_York")
    # 2027-03-14: 14:00 is 18:00 UTC from that day on, and is offered an hour later.
    day = Span(datetime(2027, 3, 14, 5, tzinfo=UTC), datetime(2027, 3, 15, 4, tzinfo=UTC))
    assert [span.start for span in open_spans(sunday, day)] == [datetime(2027, 3, 14, 19, tzinfo=UTC)]


def starts(
    *,
    taken: list[Span] | None = None,
    opens: datetime = OPENS,
    length: timedelta = HOUR,
    step: timedelta = HOUR / 2,
    earliest: datetime = LONG_AGO,
    is_optimized: bool = False,
) -> list[str]:
    found = starts_in(
        without([Span(opens, utc(5, 11))], taken or []),
        length=length,
        step=step,
        zone=ZoneInfo("UTC"),
        earliest=earliest,
        is_optimized=is_optimized,
    )
    return [f"{start:%H:%M}" for start in found]


def test_starts_step_through_the_hours_and_end_within_them() -> None:
    assert starts() == ["08:00", "08:30", "09:00", "09:30", "10:00"]


def test_each_free_stretch_has_a_grid_of_its_own() -> None:
    taken = [Span(utc(5, 8, 50), utc(5, 9, 10))]
    assert starts(taken=taken, length=HOUR / 2) == ["08:00", "09:30", "10:00", "10:30"]
    assert starts(taken=taken, length=HOUR / 2, is_optimized=True) == ["08:00", "09:30", "10:00", "10:30"]
    # Without time to spare the stretch's own beginning is kept.
    ten_to_eight = utc(5, 7, 50)
    assert starts(opens=ten_to_eight, length=HOUR, step=HOUR) == ["08:00", "09:00", "10:00"]
    assert starts(opens=utc(5, 8, 10), length=HOUR, step=HOUR) == ["09:00", "10:00"]
    assert starts(opens=utc(5, 8, 30), length=HOUR / 2 * 5, step=HOUR / 2 * 5, is_optimized=True) == ["08:30"]


def test_nothing_before_the_earliest_moment() -> None:
    assert starts(earliest=utc(5, 9, 10)) == ["09:30", "10:00"]


def test_day_names_begin_with_monday() -> None:
    assert DAY_NAMES[date(2050, 9, 5).weekday()] == "Monday"
