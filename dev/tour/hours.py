"""The hospital admin's part: hours, a time off with the visits it hits, and hours edited behind our back."""

from __future__ import annotations

import datetime as dt
import time

from dev.tour.app import Json, PatientApp, calcom, edit_by_hand, hours_in, newest_text, schedule_of, start_of_day
from dev.tour.browser import Stack, StaffBrowser, check, eventually, saw, step

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HALF_AN_HOUR = dt.timedelta(minutes=30)


def admin_changes_hours(stack: Stack) -> None:
    step("The hospital admin changes the doctor's hours, and Cal.com shows them")
    browser = StaffBrowser(stack)
    browser.sign_in(stack.admin, stack.password)
    browser.open(f"/admin/hospitals/doctor/?q={stack.doctor.name.split()[-1]}")
    hours = browser.links("/hours/")[0]
    browser.open(hours)
    # Earlier, never later: that would hit visits, and ask what is to become of them.
    field = next((name for name in browser.names("-0-start") if browser.values(name)[0] >= "00:30"), "")
    check(bool(field), "no day of the doctor's can start earlier")
    day = DAYS[int(field[1]) - 1]
    before = browser.values(field)[0]
    after = f"{dt.datetime.fromisoformat(f'2000-01-01T{before}') - HALF_AN_HOUR:%H:%M}"
    browser.submit(to="/hours/", button="Save", **{field: after})
    browser.open(hours)
    check(browser.values(field) == [after], f"the form shows {browser.values(field)} after saving {after}")
    saw(f"{day} now starts at {after} instead of {before}")
    eventually(
        lambda: True if start_of_day(schedule_of(calcom(stack), stack.doctor.email), day) == after else None,
        seconds=45,
        otherwise="Cal.com does not show the new hours",
    )
    saw("Cal.com shows the new schedule")


def admin_takes_time_off(stack: Stack, app: PatientApp, visit: Json) -> Json:
    """Returns the visit where its patient has moved it."""
    day = dt.datetime.fromisoformat(visit["start"]).date().isoformat()
    step(f"The hospital admin enters a time off for the doctor on {day}, and sees whose visits it hits")
    browser = StaffBrowser(stack)
    browser.sign_in(stack.admin, stack.password)
    hours = f"/admin/hospitals/doctor/{visit['doctor']['id']}/hours/"
    browser.open(hours)
    browser.submit(to="/time-off/", button="Add", **{"off-first_day": day, "off-reason": "The tour"})
    choice = f"visit-{visit['id']}"
    check(choice in browser.names("visit-"), f"the visits that are hit do not name {visit['id']}: {browser.text[:300]}")
    saw(f"{len(set(browser.names('visit-')) - {'visits-reason'})} booked visits are listed, with a choice each")
    asked_at = time.time()
    browser.submit(button="Save", **{choice: "ask_to_move", "visits-reason": "The doctor is away"})
    check(app.visit(visit)["asked_to_move"], "the app does not show that the patient is asked to move")
    saw("the patient is asked for another time, and the app shows why")
    text = eventually(lambda: newest_text(app.phone, asked_at), seconds=15, otherwise="no SMS told the patient")
    saw(f"an SMS says: {text}")
    moved = _to_another_day(app, visit)
    browser.open(hours)
    check("Moved" in browser.text, "the hours page does not say that the visit was moved")
    saw("the hours page says that the visit was moved")
    _takes_it_back(stack, browser, day)
    return moved


def _to_another_day(app: PatientApp, visit: Json) -> Json:
    day = visit["start"][:10]

    def other() -> str | None:
        """Cal.com knows of the time off as soon as it was pushed; until then its slots are as before."""
        starts = [slot["start"] for slot in app.free_slots(visit["doctor"], quiet=True)]
        return None if any(start[:10] == day for start in starts) else starts[0]

    start = eventually(other, seconds=45, otherwise="Cal.com still offers the day off")
    saw("Cal.com offers that day no more")
    return app.move(visit, start)


def _takes_it_back(stack: Stack, browser: StaffBrowser, day: str) -> None:
    browser.submit(to="/cancel/", button="Cancel")

    def is_open() -> bool | None:
        overrides = schedule_of(calcom(stack), stack.doctor.email)["overrides"]
        return None if any(one["date"][:10] == day for one in overrides) else True

    eventually(is_open, seconds=45, otherwise="Cal.com still has the time off")
    saw("the time off is taken back, here and in Cal.com")


def hours_edited_in_calcom(stack: Stack, visit: Json) -> None:
    step("Somebody edits the doctor's hours in Cal.com by hand; the portal shows both sides, and the admin pushes ours")
    before = schedule_of(calcom(stack), stack.doctor.email)
    edited = {"availability": [{"days": ["Sunday"], "startTime": "03:00", "endTime": "04:00"}]}
    edit_by_hand(stack, before, edited)
    browser = StaffBrowser(stack)
    browser.sign_in(stack.admin, stack.password)
    page = f"/admin/integrations/callink/doctor/{visit['doctor']['id']}/"
    browser.open(page)
    browser.submit(to="/look/")

    def shown() -> bool | None:
        browser.open(page)
        return True if "03:00" in browser.text and "Seen since" in browser.text else None

    eventually(shown, seconds=45, otherwise="the portal does not show the hours edited in Cal.com")
    saw("the portal shows Cal.com's Sunday, 03:00 to 04:00, beside ours")
    browser.submit(to="/push/")

    def ours_again() -> bool | None:
        now = schedule_of(calcom(stack), stack.doctor.email)
        return True if hours_in(now) == hours_in(before) else None

    eventually(ours_again, seconds=45, otherwise="Cal.com does not show our hours again")
    saw("Cal.com shows our hours again")
