from __future__ import annotations

import pytest

from core.times import known_zone, zone_or_utc


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../etc/passwd", "Europe", "\x00", "x" * 300])
def test_an_unknown_zone_is_utc_where_times_are_shown(name: str | None) -> None:
    assert (known_zone(name), zone_or_utc(name).key) == (None, "UTC")


def test_a_known_zone_is_itself() -> None:
    zone = known_zone("Europe/Vienna")
    assert zone is not None
    assert (zone.key, zone_or_utc("Europe/Vienna")) == ("Europe/Vienna", zone)
