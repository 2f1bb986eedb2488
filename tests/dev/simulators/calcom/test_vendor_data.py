"""The simulator's hours and slot grid, held to what Cal.com's own code computed: `calcom/real` of the contracts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dev.simulators.calcom.calendar import starts_in
from dev.simulators.calcom.hours import Span, main, offered
from tests.integrations.calcom.clinic import REFERENCE

# A few of either stand here; all of them are looked at where the contracts lie beside this clone.
KEPT = Path(__file__).parents[3] / "data"
HOURS = [KEPT / "calcom_hours.json", REFERENCE / "real" / "hours.json"]
SLOTS = [KEPT / "calcom_slots.json", REFERENCE / "real" / "slots.json"]
A_MONDAY = date(2027, 1, 11)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def cases_of(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        pytest.skip("the vendor's data are not beside this clone")
    cases: list[dict[str, Any]] = json.loads(path.read_text())["cases"]
    return cases


@pytest.mark.parametrize("path", HOURS, ids=["kept", "all"])
def test_hours_are_offered_as_cal_com_offers_them(path: Path) -> None:
    cases = cases_of(path)
    assert len(cases) in {12, 155}
    wrong = [case["label"] for case in cases if [list(one) for one in offered(case)] != case["offered"]]
    assert wrong == []


def test_the_command_prints_one_list_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(HOURS[0])])
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == [case["offered"] for case in cases_of(HOURS[0])]


def starts(case: dict[str, Any], zone: str, *, is_optimized: bool = False) -> list[str]:
    local = ZoneInfo(case["time_zone"])
    opens, closes = (
        datetime.combine(A_MONDAY, time.fromisoformat(text), local).astimezone(UTC)
        for text in (case.get("asked_from", case["opens"]), case["closes"])
    )
    length = timedelta(minutes=case["minutes"])
    found = starts_in(
        [Span(opens, closes)],
        length=length,
        step=length,
        zone=ZoneInfo(zone),
        earliest=LONG_AGO,
        is_optimized=is_optimized,
    )
    return [f"{start.astimezone(local):%H:%M}" for start in found]


@pytest.mark.parametrize("path", SLOTS, ids=["kept", "all"])
def test_starts_are_offered_as_cal_com_offers_them(path: Path) -> None:
    cases = cases_of(path)
    assert len(cases) in {5, 12}
    for case in cases:
        zone = case["time_zone"]
        assert starts(case, "UTC") == case["asked_in_utc"]
        assert starts(case, zone) == case["asked_in_the_zone"]
        assert starts(case, zone, is_optimized=True) == case["with_showOptimizedSlots"]
