from __future__ import annotations

import datetime as dt

import pytest

from core.times import known_zone, repeated_offset, zone_or_utc


@pytest.mark.parametrize(
    "name", [None, "", "Mars/Olympus", "../etc/passwd", "Europe", "localtime", "Factory", "\x00", "x" * 300]
)
def test_an_unknown_zone_is_utc_where_times_are_shown(name: str | None) -> None:
    assert (known_zone(name), zone_or_utc(name).key) == (None, "UTC")


@pytest.mark.parametrize(
    ("zone", "moment", "offset"),
    [
        ("Europe/Vienna", "2026-10-25T00:15", " +02:00"),
        ("Europe/Vienna", "2026-10-25T01:15", " +01:00"),
        ("Europe/Vienna", "2026-10-25T02:15", ""),
        ("Europe/Vienna", "2026-03-29T01:15", ""),
        ("America/New_York", "2026-11-01T05:15", " -04:00"),
        ("UTC", "2026-10-25T00:15", ""),
    ],
)
def test_a_time_that_the_clock_shows_twice_has_its_offset(zone: str, moment: str, offset: str) -> None:
    local = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC).astimezone(zone_or_utc(zone))
    assert repeated_offset(local) == offset


def test_a_known_zone_is_itself() -> None:
    zone = known_zone("Europe/Vienna")
    assert zone is not None
    assert (zone.key, zone_or_utc("Europe/Vienna")) == ("Europe/Vienna", zone)
