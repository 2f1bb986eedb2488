"""A patient's life through the Python client generated from `docs/openapi.yaml`. Says each step as a line of JSON.

python life.py WEB PHONE SMS_FILE
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import time
import uuid
from pathlib import Path

import openapi_client as wardbook

BORN = dt.date(1990, 2, 28)


def say(*words: object) -> None:
    print(json.dumps(words, default=str), flush=True)


def code_sent_to(phone: str, sms: Path) -> str:
    for _ in range(100):
        time.sleep(0.1)
        sent = [json.loads(line) for line in sms.read_text().splitlines()] if sms.exists() else []
        codes = [re.search(r"\b\d{4}\b", one["text"]) for one in sent if one["to"].lstrip("+") == phone.lstrip("+")]
        if codes and codes[-1]:
            return codes[-1][0]
    raise SystemExit("No SMS came.")


def main(web: str, phone: str, sms: Path) -> None:
    client = wardbook.ApiClient(wardbook.Configuration(host=web))
    auth = wardbook.AuthApi(client)
    challenge = auth.request_code(wardbook.PhoneNumberRequest(phone=phone))
    proof = wardbook.SignInRequest(
        challenge_id=challenge.challenge_id, phone=phone, otp=code_sent_to(phone, sms), device_name="Python"
    )
    signed_in = auth.sign_in(proof, idempotency_key=str(uuid.uuid4()))
    client.configuration.access_token = signed_in.token
    say("signed in", signed_in.is_new, signed_in.step_up)
    born = wardbook.MeApi(client).update_profile(wardbook.MeChangesRequest(date_of_birth=BORN)).date_of_birth
    # An operation that answers without a body.
    say("born", born, auth.step_up(wardbook.StepUpRequest(date_of_birth=BORN)))

    doctors = wardbook.DoctorsApi(client)
    doctor = next(one for one in doctors.list_doctors(search="dora").results if one.bookable)
    first_day = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=2)
    slots = doctors.list_slots(doctor.id, var_from=first_day, to=first_day + dt.timedelta(days=20)).slots
    say("doctor", doctor.full_name, len(slots) > 2)

    appointments = wardbook.AppointmentsApi(client)

    def settled(outcome: wardbook.BookingOutcome) -> wardbook.BookingOutcome:
        while outcome.status == wardbook.OutcomeStatus.PENDING:
            time.sleep(0.2)
            outcome = appointments.get_booking_request(outcome.request_id)
        return outcome

    wish = wardbook.BookingRequest(doctor=doctor.id, start=slots[0].start, reason="Headaches")
    key = str(uuid.uuid4())
    outcome = appointments.book_appointment(key, wish)
    say("booking", outcome.status)
    say("waiting", [one.kind for one in appointments.list_booking_requests().results])
    booked = settled(outcome).appointment
    assert booked is not None
    say("booked", booked.status.value, booked.start == slots[0].start)
    again = appointments.book_appointment(key, wish)
    say("sent again", again.request_id == outcome.request_id)
    moved = settled(
        appointments.reschedule_appointment(booked.id, wardbook.RescheduleRequest(start=slots[1].start))
    ).appointment
    assert moved is not None
    say("moved", moved.id == booked.id, moved.start == slots[1].start)
    ill = wardbook.CancellationRequest(reason="ill")
    cancelled = settled(appointments.cancel_appointment(booked.id, cancellation_request=ill)).appointment
    assert cancelled is not None
    say("cancelled", cancelled.status.value)
    listed = appointments.list_appointments(status=wardbook.AppointmentStatus.CANCELLED, order="start")
    say("listed", [one.id == booked.id for one in listed.results], listed.next)
    try:
        appointments.reschedule_appointment(booked.id, wardbook.RescheduleRequest(start=slots[2].start))
    except wardbook.ApiException as refused:
        say("refused", refused.status, json.loads(refused.body)["code"])

    say("prescriptions", [one.status.value for one in wardbook.PrescriptionsApi(client).list_prescriptions().results])
    talks = wardbook.AiSessionsApi(client)
    talk = talks.start_ai_session(new_ai_session_request=wardbook.NewAiSessionRequest())
    urgent = talks.send_message(talk.id, wardbook.ChatMessageRequest(text="I have chest pain"))
    say("emergency", urgent.status.value, urgent.is_emergency)
    asked = talks.send_message(talk.id, wardbook.ChatMessageRequest(text="When are you open?"))
    say("message", asked.status.value, talks.get_message(request_id=asked.request_id, session_id=talk.id).status)

    say("devices", [one.is_current for one in auth.list_devices().results if one.name == "Python"])
    auth.sign_out()
    try:
        wardbook.MeApi(client).get_profile()
    except wardbook.ApiException as refused:
        say("signed out", refused.status, json.loads(refused.body)["code"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
