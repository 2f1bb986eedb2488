"""A visit's way: booked, told by Cal.com, wanted by another, moved."""

from __future__ import annotations

import datetime as dt

from dev.tour.app import Json, PatientApp, calcom
from dev.tour.browser import Stack, StaffBrowser, check, eventually, saw, step


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
