from __future__ import annotations

import datetime as dt

import pytest

from accounts.people.names import age_text

TODAY = dt.date(2026, 11, 30)


@pytest.mark.parametrize(
    ("born", "text"),
    [
        (dt.date(2026, 12, 1), "0 days old"),
        (dt.date(2026, 11, 30), "0 days old"),
        (dt.date(2026, 11, 29), "1 day old"),
        (dt.date(2026, 11, 10), "20 days old"),
        (dt.date(2026, 11, 3), "27 days old"),
        (dt.date(2026, 11, 2), "4 weeks old"),
        (dt.date(2026, 8, 31), "13 weeks old"),
        (dt.date(2026, 8, 30), "3 months old"),
        (dt.date(2024, 12, 1), "23 months old"),
        (dt.date(2024, 11, 30), "2 years old"),
        (dt.date(1980, 12, 1), "45 years old"),
        (dt.date(1980, 11, 30), "46 years old"),
        (None, ""),
    ],
)
def test_an_age_is_said_in_the_unit_of_that_age(born: dt.date | None, text: str) -> None:
    assert age_text(born, TODAY) == text
