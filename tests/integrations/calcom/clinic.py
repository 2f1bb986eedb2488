"""A simulated organisation with one doctor, and a subscriber that remembers what it was sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
from pydantic import JsonValue

from dev.simulators.calcom.process import SimulatorProcess
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.requests import Attendee, EventTypeInput, ScheduleInput
from integrations.calcom.api.responses import Booking, EventType, OrgUser, Schedule, ScheduleWindow

REFERENCE = Path(__file__).resolve().parents[3].parent / "shared" / "contracts" / "calcom"
DEADLINE_SECONDS = 10

Json = dict[str, JsonValue]
BOOKINGS_VERSION = "2024-08-13"

TEAM_ID = 7
BERLIN = "Europe/Berlin"
# A Monday far ahead, in Berlin's summer time: the simulator's clock is the real one.
MONDAY_TEN = datetime(2050, 9, 5, 8, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
HOURS = ScheduleInput(BERLIN, [ScheduleWindow(days=WEEKDAYS, start_time="09:00", end_time="12:00")], name="Surgery")
PATIENT = Attendee("Pat Ient", BERLIN, phone="+4915112345678")


@dataclass(frozen=True, slots=True)
class Clinic:
    simulator: SimulatorProcess
    client: CalcomClient
    doctor: OrgUser
    schedule: Schedule
    event_type: EventType

    def book(self, start: datetime = MONDAY_TEN, attendee: Attendee = PATIENT) -> Booking:
        return self.client.create_booking(
            start=start, event_type_id=self.event_type.id, attendee=attendee, metadata={"ref": "r1"}
        )

    def new_type(self, slug: str, **changes: int | bool) -> EventType:
        given = EventTypeInput(30, slug.title(), slug, [self.doctor.id], **changes)  # type: ignore[arg-type]
        return self.client.create_team_event_type(TEAM_ID, given)

    def slot_starts(self, event_type_id: int, day: datetime) -> list[str]:
        """Local times of a day's slots in Berlin, as the API spells them."""
        query = {
            "eventTypeId": str(event_type_id),
            "start": day.date().isoformat(),
            "end": day.date().isoformat(),
            "timeZone": BERLIN,
        }
        url, headers = f"{self.simulator.url}/v2/slots", {"cal-api-version": "2024-09-04"}
        days = requests.get(url, query, headers=headers, timeout=DEADLINE_SECONDS).json()["data"]
        return [slot["start"] for slots in days.values() for slot in slots]


def control(simulator: SimulatorProcess, method: str, path: str, body: JsonValue = None) -> JsonValue:
    """One call of the control surface, which must succeed."""
    url = f"{simulator.url}/_simulator/{path}"
    response = requests.request(method, url, json=body, timeout=DEADLINE_SECONDS)
    assert response.ok, response.text
    data: JsonValue = response.json().get("data")
    return data


def call(
    simulator: SimulatorProcess,
    method: str,
    path: str,
    body: JsonValue = None,
    *,
    version: str = BOOKINGS_VERSION,
    key: str | None = "",
) -> requests.Response:
    """One raw call; `key` None sends none, "" the right one."""
    headers = {"cal-api-version": version} if version else {}
    if key is not None:
        headers["Authorization"] = f"Bearer {key or simulator.api_key}"
    return requests.request(method, simulator.url + path, json=body, headers=headers, timeout=DEADLINE_SECONDS)


def past_row(clinic: Clinic, uid: str, **changes: JsonValue) -> Json:
    row: Json = {"uid": uid, "eventTypeId": clinic.event_type.id, "start": "2020-01-06T09:00:00Z"}
    row["attendee"] = {"name": "Old Pat", "email": f"{uid}@example.com"}
    return row | changes


def next_call(simulator: SimulatorProcess, match: str, do: str, **more: JsonValue) -> None:
    """Make the next call that matches go wrong."""
    fault: JsonValue = {"match": match, "do": do, **more}
    control(simulator, "PUT", "faults", {"api": {"next": [fault]}})


def counts(simulator: SimulatorProcess) -> dict[str, JsonValue]:
    state = control(simulator, "GET", "state")
    assert isinstance(state, dict)
    assert isinstance(state["counts"], dict)
    return state["counts"]


def open_clinic(simulator: SimulatorProcess, session: requests.Session) -> Clinic:
    """An emptied simulator with a team, a doctor and a half-hour visit."""
    control(simulator, "POST", "reset")
    control(simulator, "POST", "teams", {"id": TEAM_ID, "name": "North"})
    client = CalcomClient(simulator.config, session=session)
    doctor = client.create_org_user(email="dora@example.com", name="Dora Doc", time_zone=BERLIN)
    client.add_team_member(TEAM_ID, doctor.id)
    schedule = client.create_user_schedule(doctor.id, HOURS)
    visit = EventTypeInput(30, "Visit", "visit", [doctor.id], schedule_id=schedule.id)
    event_type = client.create_team_event_type(TEAM_ID, visit)
    return Clinic(simulator, client, doctor, schedule, event_type)


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for it, with a deadline: what is waited for happens in another process."""
    ends_at = time.monotonic() + DEADLINE_SECONDS
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        pause.wait(0.01)


@dataclass(slots=True)
class Receiver:
    """Answers `statuses` in turn, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A subscriber on a free port of 127.0.0.1."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((dict(self.headers), body))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
