"""A night shift with a time off in it: what Cal.com offers of a night that it keeps under two dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from dev.tour.app import Json, PatientApp, calcom, schedule_of
from dev.tour.browser import Stack, StaffBrowser, check, eventually, saw, step

BEGINS, ENDS = dt.time(22), dt.time(6)
OFF_FROM, OFF_TO = dt.time(2), dt.time(4)
REASON = "The tour's night"
NO_ROW: dict[str, str] = {"start": "", "end": ""}
THE_NIGHT = {"start": f"{BEGINS:%H:%M}", "end": f"{ENDS:%H:%M}"}
_DAY = dt.timedelta(days=1)


def night_with_time_off(stack: Stack, app: PatientApp, visit: Json) -> None:
    step("The hospital admin adds a night shift, and two hours off in it; Cal.com offers the rest of the night")
    zone = ZoneInfo(visit["hospital"]["time_zone"])
    browser = StaffBrowser(stack)
    browser.sign_in(stack.admin, stack.password)
    hours = f"/admin/hospitals/doctor/{visit['doctor']['id']}/hours/"
    browser.open(hours)
    day = _free_night(browser)
    off_days = {one["date"][:10] for one in schedule_of(calcom(stack), stack.doctor.email)["overrides"]}
    evening = next(one for one in _evenings(day, zone) if not off_days & {f"{one}", f"{one + _DAY}"})
    _save_row(browser, day, THE_NIGHT)
    saw(f"a shift from {BEGINS:%H:%M} to {ENDS:%H:%M}, from the evening of {evening}")
    morning = f"{evening + _DAY}"
    off = {"off-first_day": morning, "off-start_time": f"{OFF_FROM:%H:%M}", "off-end_time": f"{OFF_TO:%H:%M}"}
    off["off-reason"] = REASON
    browser.submit(to="/time-off/", button="Add", **off)
    saw(f"{morning} is off from {OFF_FROM:%H:%M} to {OFF_TO:%H:%M}")

    def offered() -> list[str] | None:
        found = _starts(app, visit["doctor"], evening, zone)
        around = f"{BEGINS:%H:%M}" in found and f"{OFF_TO:%H:%M}" in found
        return found if around and not any(f"{OFF_FROM:%H:%M}" <= one < f"{OFF_TO:%H:%M}" for one in found) else None

    found = eventually(offered, seconds=60, otherwise="Cal.com does not offer the night without the hours off")
    saw(f"Cal.com offers {', '.join(found)}")
    browser.open(hours)
    browser.submit(to=browser.form_beside(REASON), button="Yes, remove it")
    browser.open(hours)
    _save_row(browser, day, NO_ROW)
    eventually(
        lambda: None if _starts(app, visit["doctor"], evening, zone) else True,
        seconds=60,
        otherwise="Cal.com still offers the night",
    )
    saw("the night is taken back, here and in Cal.com")


def _free_night(browser: StaffBrowser) -> int:
    """The last day of the week without hours before a day that does not begin in the night."""
    starts = {day: browser.values(f"d{day}-0-start")[0] for day in range(1, 8)}
    nights = [day for day in starts if not starts[day] and (starts[day % 7 + 1] or "24:00") >= f"{ENDS:%H:%M}"]
    check(bool(nights), f"no night of the doctor's is without hours: {starts}")
    return nights[-1]


def _save_row(browser: StaffBrowser, day: int, row: dict[str, str]) -> None:
    browser.submit(to="/hours/", button="Save", **{f"d{day}-0-{name}": text for name, text in row.items()})


def _evenings(weekday: int, zone: ZoneInfo) -> Iterator[dt.date]:
    """Those of that day of the week from the day after tomorrow on, but where the clock changes."""
    day = dt.datetime.now(zone).date() + 2 * _DAY
    while True:
        noons = (dt.datetime.combine(day + n * _DAY, dt.time(12), zone) for n in range(2))
        if day.isoweekday() == weekday and len({noon.utcoffset() for noon in noons}) == 1:
            yield day
        day += _DAY


def _starts(app: PatientApp, doctor: Json, evening: dt.date, zone: ZoneInfo) -> list[str]:
    """The wall clock's times offered in the night that begins on that evening."""
    starts = (dt.datetime.fromisoformat(one["start"]).astimezone(zone) for one in app.free_slots(doctor, quiet=True))
    first, last = dt.datetime.combine(evening, BEGINS, zone), dt.datetime.combine(evening + _DAY, ENDS, zone)
    return [f"{start:%H:%M}" for start in starts if first <= start < last]
