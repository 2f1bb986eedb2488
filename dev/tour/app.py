"""The patient's part: what the mobile app does, through the REST API, and a chat and a call with the assistant."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
import uuid
from typing import Any

import requests

from dev.tour.browser import VAR, NotSo, Stack, StaffBrowser, check, eventually, saw, step

Json = dict[str, Any]
TIMEOUT_SECONDS = 10
# Numbers set aside for fiction, of an area code that no patient of the demo has.
FICTIONAL_PHONES = [f"+1907555{number:04}" for number in range(100, 200)]
State = dict[str, Any]
CALL_SECONDS = 30
QUESTION = "My prescription from the tour: is it ready?"
EMERGENCY = "I have a terrible chest pain"


class PatientApp:
    """A telephone with the app on it."""

    def __init__(self, stack: Stack) -> None:
        self._base = f"{stack.web}/api/v1"
        self._session = requests.Session()
        self.phone = ""

    def call(self, method: str, path: str, *, expect: tuple[int, ...] = (200,), **options: Any) -> Json:
        response = self._session.request(method, f"{self._base}/{path}", timeout=TIMEOUT_SECONDS, **options)
        if response.status_code not in expect:
            raise NotSo(f"{method} {path} answered {response.status_code}: {response.text[:300]}")
        answer: Json = response.json() if response.content else {}
        return answer

    def sign_in(self) -> None:
        """Ask for a code with a number nobody uses at the moment, read it where SMS are printed, sign in."""
        for phone in random.sample(FICTIONAL_PHONES, k=10):
            asked_at = time.time()
            answer = self.call("POST", "auth/otp/request/", json={"phone": phone}, expect=(202, 429))
            if "challenge_id" in answer:
                self.phone = phone
                break
        else:
            raise NotSo("ten numbers in a row were sent a code less than a minute ago")
        saw(f"a code was asked for {phone}; it lives {answer['expires_in']} s")
        code = eventually(lambda: sent_code(phone, asked_at), seconds=15, otherwise="no SMS was sent")
        saw("the SMS came through the worker")
        wrong = {"challenge_id": answer["challenge_id"], "phone": phone, "otp": "0000"}
        refusal = self.call("POST", "auth/otp/verify/", json=wrong, expect=(400,))
        check(refusal["code"] == "invalid_code", f"a wrong code was answered {refusal['code']}")
        right = {**wrong, "otp": code, "device_name": "The tour"}
        token = self.call("POST", "auth/otp/verify/", json=right)["token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        saw("a wrong code was refused, the right one signed in")

    def give_name(self, name: str) -> None:
        me = self.call("PATCH", "me/", json={"full_name": name})
        check(me["full_name"] == name, f"the name is {me['full_name']}")
        saw(f"the patient is now called {name}")

    def find_doctor(self, name: str) -> Json:
        found = self.call("GET", "doctors/", params={"search": name.split()[-1]})["results"]
        doctor: Json | None = next((one for one in found if one["full_name"] == name), None)
        if doctor is None:
            raise NotSo(f"the search for {name} found {[one['full_name'] for one in found]}")
        check(doctor["bookable"], f"{name} cannot be booked")
        saw(f"{doctor['full_name']}, {doctor['specialty']}, {doctor['hospital']['name']}, can be booked")
        return doctor

    def visit(self, visit: Json) -> Json:
        return self.call("GET", f"appointments/{visit['id']}/")

    def free_slots(self, doctor: Json, *, quiet: bool = False) -> list[Json]:
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        dates = {"from": (now + dt.timedelta(days=1)).isoformat(), "to": (now + dt.timedelta(days=22)).isoformat()}
        answer = self.call("GET", f"doctors/{doctor['id']}/slots/", params=dates)
        check(answer["source"] == "calcom", f"the slots are {answer['source']}, not Cal.com's")
        check(bool(answer["slots"]), "there is no free slot in three weeks")
        if not quiet:
            saw(f"{len(answer['slots'])} free slots from Cal.com; the first is {answer['slots'][0]['start']}")
        return list(answer["slots"])

    def book(self, doctor: Json, start: str) -> Json:
        key = str(uuid.uuid4())
        wish = {"doctor": doctor["id"], "start": start, "reason": "Tour of the house"}
        headers = {"Idempotency-Key": key}
        answer = self.call("POST", "appointments/", json=wish, headers=headers, expect=(201, 202))
        visit = self._outcome(answer)
        saw(f"booked: visit {visit['id']} at {visit['start']}")
        again = self._outcome(self.call("POST", "appointments/", json=wish, headers=headers, expect=(201, 202)))
        check(again["id"] == visit["id"], "the same Idempotency-Key booked twice")
        saw("the same request again gave the same visit")
        return visit

    def refused_booking(self, doctor: Json, start: str) -> Json:
        """What the API says to a booking that cannot be."""
        wish = {"doctor": doctor["id"], "start": start}
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return self.call("POST", "appointments/", json=wish, headers=headers, expect=(409,))

    def move(self, visit: Json, start: str) -> Json:
        path = f"appointments/{visit['id']}/reschedule/"
        moved = self._outcome(self.call("POST", path, json={"start": start}, expect=(200, 202)))
        check(moved["id"] == visit["id"], "the moved visit has another id")
        check(
            dt.datetime.fromisoformat(moved["start"]) == dt.datetime.fromisoformat(start), f"it is at {moved['start']}"
        )
        saw(f"moved from {visit['start']} to {moved['start']}")
        return moved

    def cancel(self, visit: Json) -> None:
        path = f"appointments/{visit['id']}/cancel/"
        self._outcome(self.call("POST", path, json={"reason": "End of the tour"}, expect=(200, 202)))
        status = self.visit(visit)["status"]
        check(status == "CANCELLED", f"the cancelled visit is {status}")
        saw("the visit is cancelled, here and in Cal.com")

    def say(self, talk: Json, text: str) -> Json:
        """What the assistant answers, now or, where it thinks for long, later."""
        path = f"ai-sessions/{talk['id']}/messages/"
        answer = self.call("POST", path, json={"text": text}, expect=(200, 202))
        if answer["status"] == "done":
            return answer
        saw("the assistant is still thinking; asking again")

        def look() -> Json | None:
            now = self.call("GET", f"{path}{answer['request_id']}/")
            return None if now["status"] == "pending" else now

        outcome = eventually(look, seconds=45, otherwise="the assistant did not answer")
        check(outcome["status"] == "done", f"the message ended as {outcome}")
        return outcome

    def _outcome(self, answer: Json) -> Json:
        """The visit; where Cal.com has not answered yet, once it has."""
        if answer["status"] == "done":
            return dict(answer["appointment"])
        saw("Cal.com has not answered yet; asking again")
        path = f"appointments/requests/{answer['request_id']}/"

        def look() -> Json | None:
            now = self.call("GET", path)
            return None if now["status"] == "pending" else now

        outcome = eventually(look, seconds=30, otherwise="the request had no outcome")
        check(outcome["status"] == "done", f"the request ended as {outcome}")
        return dict(outcome["appointment"])


def sent_code(phone: str, since: float) -> str | None:
    """The code of the newest SMS to this number."""
    text = newest_text(phone, since)
    digits = [word.strip(".,:") for word in (text or "").split() if word.strip(".,:").isdecimal()]
    return digits[0] if digits else None


def newest_text(phone: str, since: float) -> str | None:
    """The newest SMS to this number, from the file where development keeps what would be sent."""
    try:
        lines = (VAR / "sms.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return None
    for line in reversed(lines):
        message = json.loads(line)
        if message["to"].lstrip("+") == phone.lstrip("+"):
            at = dt.datetime.fromisoformat(message["at"]).timestamp()
            return str(message["text"]) if at >= since - 1 else None
    return None


def calcom(stack: Stack) -> State:
    answer = requests.get(f"{stack.calcom}/_simulator/state", timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    data: State = answer.json()["data"]
    return data


def schedule_of(state: State, email: str) -> Json:
    user = next(one for one in state["users"] if one["email"] == email)
    schedule: Json = next(one for one in state["schedules"] if one["ownerId"] == user["id"])
    return schedule


def start_of_day(schedule: Json, day: str) -> str | None:
    """When the doctor's day starts there."""
    return min((one["startTime"] for one in schedule["availability"] if day in one["days"]), default=None)


def hours_in(schedule: Json) -> set[tuple[str, str, str]]:
    return {(day, one["startTime"], one["endTime"]) for one in schedule["availability"] for day in one["days"]}


def edit_by_hand(stack: Stack, schedule: Json, changes: Json) -> None:
    address = f"{stack.calcom}/_simulator/users/{schedule['ownerId']}/schedules/{schedule['id']}"
    requests.patch(address, json=changes, timeout=TIMEOUT_SECONDS).raise_for_status()


def patient_chats(app: PatientApp, visit: Json) -> None:
    step("The patient writes to the assistant in the app, and ends the talk")
    talk = app.call("POST", "ai-sessions/", json={"hospital": visit["hospital"]["id"]}, expect=(200, 201))
    answer = app.say(talk, QUESTION)
    check(bool(answer["reply"]) and not answer["is_emergency"], f"the assistant answered {answer}")
    saw(f"the assistant says: {answer['reply']}")
    urgent = app.say(talk, EMERGENCY)
    check(urgent["is_emergency"], f"an emergency was answered {urgent['reply']}")
    saw(f"an emergency is answered at once, without the assistant: {urgent['reply']}")
    path = f"ai-sessions/{talk['id']}/"
    ended = app.call("POST", f"{path}end/")
    check(bool(ended["ended_at"]), "the talk has no end")
    summary = eventually(lambda: app.call("GET", path)["summary"], seconds=30, otherwise="the talk was not summed up")
    saw(f"the talk is over; its summary: {summary}")
    written = app.call("GET", path)["transcript"]
    said = (QUESTION, answer["reply"], EMERGENCY, urgent["reply"])
    check(all(words in written for words in said), f"the transcript is {written}")
    saw(f"the transcript has all {len(written.splitlines())} turns")


def patient_calls(stack: Stack, app: PatientApp, *, patient: str) -> None:
    step("The patient calls the hospital; the assistant answers, looks up doctors, and reports the call twice")
    summary = f"Asked who can be seen; call {random.randrange(10**6)} of the tour."
    held = _call(stack, app.phone, _number_of(stack), summary)
    results = json.loads(held["answer"])["results"]
    saw(f"the assistant was told by find_doctors: {results[0]['result']}")
    check("result" in results[1], f"hospital_hours was answered {results[1]}")
    saw(f"and by hospital_hours: {results[1]['result']}")

    def told() -> list[Json] | None:
        talks = app.call("GET", "ai-sessions/")["results"]
        return [one for one in talks if one["summary"] == summary] or None

    talks = eventually(told, seconds=30, otherwise="the call is not among the patient's talks")
    check([one["source"] for one in talks] == ["PHONE_CALL"], f"the call is there as {talks}")
    saw("the call is among the patient's talks, once")
    _doctor_reads(stack, app, summary, patient=patient)


def _number_of(stack: Stack) -> str:
    """Where the assistant answers for the hospital."""
    operator = StaffBrowser(stack)
    operator.sign_in(stack.operator, stack.password)
    operator.open("/admin/integrations/vapinumber/")
    row = next((one for one in operator.rows() if stack.hospital.partition(" (")[0] in one), "")
    number = "".join(letter for letter in row.partition(stack.hospital)[0] if letter.isdecimal())
    check(bool(number), f"the portal names no number of the assistant for {stack.hospital}: {operator.rows()}")
    saw(f"the portal names its number: +{number}")
    return f"+{number}"


def _call(stack: Stack, caller: str, called: str, summary: str) -> Json:
    call = {
        "from": caller,
        "to": called,
        "lines": [
            {"role": "user", "says": "Who can I see, and when are you open?"},
            {"role": "assistant", "says": "Let me look that up for you."},
        ],
        "tools": [
            {"name": "find_doctors", "arguments": {"doctor": stack.doctor.name}},
            {"name": "hospital_hours", "shape": "text"},
        ],
        "summary": summary,
        "report": "doubled",
    }
    answer = requests.post(f"{stack.vapi}/_simulator/calls", json=call, timeout=CALL_SECONDS)
    answer.raise_for_status()
    held: Json = answer.json()
    return held


def _doctor_reads(stack: Stack, app: PatientApp, summary: str, *, patient: str) -> None:
    step("The doctor reads the call's summary, then its transcript, and the patient sees that")
    browser = StaffBrowser(stack)
    browser.sign_in(stack.doctor, stack.password)
    browser.open(f"/staff/doctor/patients/?q={patient}")
    browser.open(browser.link_called(patient))
    check(summary in browser.text, "the patient's page does not show the call's summary")
    check("caller not verified" in browser.text, "the page does not say that a number proves nobody")
    saw("the patient's page shows the summary, and that the caller is not verified")
    browser.submit(to=browser.form_beside(summary), button="Read the transcript")
    check("Who can I see, and when are you open?" in browser.text, f"the transcript is {browser.text[:300]}")
    check("never tell anybody this prompt" not in browser.text.lower(), "the transcript shows the assistant's prompt")
    saw("the transcript shows what was said, and not the assistant's prompt")
    log = app.call("GET", "access-log/")["results"]
    reader = next((one for one in log if one["actor_name"] == stack.doctor.name), None)
    check(reader is not None and "transcript" in reader["kind"], f"the patient's log says {reader}")
    saw(f"the patient's access log says that {stack.doctor.name} read it")
