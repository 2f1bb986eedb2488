from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import requests

from config.tour.app import TIMEOUT_SECONDS, Json, PatientApp
from config.tour.browser import StaffBrowser
from config.tour.stack import Stack, running_stack
from config.tour.telling import NotSo, check, eventually, saw, step

PATIENT = "Thea Tourist"
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
SUNDAY = ("10:00", "11:30")


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
        sys.stdout.write(f"\nNOT SO: the stack does not answer ({type(error).__name__}). Is `make run` still running?\n")
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
        if dt.datetime.fromisoformat(one["start"]) == start and one["status"].lower() == "accepted"
        and PATIENT in str(one["attendees"])
    )
    saw(f"Cal.com holds booking {booking['id']}")
    delivery = eventually(
        lambda: next((one for one in simulator(stack)["deliveries"] if delivered(one, booking["uid"])), None),
        seconds=15,
        otherwise="the webhook was not delivered",
    )
    saw(f"its {delivery['trigger']} was delivered, signed, and answered 200")
    admin = StaffBrowser(stack)
    admin.sign_in(stack.admin, stack.password)

    def processed() -> bool | None:
        admin.open("/admin/integrations/calwebhook/")
        return True if "BOOKING_CREATED" in admin.text or "rocessed" in admin.text else None

    eventually(processed, seconds=20, otherwise="the portal does not show the webhook as processed")
    saw("the portal lists it as processed")


def delivered(delivery: Json, uid: str) -> bool:
    return uid in str(delivery) and delivery.get("status") == 200


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
    prefix = "0-" if browser.values("0-name") else "form-0-"
    browser.submit(to="/prescribe/", button="rescribe", **{f"{prefix}{name}": text for name, text in MEDICATION.items()})
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
    fields = {}
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
    doctor = next(link for link in browser.links("/hours/"))
    browser.open(doctor)
    had_sunday = any(browser.values("d7-"))
    wanted = ("", "") if had_sunday else SUNDAY
    if not browser.names("d7-"):
        browser.submit(to="/hours/", button="Sunday")
    start, end = browser.names("d7-")[:2]
    browser.submit(to="/hours/", button="Save", **{start: wanted[0], end: wanted[1]})
    saw("Sunday is free again" if had_sunday else f"Sunday is now {SUNDAY[0]} to {SUNDAY[1]}")
    before = not had_sunday

    def shown() -> bool | None:
        return True if sunday_in_calcom(stack, stack.doctor.email) is before else None

    eventually(shown, seconds=45, otherwise="Cal.com does not show the new hours")
    saw("Cal.com shows the new schedule")


def sunday_in_calcom(stack: Stack, email: str) -> bool:
    state = simulator(stack)
    user = next(one for one in state["users"] if one["email"] == email)
    schedules = [one for one in state["schedules"] if one["ownerId"] == user["id"]]
    return any("Sunday" in window["days"] for one in schedules for window in one["availability"])


def simulator(stack: Stack) -> dict[str, Any]:
    answer = requests.get(f"{stack.calcom}/_simulator/state", timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    return data


if __name__ == "__main__":
    sys.exit(main())
