"""The staff's part, in a browser without scripts: a visit's way, the doctor, the pharmacist, the hospital admin."""

from __future__ import annotations

import datetime as dt
import time

from dev.tour.app import Json, PatientApp, calcom, edit_by_hand, hours_in, newest_text, schedule_of, start_of_day
from dev.tour.browser import Stack, StaffBrowser, check, eventually, saw, step

# What a patient of an earlier tour has already would need a tick: the next one then.
NAMES = ("Amoxicillin", "Cefalexin", "Doxycycline", "Clindamycin")
MEDICATION = {
    "strength": "500 mg",
    "dose": "1 capsule",
    "route": "oral",
    "frequency": "3 times a day",
    "duration_days": "7",
    "quantity": "21",
    "refills": "0",
}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
REASON = "The tour"
HALF_AN_HOUR = dt.timedelta(minutes=30)


def patient_books(stack: Stack, app: PatientApp, name: str) -> Json:
    step("A patient signs in with a code by SMS and gives a name")
    app.sign_in()
    app.give_name(name)
    step("finds a doctor, sees the free slots, and books one")
    doctor = app.find_doctor(stack.doctor.name)
    slots = app.free_slots(doctor)
    return app.book(doctor, slots[0]["start"])


def webhook_arrives(stack: Stack, visit: Json, *, patient: str) -> None:
    step("Cal.com's signed webhook comes back and is processed")
    start = dt.datetime.fromisoformat(visit["start"])
    booking = next(
        one
        for one in calcom(stack)["bookings"]
        if dt.datetime.fromisoformat(one["start"]) == start
        and one["status"].lower() == "accepted"
        and patient in str(one["attendees"])
    )
    saw(f"Cal.com holds booking {booking['id']}")
    delivery = eventually(
        lambda: next((one for one in calcom(stack)["deliveries"] if delivered(one, booking["uid"])), None),
        seconds=15,
        otherwise="the webhook was not delivered",
    )
    saw(f"its {delivery['trigger']} was delivered, signed, and answered 200")
    operator = StaffBrowser(stack)
    operator.sign_in(stack.operator, stack.password)

    def processed() -> bool | None:
        operator.open("/admin/integrations/calwebhook/")
        newest = operator.rows()[0]
        return True if "BOOKING_CREATED" in newest and "processed" in newest.lower() else None

    eventually(processed, seconds=20, otherwise="the portal does not show the webhook as processed")
    saw("the portal lists it as processed")


def delivered(delivery: Json, uid: str) -> bool:
    return uid in delivery["body"] and delivery["last_status"] == 200


def another_wants_it(stack: Stack, visit: Json, name: str) -> None:
    step("Another patient wants the same time, and is told that it is taken")
    rival = PatientApp(stack)
    rival.sign_in()
    rival.give_name(name)
    refusal = rival.refused_booking(visit["doctor"], visit["start"])
    check(refusal["code"] == "slot_taken", f"the booking was answered {refusal}")
    saw(f"409 {refusal['code']}: {refusal['detail']}")
    mine = rival.call("GET", "appointments/")["results"]
    check(mine == [], f"the other patient has {len(mine)} visits")


def patient_moves(stack: Stack, app: PatientApp, visit: Json) -> Json:
    step("The patient moves the visit to another time")
    later = next(one for one in app.free_slots(visit["doctor"]) if one["start"] > visit["start"])
    moved = app.move(visit, later["start"])
    start = dt.datetime.fromisoformat(moved["start"])
    there = [one for one in calcom(stack)["bookings"] if dt.datetime.fromisoformat(one["start"]) == start]
    check("accepted" in [one["status"].lower() for one in there], "Cal.com has no booking at the new time")
    saw("Cal.com has the new time; the visit kept its id")
    return moved


def doctor_prescribes(stack: Stack, visit: Json, *, patient: str) -> str:
    step("The doctor signs in, sees the day, opens the patient, prescribes")
    browser = StaffBrowser(stack)
    browser.sign_in(stack.doctor, stack.password)
    day = dt.datetime.fromisoformat(visit["start"]).date()
    browser.open(f"/staff/doctor/day/{day.isoformat()}/")
    check(patient in browser.text, f"{day} does not show {patient}")
    saw(f"{day} shows {patient}")
    browser.open(browser.link_called(patient))
    if "/patients/" not in browser.path:
        browser.open(browser.links("/patients/")[0])
    check(patient in browser.text, "the patient's page does not show the name")
    saw(f"the patient's page is {browser.path}")
    browser.open(browser.links("/prescribe/")[0])
    facts = {**MEDICATION, "name": next((name for name in NAMES if name not in browser.text), NAMES[0])}
    medication = {browser.names(f"-{name}")[0]: text for name, text in facts.items()}
    browser.submit(to="/prescribe/", button="Review and sign", **medication)
    browser.submit(to="/prescribe/", button="Sign and send")
    check("/prescriptions/" in browser.path, f"prescribing ended on {browser.path}: {browser.text[:300]}")
    saw(f"prescribed {facts['name']} {facts['strength']}")
    return browser.path.rstrip("/").rsplit("/", 1)[-1]


def pharmacist_dispenses(stack: Stack, prescription: str) -> None:
    step("The pharmacist claims, approves, dispenses")
    browser = StaffBrowser(stack)
    browser.sign_in(stack.pharmacist, stack.password)
    check(bool(browser.links(prescription)), "the queue does not show the prescription")
    saw("the queue shows the prescription")
    review = f"/staff/pharmacy/{prescription}/"
    for name in ("claim", "approve"):
        browser.open(review)
        browser.submit(to=f"/{name}/")
        saw(f"{name}: {browser.path}")
    browser.open(review)
    fields: dict[str, str] = {}
    for field in ("quantity", "batch"):
        fields |= {name: "21" if field == "quantity" else "TOUR-1" for name in browser.names(field)}
    browser.submit(to="/dispense/", **fields)
    saw("dispensed, with quantity and batch")


def patient_sees(app: PatientApp, visit: Json, prescription: str) -> None:
    step("The patient sees the visit and the dispensed prescription")
    seen = app.call("GET", f"prescriptions/{prescription}/")
    check(seen["status"] == "COMPLETED", f"the prescription is {seen['status']}")
    check(seen["medications"][0]["name"] in NAMES, "the medication is another")
    saw(f"{seen['medications'][0]['name']}: {seen['status']}")
    upcoming = app.call("GET", "appointments/", params={"status": "SCHEDULED"})["results"]
    check(visit["id"] in [one["id"] for one in upcoming], "the visit is not in the list")
    saw(f"the visit at {visit['start']} is in the list")
    log = app.call("GET", "access-log/")["results"]
    readers = sorted({f"{one['actor_name']} ({one['actor_role'].lower()})" for one in log if one["actor_name"]})
    check(any(stack_name in str(readers) for stack_name in [seen["doctor"]["full_name"]]), f"the log names {readers}")
    saw(f"the access log names who read the record: {', '.join(readers)}")


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
    browser.submit(to="/time-off/", button="Add", **{"off-first_day": day, "off-reason": REASON})
    choice = f"visit-{visit['id']}"
    check(choice in browser.names("visit-"), f"the visits that are hit do not name {visit['id']}: {browser.text[:300]}")
    choices = dict.fromkeys(browser.names("visit-"), "ask_to_move")
    saw(f"{len(choices)} booked visits are listed, with a choice each")
    asked_at = time.time()
    browser.submit(button="Save", **choices, **{"visits-reason": "The doctor is away"})
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
    browser.submit(to=browser.form_beside(REASON), button="Yes, remove it")

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
