from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.phone_numbers import country_of
from core.rate_windows import HOUR, Limit, address_subject, ceiling_wait, whole_seconds

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(hours=24)
TICK = dt.timedelta(microseconds=1)
MINUTES = [dt.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15)]
SENDS = Limit(5, DAY, tuple(MINUTES))

gaps = st.lists(st.integers(0, 8 * 3600).map(lambda seconds: dt.timedelta(seconds=seconds)), max_size=40)
limits = st.builds(
    Limit,
    most=st.integers(1, 6),
    period=st.sampled_from([HOUR, DAY]),
    delays=st.sampled_from([(), tuple(MINUTES), (dt.timedelta(minutes=1),)]),
)


def walk(limit: Limit, gaps: Sequence[dt.timedelta]) -> tuple[list[dt.datetime], dt.datetime]:
    """What is taken of tries these gaps apart, and when the last was made."""
    at, taken = NOW, list[dt.datetime]()
    for gap in gaps:
        at += gap
        if limit.allows(taken, at):
            taken.append(at)
    return taken, at


@given(limits, gaps)
def test_no_window_ever_holds_more_than_the_limit(limit: Limit, gaps: list[dt.timedelta]) -> None:
    taken, _ = walk(limit, gaps)
    for index, hit in enumerate(taken):
        assert sum(hit <= other < hit + limit.period for other in taken[index:]) <= limit.most


@given(limits, gaps)
def test_the_wait_told_is_exact(limit: Limit, gaps: list[dt.timedelta]) -> None:
    taken, at = walk(limit, gaps)
    wait = limit.wait(taken, at)
    assert limit.allows(taken, at + wait)
    assert wait == dt.timedelta(0) or not limit.allows(taken, at + wait - TICK)


@given(limits, gaps)
def test_forgetting_what_is_too_old_changes_nothing(limit: Limit, gaps: list[dt.timedelta]) -> None:
    taken, at = walk(limit, gaps)
    assert limit.wait(limit.recent(taken, at), at) == limit.wait(taken, at)


@pytest.mark.parametrize("late", [TICK, dt.timedelta(seconds=3)])
def test_a_request_that_read_its_clock_before_the_last_one_did_is_let_through(late: dt.timedelta) -> None:
    three_an_hour = Limit(3, HOUR)
    assert three_an_hour.wait([NOW], NOW - late) == dt.timedelta(0)
    assert three_an_hour.wait([NOW - late, NOW], NOW - 2 * late) == dt.timedelta(0)
    assert three_an_hour.wait([NOW, NOW, NOW], NOW - late) == HOUR + late


def test_a_delay_counts_from_the_last_hit_for_it_too() -> None:
    assert SENDS.wait([NOW], NOW - dt.timedelta(seconds=3)) == dt.timedelta(seconds=63)


def test_waits_grow_and_the_sixth_is_a_day_after_the_first() -> None:
    hits, at, waits = list[dt.datetime](), NOW, list[dt.timedelta]()
    for _ in range(5):
        hits.append(at)
        waits.append(SENDS.wait(hits, at))
        at += waits[-1]
    assert waits == [*MINUTES, DAY - dt.timedelta(minutes=23)]
    assert (SENDS.allows(hits, NOW + DAY - TICK), SENDS.allows(hits, NOW + DAY)) == (False, True)


def test_a_limit_of_none_lets_nothing_through() -> None:
    assert Limit(0, DAY).wait([], NOW) == DAY


@pytest.mark.parametrize(
    ("sends", "wait"),
    [
        ({}, 0),
        ({0: 9}, 0),
        ({0: 10}, 61),
        ({0: 4, -30: 6}, 31),
        ({0: 4, -30: 6, -61: 50}, 0 + 31),
        ({0: 4, -30: 3, -60: 3}, 1),
    ],
)
def test_how_long_until_a_ceiling_has_room(sends: dict[int, int], wait: int) -> None:
    tallies = {NOW + dt.timedelta(minutes=minutes): count for minutes, count in sends.items()}
    assert ceiling_wait(tallies, 10, NOW) == dt.timedelta(minutes=wait)


def test_seconds_are_rounded_up() -> None:
    assert [whole_seconds(dt.timedelta(seconds=seconds)) for seconds in (0, 0.001, 1, 1.5)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        (None, "unknown"),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
    ],
)
def test_an_ipv6_customer_is_one_subject(address: str | None, subject: str) -> None:
    assert address_subject(address) == subject


@pytest.mark.parametrize(
    ("number", "country"), [("436601234567", "AT"), ("12125550123", "US"), ("19995550123", "+1"), ("9", "unknown")]
)
def test_the_country_of_a_number(number: str, country: str) -> None:
    assert country_of(number) == country
