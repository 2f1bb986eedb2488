"""The doctor's and the pharmacist's part, in a browser without scripts."""

from __future__ import annotations

import datetime as dt

from dev.tour.app import Json, PatientApp
from dev.tour.browser import Stack, StaffBrowser, check, saw, step

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
    browser.submit(to="/prescribe/", button="Send to the pharmacy", **medication)
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
