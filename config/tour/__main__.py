from __future__ import annotations

import datetime as dt
import random
import string
import sys
from typing import Any

import requests

from config.tour.app import TIMEOUT_SECONDS, Json, PatientApp
from config.tour.browser import StaffBrowser
from config.tour.stack import Stack, running_stack
from config.tour.telling import NotSo, check, eventually, saw, step

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Somebody new each time, so that what the pages show is of this tour.
PATIENT = " ".join(
    random.choice(words)
    for words in (
        ["Thea", "Tilda", "Theo", "Tamsin", "Tobias", "Tess", "Tycho", "Talia", "Thorsten", "Tuuli"],
        [f"{letter}." for letter in string.ascii_uppercase],
        ["Tourist", "Traveller", "Wayfarer", "Rambler", "Voyager", "Wanderer", "Rover", "Nomad", "Roamer", "Drifter"],
    )
)
MEDICATION = {
    "name": "Amoxicillin",
    "strength": "500 mg",
    "dose": "1 capsule",
    "route": "oral",
    "frequency": "3 times a day",
    "duration_days": "7",
    "quantity": "21",
    "refills": "0",
}


def main() -> int:
    try:
        stack = running_stack()
        app = PatientApp(stack)
        visit = patient_books(stack, app)
        webhook_arrives(stack, visit)
        prescription = doctor_prescribes(stack, visit)
        pharmacist_dispenses(stack, prescription)
        patient_sees(app, visit, prescription)
        admin_changes_hours(stack)
        step("The patient cancels the visit")
        app.cancel(visit)
    except NotSo as problem:
        sys.stdout.write(f"\nNOT SO: {problem}\n")
        return 1
    except requests.RequestException as error:
        sys.stdout.write(
            f"\nNOT SO: the stack does not answer ({type(error).__name__}). Is `make run` still running?\n"
        )
        return 1
    sys.stdout.write("\nThe tour is done: every step was so.\n")
    return 0


def patient_books(stack: Stack, app: PatientApp) -> Json:
    step("A patient signs in with a code by SMS and gives a name")
    app.sign_in()
    app.give_name(PATIENT)
    step("finds a doctor, sees the free slots, and books one")
    doctor = app.find_doctor(stack.doctor.name)
    slots = app.free_slots(doctor)
    return app.book(doctor, slots[0]["start"])


def webhook_arrives(stack: Stack, visit: Json) -> None:
    step("Cal.com's signed webhook comes back and is processed")
    start = dt.datetime.fromisoformat(visit["start"])
    booking = next(
        one
        for one in simulator(stack)["bookings"]
        if dt.datetime.fromisoformat(one["start"]) == start
        and one["status"].lower() == "accepted"
        and PATIENT in str(one["attendees"])
    )
    saw(f"Cal.com holds booking {booking['id']}")
    delivery = eventually(
        lambda: next((one for one in simulator(stack)["deliveries"] if delivered(one, booking["uid"])), None),
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


def doctor_prescribes(stack: Stack, visit: Json) -> str:
    step("The doctor signs in, sees the day, opens the patient, prescribes")
    browser = StaffBrowser(stack)
    browser.sign_in(stack.doctor, stack.password)
    day = dt.datetime.fromisoformat(visit["start"]).date()
    browser.open(f"/staff/doctor/day/{day.isoformat()}/")
    check(PATIENT in browser.text, f"{day} does not show {PATIENT}")
    saw(f"{day} shows {PATIENT}")
    browser.open(browser.link_called(PATIENT))
    if "/patients/" not in browser.path:
        browser.open(browser.links("/patients/")[0])
    check(PATIENT in browser.text, "the patient's page does not show the name")
    saw(f"the patient's page is {browser.path}")
    browser.open(browser.links("/prescribe/")[0])
    medication = {browser.names(f"-{name}")[0]: text for name, text in MEDICATION.items()}
    browser.submit(to="/prescribe/", button="rescribe", **medication)
    check("/prescriptions/" in browser.path, f"prescribing ended on {browser.path}: {browser.text[:300]}")
    saw(f"prescribed {MEDICATION['name']} {MEDICATION['strength']}")
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
    check(seen["medications"][0]["name"] == MEDICATION["name"], "the medication is another")
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
    browser.open(browser.links("/hours/")[0])
    field = next(name for name in browser.names("-0-start") if browser.values(name)[0])
    day = DAYS[int(field[1]) - 1]
    before = browser.values(field)[0]
    # Half an hour earlier, or back again.
    after = before.replace(":30", ":00") if ":30" in before else before.replace(":00", ":30")
    browser.submit(to="/hours/", button="Save", **{field: after})
    check(browser.values(field) == [after], f"the form shows {browser.values(field)} after saving {after}")
    saw(f"{day} now starts at {after} instead of {before}")
    eventually(
        lambda: True if start_in_calcom(stack, day) == after else None,
        seconds=45,
        otherwise="Cal.com does not show the new hours",
    )
    saw("Cal.com shows the new schedule")


def start_in_calcom(stack: Stack, day: str) -> str | None:
    """When the day starts for the doctor in Cal.com."""
    state = simulator(stack)
    user = next(one for one in state["users"] if one["email"] == stack.doctor.email)
    windows = [
        window
        for schedule in state["schedules"]
        if schedule["ownerId"] == user["id"]
        for window in schedule["availability"]
    ]
    return min((window["startTime"] for window in windows if day in window["days"]), default=None)


def simulator(stack: Stack) -> dict[str, Any]:
    answer = requests.get(f"{stack.calcom}/_simulator/state", timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    return data


if __name__ == "__main__":
    sys.exit(main())
