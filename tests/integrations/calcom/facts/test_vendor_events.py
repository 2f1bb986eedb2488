"""Bodies as Cal.com's own builders and sender make them: signature check, reader and simulator hold to them.

Three are kept with the tests; all 27 are read where they lie beside this clone.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from clinical.mirror.facts import BookingFacts
from integrations.calcom.api.config import HEADER, verify
from integrations.calcom.facts.translate import Absence, Translation, translate_event
from integrations.calcom.facts.webhook_payloads import WebhookEvent
from tests.integrations.calcom.clinic import MONDAY_TEN, PATIENT, REFERENCE, Clinic, Receiver, control, past_row

ALL = REFERENCE / "real" / "events.json"
KEPT = Path(__file__).parents[3] / "data" / "calcom_events.json"
AT = dt.datetime(2026, 11, 30, 6, tzinfo=dt.UTC)

WHO = (5, "Ünal Ş.", "61491570006")
NOBODY = (None, None, None)
ASKED = (None, *WHO[1:])
OPEN = (".responses", ".metadata", ".customInputs", ".userFieldsResponses")
# By the first two digits of its name: facts (uid, status, reason, organizer, booker, phone, link, no-show), look-ups.
READ: dict[str, tuple[list[tuple[Any, ...]], list[str]]] = {
    "01": ([("u1", "accepted", None, *WHO, None, None)], []),
    "02": ([("u1", "accepted", None, *WHO, None, None)], []),
    "03": (
        [("u1", "accepted", None, *WHO, "u0", None), ("u0", "cancelled", None, *NOBODY, "u1", None)],
        [],
    ),
    "04": ([("u1", "pending", None, *WHO, None, None)], ["u1"]),
    "05": (
        [("u1", "pending", None, *WHO, "u0", None), ("u0", "cancelled", None, *NOBODY, "u1", None)],
        [],
    ),
    "06": ([("u1", "accepted", None, *WHO, None, None)], ["u1"]),
    "07": ([("u1", "accepted", None, *WHO, None, None)], ["u1"]),
    "08": ([("u1", "cancelled", "ill", *WHO, None, None)], []),
    "09": ([("u1", "cancelled", None, *WHO, None, None)], []),
    "10": ([("u1", "cancelled", "ill", 5, None, None, None, None)], ["u1"]),
    "11": ([("u1", "cancelled", "ill", *WHO, None, None)], ["u1"]),
    "12": ([], ["u1"]),
    "13": ([("u1", "cancelled", "reschedule_requested", *ASKED, None, None)], ["u1"]),
    "14": ([("u1", "rejected", "holiday", *WHO, None, None)], []),
    "15": ([("u1", None, None, *NOBODY, None, True)], []),
    "16": ([("u1", "accepted", None, *WHO, None, None)], []),
    "17": ([("u1", "accepted", None, *WHO, None, None)], ["u1"]),
    "18": ([("u1", "pending", None, *WHO, None, None)], ["u1"]),
    "19": (
        [("u1", "accepted", None, *WHO, "u0", None), ("u0", "cancelled", None, *NOBODY, "u1", None)],
        [],
    ),
    "20": ([("u1", "cancelled", "ill", *WHO, None, None)], []),
    "21": ([("u1", "cancelled", "reschedule_requested", *ASKED, None, None)], ["u1"]),
    "22": ([("u1", "rejected", None, *WHO, None, None)], []),
    "23": ([("u1", None, None, *NOBODY, None, True)], []),
    **dict.fromkeys(["24", "25", "26", "27"], ([], [])),
}


def signed_bodies(path: Path) -> dict[str, str]:
    """By the first two digits of the name; each signature is checked."""
    given = json.loads(path.read_text())
    for one in given["events"]:
        assert verify([given["secret"]], one["body"].encode(), one["headers"][HEADER]), one["name"]
    return {one["name"][:2]: one["body"] for one in given["events"]}


def read(body: str) -> Translation:
    return translate_event(WebhookEvent.read(body), digest="d", received_at=AT)


def gist(facts: BookingFacts) -> tuple[Any, ...]:
    who = (facts.organizer_id, facts.attendee_name, facts.phone)
    link = facts.rescheduled_from or facts.rescheduled_to
    return (facts.uid, facts.status, facts.cancellation_reason, *who, link, facts.no_show)


@pytest.mark.parametrize(
    "path",
    [
        KEPT,
        pytest.param(ALL, marks=pytest.mark.skipif(not ALL.exists(), reason="the bodies are not beside this clone")),
    ],
    ids=["kept", "all"],
)
def test_every_body_is_signed_and_read(path: Path) -> None:
    bodies = signed_bodies(path)
    found = {number: read(body) for number, body in bodies.items()}
    told = {number: ([gist(one) for one in it.facts], list(it.lookups)) for number, it in found.items()}
    assert told == {number: READ[number] for number in bodies}
    assert all(it.facts or it.note for it in found.values())
    if "24" in found:
        assert found["24"].absence == Absence(5, dt.date(2026, 12, 24), dt.date(2026, 12, 26))


def shape(value: Any, path: str = "") -> set[tuple[str, str]]:
    """Where a body has what kind of value; what is in answers and metadata is the hospital's own."""
    found = {(path, type(value).__name__)}
    if isinstance(value, dict) and path not in OPEN:
        for key, item in value.items():
            found |= shape(item, f"{path}.{key}")
    if isinstance(value, list):
        for item in value:
            found |= shape(item, f"{path}[]")
    return found


def vendor_shapes() -> dict[str, set[tuple[str, str]]]:
    shapes: dict[str, set[tuple[str, str]]] = {}
    for body in signed_bodies(ALL).values():
        said = json.loads(body)
        shapes.setdefault(said["triggerEvent"], set()).update(shape(said.get("payload", {})))
    return shapes


@pytest.mark.skipif(not ALL.exists(), reason="the bodies are not beside this clone")
def test_the_simulator_says_nothing_that_the_vendor_does_not(clinic: Clinic, receiver: Receiver) -> None:
    simulator, client = clinic.simulator, clinic.client
    triggers = ["CREATED", "RESCHEDULED", "REQUESTED", "CANCELLED", "REJECTED", "NO_SHOW_UPDATED"]
    client.create_org_webhook(url=receiver.url, secret="s", triggers=[f"BOOKING_{name}" for name in triggers])
    moved = client.reschedule_booking(clinic.book().uid, start=MONDAY_TEN + dt.timedelta(days=7))
    control(simulator, "POST", "events", {"trigger": "REQUEST_RESCHEDULE", "uid": moved.uid, "reason": "Ill."})
    asking = clinic.new_type("asking", needs_confirmation=True)
    first, second = (
        client.create_booking(
            start=MONDAY_TEN + dt.timedelta(days=days), event_type_id=asking.id, attendee=PATIENT, metadata={}
        )
        for days in (14, 21)
    )
    client.decline_booking(first.uid, reason="full")
    client.confirm_booking(second.uid)
    client.cancel_booking(second.uid, reason="ill")
    control(simulator, "POST", "bookings", [past_row(clinic, "past")])
    client.mark_absent("past", attendee_email="past@example.com")
    control(simulator, "POST", "flush")

    shapes = vendor_shapes()
    said = [json.loads(body) for _, body in receiver.received]
    assert {one["triggerEvent"] for one in said} == {f"BOOKING_{name}" for name in triggers}
    for one in said:
        vendor = shapes[one["triggerEvent"]]
        nullable = {path for path, kind in vendor if kind == "NoneType"}
        foreign = {(path, kind) for path, kind in shape(one["payload"]) - vendor if path not in nullable}
        assert foreign == set(), one["triggerEvent"]
