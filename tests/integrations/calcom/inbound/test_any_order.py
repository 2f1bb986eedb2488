"""Histories whose links no payload carries: with look-ups and pulls any order of arrival gives the same visits."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinical.mirror.apply import apply_booking_facts
from clinical.models import Appointment, AppointmentBooking
from hospitals.models import Doctor
from integrations.calcom.api.responses import Booking
from integrations.calcom.facts.translate import translate_event
from integrations.calcom.facts.webhook_payloads import WebhookEvent
from integrations.calcom.inbound.drift import differences, mirrored, repair
from integrations.models import CalLink, SyncDrift
from tests.cast import HospitalCast

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOST = 77

Json = dict[str, Any]


@dataclass
class FakeCalcom:
    """A patient's visits as Cal.com holds them, and the events it sent: a confirmation does not tell what it moves."""

    now: dt.datetime = NOON
    rows: dict[str, Json] = field(default_factory=dict)
    events: list[bytes] = field(default_factory=list)
    # What a list asked for at that time showed.
    lists: list[tuple[dt.datetime, str]] = field(default_factory=list)

    def book(self, uid: str, status: str, *, old: str | None = None, is_told: bool = True) -> None:
        start = NOON + dt.timedelta(days=1 + len(self.rows))
        self.rows[uid] = {
            "uid": uid,
            "status": status,
            "start": start.isoformat(),
            "end": (start + 30 * MINUTE).isoformat(),
            "hosts": [{"id": HOST, "email": "dora@example.com"}],
            "attendees": [{"name": "Gerda Guest", "absent": False, "phoneNumber": "+436609999999"}],
            "rescheduledFromUid": old,
            "createdAt": self.now.isoformat(),
        }
        if old is not None:
            self._change(old, status="cancelled", rescheduledToUid=uid)
        ids = {"rescheduleUid": old} if old is not None and is_told else {}
        name = "REQUESTED" if status == "pending" else "RESCHEDULED" if ids else "CREATED"
        self._change(uid)
        self._tell(f"BOOKING_{name}", uid, requiresConfirmation=status == "pending", **ids)

    def confirm(self, uid: str) -> None:
        self._change(uid, status="accepted")
        self._tell("BOOKING_CREATED", uid, requiresConfirmation=True)

    def close(self, uid: str, status: str) -> None:
        self._change(uid, status=status)
        self._tell(f"BOOKING_{status.upper()}", uid)

    def miss(self, uid: str, *, absent: bool, is_told: bool) -> None:
        self.now += MINUTE
        self.rows[uid]["attendees"][0]["absent"] = absent  # on the attendee's row: the booking does not change
        self._remember()
        if is_told:
            marks = [{"email": "", "noShow": absent}]
            self._send("BOOKING_NO_SHOW_UPDATED", {"bookingUid": uid, "attendees": marks})

    def listed(self, number: int = -1) -> Sequence[Booking]:
        return [Booking.model_validate(row) for row in json.loads(self.lists[number][1])]

    def _change(self, uid: str, **changes: Any) -> None:
        self.now += MINUTE
        self.rows[uid] |= changes | {"updatedAt": self.now.isoformat()}
        self._remember()

    def _remember(self) -> None:
        self.lists.append((self.now + dt.timedelta(milliseconds=500), json.dumps(list(self.rows.values()))))

    def _tell(self, trigger: str, uid: str, **more: Any) -> None:
        row = self.rows[uid]
        payload = {
            "uid": uid,
            "startTime": row["start"],
            "endTime": row["end"],
            "organizer": {"id": HOST},
            "attendees": [{"name": "Gerda Guest", "phoneNumber": "+436609999999"}],
        }
        self._send(trigger, payload | more)

    def _send(self, trigger: str, payload: Json) -> None:
        # Told a moment after the deed.
        at = (self.now + dt.timedelta(seconds=1)).isoformat()
        self.events.append(json.dumps({"triggerEvent": trigger, "createdAt": at, "payload": payload}).encode())


@st.composite
def histories(draw: st.DrawFn) -> FakeCalcom:
    calcom = FakeCalcom()
    uid, status = "u0", draw(st.sampled_from(["accepted", "pending"]))
    calcom.book(uid, status)
    for hop in range(1, draw(st.integers(0, 3)) + 1):
        if status == "pending" and draw(st.booleans()):
            calcom.confirm(uid)
        new, status = f"u{hop}", draw(st.sampled_from(["accepted", "pending"]))
        calcom.book(new, status, old=uid, is_told=draw(st.booleans()))
        uid = new
    end = draw(st.sampled_from(["stays", "confirmed", "cancelled", "rejected", "missed", "missed, then not"]))
    if end == "confirmed" and status == "pending":
        calcom.confirm(uid)
    elif end in {"cancelled", "rejected"}:
        calcom.close(uid, end)
    elif end.startswith("missed"):
        calcom.miss(uid, absent=True, is_told=draw(st.booleans()))
        if end != "missed":
            calcom.miss(uid, absent=False, is_told=draw(st.booleans()))
    return calcom


class Mirror:
    """Takes events, look-ups and pulls as the workers do, against a list in memory."""

    def __init__(self, doctor: Doctor, calcom: FakeCalcom) -> None:
        self.doctor, self.calcom = doctor, calcom
        self.asked_at = calcom.now + MINUTE
        self.lookups: list[str] = []

    def take(self, body: bytes) -> None:
        event = WebhookEvent.read(body)
        digest = hashlib.sha256(body).hexdigest()
        translation = translate_event(event, digest=digest, received_at=self.asked_at)
        self.lookups += translation.lookups
        apply_booking_facts(
            facts=translation.facts, payload=dict(event.payload), doctor_of=lambda *_: self.doctor, at=self.asked_at
        )

    def look_up(self) -> None:
        wanted, self.lookups = set(self.lookups), []
        self._repair([one for one in self.calcom.listed() if one.uid in wanted])

    def pull(self) -> None:
        self._repair(self.calcom.listed())

    def pull_late(self, number: int) -> None:
        """One whose answer was slow: other workers have applied later news."""
        repair(self.calcom.listed(number), asked_at=self.calcom.lists[number][0])

    def _repair(self, bookings: Sequence[Booking]) -> None:
        self.asked_at += MINUTE
        repair(bookings, asked_at=self.asked_at)


def visits() -> list[tuple[Any, ...]]:
    fields = ("cal_booking_id", "start_ts", "end_ts", "status", "cal_status", "no_show", "guest_name", "doctor_id")
    return list(Appointment.objects.order_by("cal_booking_id").values_list(*fields))


def forget() -> None:
    AppointmentBooking.objects.all().delete()
    Appointment.objects.all().delete()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calcom=histories(), data=st.data())
def test_any_order_with_look_ups_and_pulls_gives_the_same_visits(
    north: HospitalCast, calcom: FakeCalcom, data: st.DataObject
) -> None:
    CalLink.objects.get_or_create(doctor=north.doctor, defaults={"cal_user_id": HOST})
    forget()
    in_order = Mirror(north.doctor, calcom)
    for body in calcom.events:
        in_order.take(body)
    in_order.look_up()
    in_order.pull()
    expected = visits()
    assert len(expected) == 1

    forget()
    duplicates = data.draw(st.lists(st.sampled_from(calcom.events), max_size=3))
    lost = data.draw(st.sets(st.sampled_from(calcom.events), max_size=2))
    deeds: list[bytes | str | int] = [body for body in calcom.events + duplicates if body not in lost]
    slow = st.integers(0, len(calcom.lists) - 1)
    deeds += data.draw(st.lists(st.sampled_from(["look up", "pull"]) | slow, max_size=4))
    mirror = Mirror(north.doctor, calcom)
    for deed in data.draw(st.permutations(deeds)):
        if deed == "look up":
            mirror.look_up()
        elif deed == "pull":
            mirror.pull()
        elif isinstance(deed, int):
            mirror.pull_late(deed)
        elif isinstance(deed, bytes):
            mirror.take(deed)
    mirror.look_up()
    mirror.pull()
    assert visits() == expected
    rows = mirrored(calcom.rows)
    assert [differences(one, rows.get(one.uid)) for one in calcom.listed()] == [[]] * len(calcom.rows)
    assert SyncDrift.objects.count() == 0
