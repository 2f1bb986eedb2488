"""What is measured: each address of ours with the bare view it is held against, and how a right answer looks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dev.bench.subjects import Subjects

# More than a run can send: what comes round again is a duplicate, which costs another thing.
WEBHOOKS_A_RUN = 20_000
WEBHOOK_BYTES = 2_048
# Cal.com delivers at most ten at once; the bound on this address is stated for 8.
WEBHOOK_CLIENTS = 8
# Few people of one hospital ask for a page in the same instant; more would measure how they queue.
PAGE_CLIENTS = 4
ROWS_OF_A_LIST = 50
# A page of the portal reads a bounded count beside its rows; one of the dashboards does not.
PORTAL_MOST, DASHBOARD_MOST = 1.3, 1.2
# Of the API's reads: of the bare view's rate, of the textbook's, and how much longer the slowest hundredth may take.
API_OF_FLOOR, API_OF_TEXTBOOK, API_MOST_P99 = 0.4, 2.5, 1.2
WEBHOOK_OF_FLOOR = 0.85
API = "/api/v1/"


class WrongAnswer(Exception):
    """An address did not answer what it must; there is no use in timing it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `path` is filled in from the subjects; `check` gets the body of a 200 answer.

    `floor` names the bare view that does the same work, `textbook` the plain view set that gives the same answer;
    `least_of_floor` and `least_of_textbook` are how many times its rate ours must reach. `inserts` sends a new signed
    webhook each time. `connections` is the number of clients where it is not the run's. `most_slower` is how many times
    slower the page may be in the large database than in the small one, `most_p99` the same of its p99.
    """

    name: str
    path: str
    check: Callable[[bytes, Subjects], bool]
    headers: Callable[[Subjects], dict[str, str]] = lambda _: {}
    floor: str = ""
    textbook: str = ""
    inserts: bool = False
    connections: int | None = None
    least_of_floor: float | None = None
    least_of_textbook: float | None = None
    most_slower: float | None = None
    most_p99: float | None = None


def _is_ok(body: bytes, _: Subjects) -> bool:
    return body == b"ok"


def _is_empty(body: bytes, _: Subjects) -> bool:
    return body == b""


def _is_the_appointment(body: bytes, subjects: Subjects) -> bool:
    return bool(json.loads(body)["id"] == subjects.appointment_id)


def _is_a_page(body: bytes, subjects: Subjects) -> bool:
    results = json.loads(body)["results"]
    ids = [row["id"] for row in results]
    return len(ids) == len(set(ids)) == 20 <= subjects.visits


def _has_the_day(body: bytes, subjects: Subjects) -> bool:
    text = html.unescape(body.decode())
    return len(subjects.doctor_patients) > 5 and all(name in text for name in subjects.doctor_patients)


def _has_who_waits(body: bytes, subjects: Subjects) -> bool:
    return subjects.waiting_patient in html.unescape(body.decode())


def _is_home(body: bytes, _: Subjects) -> bool:
    return b'id="attention"' in body and b'id="by-doctor"' in body


def _has_rows(label: str) -> Callable[[bytes, Subjects], bool]:
    """A full first page of the portal's list, told by the cells of a column."""
    return lambda body, _: body.decode().count(f'data-label="{label}"') == ROWS_OF_A_LIST


def _bearer(subjects: Subjects) -> dict[str, str]:
    return {"Authorization": f"Bearer {subjects.token}", "Accept": "application/json"}


def _as_doctor(subjects: Subjects) -> dict[str, str]:
    return {"Cookie": subjects.doctor_cookie}


def _as_pharmacist(subjects: Subjects) -> dict[str, str]:
    return {"Cookie": subjects.pharmacist_cookie}


def _as_admin(subjects: Subjects) -> dict[str, str]:
    return {"Cookie": subjects.admin_cookie}


FLOORS = (
    Row("bare view, no database", "/floor/nothing/", _is_ok),
    Row("bare view, one row by key", "/floor/row/{appointment_id}/", _is_the_appointment),
    Row("bare view, one list", "/floor/list/{patient_id}/", _is_a_page),
    Row("bare view, one insert", "/floor/insert/", _is_empty, inserts=True, connections=WEBHOOK_CLIENTS),
)
NOTHING, ONE_ROW, ONE_LIST, ONE_INSERT = (row.name for row in FLOORS)

# At the addresses of ours.
TEXTBOOK = (
    Row("textbook GET appointments/{id}/", "/api/v1/appointments/{appointment_id}/", _is_the_appointment, _bearer),
    Row("textbook GET appointments/", "/api/v1/appointments/", _is_a_page, _bearer),
)

# A new address to watch is one line here.
OURS = (
    Row(
        "GET appointments/{id}/",
        "/api/v1/appointments/{appointment_id}/",
        _is_the_appointment,
        _bearer,
        ONE_ROW,
        TEXTBOOK[0].name,
        least_of_floor=API_OF_FLOOR,
        most_p99=API_MOST_P99,
    ),
    Row(
        "GET appointments/",
        "/api/v1/appointments/",
        _is_a_page,
        _bearer,
        ONE_LIST,
        TEXTBOOK[1].name,
        least_of_floor=API_OF_FLOOR,
        least_of_textbook=API_OF_TEXTBOOK,
        most_p99=API_MOST_P99,
    ),
    Row(
        "POST webhooks/calcom/",
        "/webhooks/calcom/",
        _is_empty,
        floor=ONE_INSERT,
        inserts=True,
        connections=WEBHOOK_CLIENTS,
        least_of_floor=WEBHOOK_OF_FLOOR,
    ),
    Row(
        "doctor's day",
        "/staff/doctor/day/{doctor_date}/",
        _has_the_day,
        _as_doctor,
        connections=PAGE_CLIENTS,
        most_slower=DASHBOARD_MOST,
    ),
    Row(
        "pharmacy queue",
        "/staff/pharmacy/",
        _has_who_waits,
        _as_pharmacist,
        connections=PAGE_CLIENTS,
        most_slower=DASHBOARD_MOST,
    ),
    Row(
        "portal: home",
        "/admin/",
        _is_home,
        _as_admin,
        connections=PAGE_CLIENTS,
        most_slower=PORTAL_MOST,
    ),
    *(
        Row(
            f"portal: {name}",
            f"/admin/{path}/",
            _has_rows(label),
            _as_admin,
            connections=PAGE_CLIENTS,
            most_slower=PORTAL_MOST,
        )
        for name, path, label in (
            ("appointments", "clinical/appointment", "Start"),
            ("prescriptions", "clinical/prescription", "Written"),
            ("AI sessions", "clinical/aisession", "Started"),
            ("access log", "accounts/accessevent", "When"),
        )
    ),
)

PAGES = {row.name for row in OURS if row.connections == PAGE_CLIENTS}
# The patient API's, with what they are compared with.
API_NAMES = {name for row in OURS if row.path.startswith(API) for name in (row.name, row.floor, row.textbook)}


def signed_webhooks(secret: str, count: int) -> Sequence[tuple[str, str]]:
    """So many different signed webhooks of a kind that changes nothing: signature and body."""
    made = []
    for _ in range(count):
        body = _meeting(uuid.uuid4().hex)
        made.append((hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest(), body))
    return made


def _meeting(uid: str) -> str:
    """2 KB with as many members as a booking has."""
    person = {"email": "person@bench.example", "timeZone": "Europe/Vienna", "language": {"locale": "en"}}
    answers = ("name", "email", "attendeePhoneNumber", "location", "notes", "guests", "rescheduleReason")
    payload = {
        "type": "visit",
        "title": "Visit",
        "uid": uid,
        "bookingId": 5,
        "startTime": "2026-01-05T09:00:00Z",
        "endTime": "2026-01-05T09:30:00Z",
        "organizer": {"id": 7, "name": "Dr. Person", **person},
        "attendees": [{"name": "Person", "phoneNumber": "+436600000000", **person}],
        "responses": {name: {"label": name, "value": "", "isHidden": False} for name in answers},
        "metadata": {"videoCallUrl": f"https://calendar.example/{uid}"},
        "status": "ACCEPTED",
        "additionalNotes": "",
    }
    event = {"triggerEvent": "MEETING_STARTED", "createdAt": "2026-01-05T09:00:00.000Z", "payload": payload}
    payload["additionalNotes"] = base64.b64encode(random.randbytes(WEBHOOK_BYTES)).decode()[
        : WEBHOOK_BYTES - len(json.dumps(event))
    ]
    return json.dumps(event)
