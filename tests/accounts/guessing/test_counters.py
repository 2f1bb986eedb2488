from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.guessing.counters import (
    Lockout,
    Tally,
    add_to_minute,
    clear,
    count_failure_in_a_row,
    count_hit,
    forget,
    hits_of,
    purge,
    take_back_hit,
    totals_by_minute,
    totals_by_subject,
)
from accounts.models import GuessCounter
from core.rate_windows import FOREVER, Limit
from core.refusals import TooOften

NOW = dt.datetime(2026, 3, 2, 10, 0, 30, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
TWO_AN_HOUR = Limit(2, HOUR)


def hit(at: dt.datetime, *, limit: Limit = TWO_AN_HOUR) -> list[dt.datetime]:
    return count_hit(kind="k", subject="s", limit=limit, at=at).hits


def on_file() -> list[dt.datetime]:
    return hits_of(kind="k", subject="s")


@pytest.mark.django_db
def test_one_too_many_is_refused_and_not_counted() -> None:
    hit(NOW)
    assert hit(NOW + MINUTE) == [NOW, NOW + MINUTE]
    with pytest.raises(TooOften) as refusal:
        hit(NOW + 2 * MINUTE)
    assert (refusal.value.retry_after_seconds, on_file()) == (58 * 60, [NOW, NOW + MINUTE])


@pytest.mark.django_db
def test_requests_whose_clocks_cross_are_counted_and_never_refuse_each_other() -> None:
    """Each reads its clock, then waits for the other's lock; the second of them may have read it first."""
    hit(NOW)
    assert hit(NOW - dt.timedelta(seconds=1)) == on_file() == [NOW - dt.timedelta(seconds=1), NOW]


@pytest.mark.django_db
def test_what_left_the_window_is_dropped() -> None:
    hit(NOW)
    hit(NOW + MINUTE)
    assert hit(NOW + HOUR) == on_file() == [NOW + MINUTE, NOW + HOUR]


@pytest.mark.django_db
def test_some_things_are_counted_for_ever() -> None:
    limit = Limit(1, FOREVER)
    hit(NOW, limit=limit)
    with pytest.raises(TooOften):
        hit(NOW + dt.timedelta(days=30_000), limit=limit)


@pytest.mark.django_db
def test_one_hit_is_taken_back_of_several_at_one_moment() -> None:
    other = NOW + MINUTE
    GuessCounter.objects.create(kind="k", subject="s", hits=[NOW, other, NOW])
    take_back_hit(kind="k", subject="s", at=NOW)
    assert on_file() == [other, NOW]
    take_back_hit(kind="k", subject="s", at=NOW)
    take_back_hit(kind="k", subject="s", at=NOW)
    assert on_file() == [other]
    take_back_hit(kind="k", subject="s", at=other)
    assert on_file() == []


@pytest.mark.django_db
def test_a_lockout_closes_and_starts_anew() -> None:
    lockout = Lockout(2, 15 * MINUTE)

    def fail(at: dt.datetime) -> tuple[Tally, bool]:
        return count_failure_in_a_row(kind="k", subject="s", lockout=lockout, at=at)

    assert fail(NOW) == (Tally(1), False)
    assert fail(NOW) == (Tally(2, NOW + 15 * MINUTE), False)
    assert fail(NOW + MINUTE) == (Tally(2, NOW + 15 * MINUTE), True)
    assert fail(NOW + 15 * MINUTE) == (Tally(1), False)
    clear(kind="k", subject="s")
    assert on_file() == []


@pytest.mark.django_db
def test_totals_of_the_last_hour() -> None:
    for ago, times in ((0, 2), (60, 1), (61, 1)):
        for _ in range(times):
            add_to_minute(kind="m", subject="AT", at=NOW - ago * MINUTE)
    add_to_minute(kind="m", subject="CH", at=NOW)
    add_to_minute(kind="other", subject="AT", at=NOW)
    minute = NOW.replace(second=0)
    assert totals_by_minute(kind="m", subject="AT", at=NOW) == {minute: 2, minute - HOUR: 1}
    assert totals_by_subject(kind="m", at=NOW) == {"AT": 3, "CH": 1}


@pytest.mark.django_db
def test_a_subjects_moments_and_totals_are_apart() -> None:
    add_to_minute(kind="k", subject="s", at=NOW)
    assert on_file() == []
    hit(NOW)
    forget(subjects=["s"], kinds=["other"])
    assert on_file() == [NOW]
    forget(subjects=["s"])
    assert (on_file(), totals_by_subject(kind="k", at=NOW)) == ([], {"s": 1})


@pytest.mark.django_db
def test_what_no_window_counts_is_purged() -> None:
    hit(NOW)
    count_hit(kind="kept", subject="s", limit=TWO_AN_HOUR, at=NOW)
    add_to_minute(kind="m", subject="AT", at=NOW)
    add_to_minute(kind="m", subject="AT", at=NOW + MINUTE)
    assert purge(kinds=["k"], before=NOW - MINUTE, at=NOW) == 0
    assert purge(kinds=["k"], before=NOW, at=NOW + HOUR + MINUTE) == 1
    assert list(GuessCounter.objects.order_by("kind").values_list("kind", "hits_in_minute")) == [("kept", 0), ("m", 1)]


@pytest.mark.django_db(transaction=True)
def test_totals_at_once_lose_none() -> None:
    def add(_: int) -> None:
        try:
            add_to_minute(kind="m", subject="AT", at=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(120)))
    assert totals_by_subject(kind="m", at=NOW) == {"AT": 120}
