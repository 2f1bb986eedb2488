"""Stored webhooks as a busy group of hospitals would leave them: 2 KB each, two and a half to a visit."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

from dev.bench.dataset import Dataset

EVENTS_PER_VISIT = 2.5
NOTES = "Please ring the bell twice; the patient brings the letter of the family doctor. " * 7
_DAY = dt.timedelta(days=1)
_VISIT = dt.timedelta(minutes=30)

Told = tuple[dt.datetime, str, dict[str, Any]]


def stored_events(data: Dataset, count: int) -> Iterator[str]:
    """Rows for `COPY cal_webhooks (raw_webhook_body, body_sha256, trigger)`, in the order in which they were told."""
    rng = random.Random(count)
    visits = [_visit(data, rng) for _ in range(round(count / EVENTS_PER_VISIT * 1.1))]
    told = sorted((one for visit in visits for one in visit), key=lambda one: one[0])
    for at, trigger, payload in told[:count]:
        body = json.dumps({"triggerEvent": trigger, "createdAt": _iso(at), "payload": payload})
        digest = hashlib.sha256(body.encode()).hexdigest()
        yield f"{body.replace(chr(92), chr(92) * 2)}\t{digest}\t{trigger}\n"


def _visit(data: Dataset, rng: random.Random) -> list[Told]:
    """Booked, then perhaps moved once or twice, cancelled, or missed."""
    at = dt.datetime.combine(data.today, dt.time(), dt.UTC) + rng.random() * 30 * _DAY
    start = at + 60 * _DAY
    people = _people(data, rng)
    uid = _uid(rng)
    events = [(at, "BOOKING_CREATED", _booking(uid, start, people))]
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        at, start, old = at + rng.random() * 5 * _DAY, start + _DAY, uid
        uid = _uid(rng)
        moved = _booking(uid, start, people) | {"rescheduleUid": old, "rescheduleStartTime": _iso(start - _DAY)}
        events.append((at, "BOOKING_RESCHEDULED", moved | {"rescheduleEndTime": _iso(start - _DAY + _VISIT)}))
    at += rng.random() * 5 * _DAY
    ending = rng.random()
    if ending < 0.4:
        cancelled = _booking(uid, start, people) | {"status": "CANCELLED", "cancellationReason": "ill"}
        events.append((at, "BOOKING_CANCELLED", cancelled))
    elif ending < 0.7:
        mark = {"bookingUid": uid, "attendees": [{"email": "person@bench.example", "noShow": True}]}
        events.append((at, "BOOKING_NO_SHOW_UPDATED", mark))
    return events


def _people(data: Dataset, rng: random.Random) -> dict[str, Any]:
    """A doctor of ours, and a patient of ours four times out of five."""
    doctor = rng.randrange(len(data.doctors))
    number = rng.randrange(len(data.patients))
    phone = f"+4366{number:08}" if rng.random() < 0.8 else f"+43664{number:07}"
    person = {"timeZone": "Europe/Vienna", "language": {"locale": "en"}, "utcOffset": 60}
    return {
        "organizer": {"id": doctor + 1, "name": f"Doctor {doctor}", "email": f"doctor{doctor}@bench.example", **person},
        "attendees": [{"name": f"Patient {number}", "email": "person@bench.example", "phoneNumber": phone, **person}],
    }


def _booking(uid: str, start: dt.datetime, people: dict[str, Any]) -> dict[str, Any]:
    answers = ("name", "email", "attendeePhoneNumber", "location", "notes", "guests", "rescheduleReason")
    return {
        "type": "visit",
        "title": "Visit",
        "uid": uid,
        "bookingId": int(uid[:8], 16),
        "startTime": _iso(start),
        "endTime": _iso(start + _VISIT),
        "length": 30,
        "eventTypeId": 7,
        **people,
        "responses": {name: {"label": name, "value": "", "isHidden": False} for name in answers},
        "metadata": {"videoCallUrl": f"https://calendar.example/video/{uid}"},
        "location": "integrations:daily",
        "status": "ACCEPTED",
        "iCalUID": f"{uid}@calendar.example",
        "destinationCalendar": None,
        "cancelledBy": "person@bench.example",
        "additionalNotes": NOTES,
    }


def _uid(rng: random.Random) -> str:
    return uuid.UUID(int=rng.getrandbits(128)).hex


def _iso(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
