from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.agenda.timeline import (
    MOST_LANES,
    Frame,
    Place,
    Span,
    frame_around,
    gaps,
    in_lanes,
    overlapping,
    span_of,
    window_span,
    without,
)

VIENNA = zoneinfo.ZoneInfo("Europe/Vienna")
spans = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 1380), st.integers(1, 60))


def test_an_hour_is_twelve_rows() -> None:
    frame = Frame(first_hour=8, last_hour=17)
    assert frame.place(Span(9 * 60, 9 * 60 + 30)) == Place(row=13, rows=6)
    assert frame.place(Span(9 * 60 + 7, 9 * 60 + 22)) == Place(row=14, rows=4)
    assert frame.place(Span(480, 510), lane=1, lanes=3) == Place(row=1, rows=6, column=5, columns=4)


def test_the_frame_grows_with_what_is_in_it() -> None:
    assert frame_around([]) == Frame(9, 17)
    assert frame_around([Span(7 * 60 + 59, 20 * 60 + 1)]) == Frame(7, 21)


def test_gaps_are_what_visits_leave_of_the_hours() -> None:
    hours = [Span(480, 720), Span(780, 1020)]
    taken = [Span(480, 510), Span(505, 600), Span(609, 720), Span(700, 800)]
    assert gaps(hours, taken, at_least=10) == [Span(800, 1020)]


def test_what_is_shorter_than_a_visit_is_not_free() -> None:
    assert gaps([Span(480, 530)], [Span(480, 500)], at_least=30) == [Span(500, 530)]
    assert gaps([Span(480, 529)], [Span(480, 500)], at_least=30) == []


def test_overlaps_are_found_through_others_and_touching_is_none() -> None:
    assert overlapping([Span(600, 630), Span(480, 510), Span(510, 540), Span(500, 520), Span(600, 615)]) == [
        [1, 3, 2],
        [0, 4],
    ]
    assert overlapping([Span(480, 510), Span(510, 540)]) == []
    assert overlapping([]) == []


def test_a_window_to_midnight_ends_there() -> None:
    assert window_span(dt.time(22), dt.time(23, 59)) == Span(1320, 1440)


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        ("2026-03-02T09:00+01:00", "2026-03-02T09:30+01:00", Span(540, 570)),
        ("2026-03-02T23:45+01:00", "2026-03-03T00:15+01:00", Span(1425, 1440)),
        ("2026-03-01T12:00+01:00", "2026-03-04T12:00+01:00", Span(0, 1440)),
    ],
)
def test_a_span_is_cut_off_at_the_days_ends(start: str, end: str, wanted: Span) -> None:
    moments = [dt.datetime.fromisoformat(text) for text in (start, end)]
    assert span_of(*moments, day=dt.date(2026, 3, 2), zone=VIENNA) == wanted


def test_a_visit_over_the_hour_that_clocks_repeat_is_not_empty() -> None:
    start = dt.datetime(2026, 10, 25, 0, 50, tzinfo=dt.UTC)  # 02:50 in summer time, then 02:20 again
    span = span_of(start, start + dt.timedelta(minutes=30), day=dt.date(2026, 10, 25), zone=VIENNA)
    assert span == Span(170, 171)


def test_visits_at_the_same_time_stand_side_by_side() -> None:
    assert in_lanes([Span(0, 30), Span(0, 30), Span(30, 60)]) == [(0, 2), (1, 2), (0, 1)]
    assert in_lanes([Span(0, 60), Span(0, 20), Span(20, 40)]) == [(0, 2), (1, 2), (1, 2)]


@given(st.lists(spans, max_size=12))
def test_what_overlaps_never_shares_a_lane_unless_lanes_run_out(some: list[Span]) -> None:
    lanes = in_lanes(some)
    for i, (lane, count) in enumerate(lanes):
        assert 0 <= lane < count <= MOST_LANES
        for j in range(i):
            overlap = some[i].start < some[j].end and some[j].start < some[i].end
            if overlap and lanes[j][0] == lane:
                assert count == MOST_LANES


@given(st.lists(spans, max_size=6), st.lists(spans, max_size=6))
def test_without_leaves_each_minute_that_is_not_taken(some: list[Span], taken: list[Span]) -> None:
    def minutes(of: list[Span]) -> set[int]:
        return {minute for span in of for minute in range(span.start, span.end)}

    assert minutes(without(some, taken)) == minutes(some) - minutes(taken)
