"""A patient app in miniature: signs in, books a visit, moves it and cancels it.

    python docs/examples/patient_app.py +19075550123 --doctor Example

Asks for the code on the terminal; `--sms var/sms.jsonl` reads it from where a development server writes its SMS.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import time
import uuid
from pathlib import Path
from typing import Any

import requests

Json = dict[str, Any]


class Problem(Exception):
    """An error as the API tells it: `code` is for the program, `detail` for the person."""

    def __init__(self, document: Json) -> None:
        super().__init__(f"{document['status']} {document['code']}: {document['detail']}")
        self.code = document["code"]


class Api:
    def __init__(self, base: str) -> None:
        self.base = f"{base.rstrip('/')}/api/v1/"
        self.session = requests.Session()

    def call(self, method: str, path: str, body: Json | None = None, **options: Any) -> Json:
        answer = self.session.request(method, self.base + path, json=body, timeout=10, **options)
        if answer.headers.get("Content-Type") == "application/problem+json":
            raise Problem(answer.json())
        answer.raise_for_status()
        document: Json = answer.json() if answer.content else {}
        return document

    def change_visit(self, path: str, body: Json) -> Json:
        """Book, move or cancel; the visit as it is then."""
        # The same key for every try of the same wish: however often it is sent, it is done once.
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        outcome = self.call("POST", path, body, headers=headers)
        while outcome["status"] == "pending":  # the calendar has not answered yet: what was asked for is not lost
            time.sleep(1)
            outcome = self.call("GET", f"appointments/requests/{outcome['request_id']}/")
        if outcome["status"] == "refused":
            raise Problem({"status": 409, "code": outcome["code"], "detail": "The calendar refused this."})
        return dict(outcome["appointment"])

    def sign_in(self, phone: str, sms: Path | None) -> None:
        asked_at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        challenge = self.call("POST", "auth/otp/request/", {"phone": phone})
        code = newest_code(sms, phone, asked_at) if sms else input(f"The code that was sent to {phone}: ")
        proof = {"challenge_id": challenge["challenge_id"], "phone": phone, "otp": code, "device_name": "Example"}
        # With a key, the same may be sent again if its answer is lost.
        answer = self.call("POST", "auth/otp/verify/", proof, headers={"Idempotency-Key": str(uuid.uuid4())})
        self.session.headers["Authorization"] = f"Bearer {answer['token']}"
        if answer["step_up"]:  # a new device of somebody whose birth date is known
            self.call("POST", "auth/step-up/", {"date_of_birth": input("Date of birth (YYYY-MM-DD): ")})

    def free_times(self, doctor: Json) -> list[str]:
        first = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=1)
        period = {"from": first.isoformat(), "to": (first + dt.timedelta(days=21)).isoformat()}
        return [slot["start"] for slot in self.call("GET", f"doctors/{doctor['id']}/slots/", params=period)["slots"]]


def newest_code(sms: Path, phone: str, since: dt.datetime) -> str:
    for _ in range(50):
        time.sleep(0.2)
        sent = [json.loads(line) for line in sms.read_text().splitlines()] if sms.exists() else []
        new = [one for one in sent if dt.datetime.fromisoformat(one["at"]) >= since]
        texts = [one["text"] for one in new if one["to"].lstrip("+") == phone.lstrip("+")]
        if texts and (found := re.search(r"\b\d{4}\b", texts[-1])):
            return found[0]
    raise SystemExit("No SMS came.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Signs in, books a visit, moves it and cancels it.")
    parser.add_argument("phone", help="in international form, as in +19075550123")
    parser.add_argument("--doctor", default="", help="the beginning of a doctor's name")
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    parser.add_argument("--sms", type=Path, help="a development server's var/sms.jsonl")
    options = parser.parse_args()

    api = Api(options.base)
    api.sign_in(options.phone, options.sms)
    if not api.call("GET", "me/")["full_name"]:
        api.call("PATCH", "me/", {"full_name": "Example Patient"})
    doctors = api.call("GET", "doctors/", params={"search": options.doctor})["results"]
    doctor = next(one for one in doctors if one["bookable"])
    first, second = api.free_times(doctor)[:2]
    visit = api.change_visit("appointments/", {"doctor": doctor["id"], "start": first})
    print(f"Booked {doctor['full_name']} at {visit['start']}.")
    visit = api.change_visit(f"appointments/{visit['id']}/reschedule/", {"start": second})
    print(f"Moved to {visit['start']}.")
    visit = api.change_visit(f"appointments/{visit['id']}/cancel/", {"reason": "Only an example"})
    print(f"Now it is {visit['status']}.")


if __name__ == "__main__":
    main()
