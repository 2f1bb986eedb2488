"""The rows of the planned visits, and the same bookings as the simulated Cal.com is to have them.

The demo's side in the simulated Cal.com: teams, doctors with their hours, and the bookings themselves.

Only the simulator is ever written to: a real Cal.com has no control surface to write through.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from clinical.models import Appointment, AppointmentBooking
from dev.demo.people import House, Member
from dev.demo.visits import Slot, Visit
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.requests import EventTypeInput, ScheduleInput
from integrations.calcom.facts.reference import METADATA_KEY, Reference
from integrations.calcom.schedules.plan import schedule_hash, wanted_schedule
from integrations.models import BookingRequest, CalLink

TIMEOUT_SECONDS = 20
PROBE_SECONDS = 2
BOOKINGS_AT_ONCE = 500
LOOPBACK = ("127.0.0.1", "localhost", "::1")
UID_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
UID_LENGTH = 22
FIRST_BOOKING_ID = 100_001


@dataclass(slots=True)
class Calendar:
    """What the simulator gave the demo's doctors; nothing where no simulator runs."""

    links: list[CalLink] = field(default_factory=list)

    @property
    def organizers(self) -> dict[uuid.UUID, int]:
        return {link.doctor_id: link.cal_user_id for link in self.links if link.cal_user_id}

    @property
    def event_types(self) -> dict[uuid.UUID, int]:
        return {link.doctor_id: link.cal_event_type_id for link in self.links if link.cal_event_type_id}


class Simulator:
    def __init__(self, url: str) -> None:
        self._url = url

    def answers(self) -> bool:
        if urlsplit(self._url).hostname not in LOOPBACK:
            return False
        try:
            return requests.get(f"{self._url}/_simulator/state", timeout=PROBE_SECONDS).ok
        except requests.RequestException:
            return False

    def forget_all_but_subscriptions(self, client: CalcomClient) -> None:
        """A database that is empty has no use for the calendar of the one before it."""
        subscriptions = client.list_org_webhooks()
        self._post("reset", {})
        for one in subscriptions:
            client.create_org_webhook(url=one.subscriber_url, secret=one.secret or "", triggers=one.triggers)

    def add_team(self, number: int, name: str) -> None:
        self._post("teams", {"id": number, "name": name})

    def add_user(self, doctor: Member, time_zone: str) -> int:
        named = {"email": doctor.user.email, "name": doctor.profile.full_name, "timeZone": time_zone}
        return int(self._post("users", named)["data"]["id"])

    def import_bookings(self, bookings: Iterable[dict[str, Any]]) -> None:
        rows = list(bookings)
        for first in range(0, len(rows), BOOKINGS_AT_ONCE):
            self._post("bookings", rows[first : first + BOOKINGS_AT_ONCE])

    def _post(self, what: str, body: Any) -> Any:
        answer = requests.post(f"{self._url}/_simulator/{what}", json=body, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()


def running_simulator() -> Simulator | None:
    simulator = Simulator(settings.CALCOM_API_URL)
    return simulator if simulator.answers() else None


def connect(houses: list[House], simulator: Simulator, *, at: dt.datetime) -> Calendar:
    """Give every hospital a team and every doctor a user, a schedule and an event type. Writes no row."""
    client = calcom_client()
    try:
        simulator.forget_all_but_subscriptions(client)
        calendar = Calendar()
        for number, house in enumerate(houses, start=1):
            house.hospital.cal_team_id = number
            simulator.add_team(number, house.hospital.name)
            calendar.links += [_connect(doctor, house, simulator, client, at=at) for doctor in house.doctors]
        return calendar
    finally:
        client.close()


def _connect(doctor: Member, house: House, simulator: Simulator, client: CalcomClient, *, at: dt.datetime) -> CalLink:
    user_id = simulator.add_user(doctor, house.zone.key)
    wanted = _hours(doctor, house, at=at)
    schedule = client.create_user_schedule(user_id, wanted)
    assert house.hospital.cal_team_id
    client.add_team_member(house.hospital.cal_team_id, user_id)
    event_type = client.create_team_event_type(
        house.hospital.cal_team_id, _event_type(doctor, house, user_id, schedule.id)
    )
    return CalLink(
        doctor_id=doctor.id,
        cal_user_id=user_id,
        cal_schedule_id=schedule.id,
        cal_event_type_id=event_type.id,
        wanted_hash=schedule_hash(wanted),
        pushed_hash=schedule_hash(schedule),
        pushed_at=at,
    )


def _hours(doctor: Member, house: House, *, at: dt.datetime) -> ScheduleInput:
    weekly = [(window.day, window.start, window.end) for window in doctor.windows]
    return wanted_schedule(weekly, [], zone=house.zone, today=at.astimezone(house.zone).date())


def _event_type(doctor: Member, house: House, user_id: int, schedule_id: int) -> EventTypeInput:
    """Named as `integrations.calcom.setup.connect_doctor` names them, which then finds instead of making another."""
    return EventTypeInput(
        length_minutes=house.hospital.visit_length_minutes,
        title=f"Visit: {doctor.profile.full_name}",
        slug=f"visit-{str(doctor.id)[:8]}",
        host_ids=[user_id],
        schedule_id=schedule_id,
        minimum_notice_minutes=house.hospital.booking_notice_minutes,
    )


@dataclass(slots=True)
class Bookings:
    """`visits` and `appointments` go side by side; `chains` has each one's bookings, the head last."""

    visits: Sequence[Visit]
    appointments: list[Appointment] = field(default_factory=list)
    chains: list[list[AppointmentBooking]] = field(default_factory=list)
    requests: list[BookingRequest] = field(default_factory=list)

    @property
    def rows(self) -> list[AppointmentBooking]:
        return [booking for chain in self.chains for booking in chain]


class Builder:
    """`organizers` are the doctors' numbers in Cal.com, by their ids; empty where no calendar is connected."""

    def __init__(self, *, at: dt.datetime, organizers: Mapping[uuid.UUID, int]) -> None:
        self._rng = random.Random("wardbook demo bookings")
        self._at = at
        self._organizers = organizers
        self._numbers = iter(range(FIRST_BOOKING_ID, FIRST_BOOKING_ID * 2))

    def build(self, visits: Sequence[Visit]) -> Bookings:
        result = Bookings(visits)
        for visit in visits:
            appointment_id = self._id()
            request = self._request(visit, appointment_id) if visit.match == "reference" else None
            chain = self._chain(visit, appointment_id)
            if request:
                request.booking_uid = chain[0].uid
                result.requests.append(request)
            result.chains.append(chain)
            result.appointments.append(self._appointment(visit, appointment_id, chain[-1]))
        return result

    def _chain(self, visit: Visit, appointment_id: uuid.UUID) -> list[AppointmentBooking]:
        """Oldest first, linked both ways."""
        places = [*visit.earlier, (visit.slot, None)]
        since = visit.booked_at
        chain: list[AppointmentBooking] = []
        for slot, moved_at in places:
            booking = self._booking(visit, slot, since)
            booking.appointment_id = appointment_id
            if visit.match == "reference" and visit.person:
                booking.reference = str(visit.person.id)
            if chain:
                booking.rescheduled_from, booking.rescheduled_from_at = chain[-1].uid, since
                chain[-1].rescheduled_to, chain[-1].rescheduled_to_at = booking.uid, since
            if moved_at:
                booking.status, booking.status_at, booking.updated_at = "cancelled", moved_at, moved_at
                since = moved_at
            chain.append(booking)
        self._end(visit, chain[-1])
        return chain

    def _booking(self, visit: Visit, slot: Slot, since: dt.datetime) -> AppointmentBooking:
        uid = "".join(self._rng.choices(UID_ALPHABET, k=UID_LENGTH))
        told = hashlib.sha256(uid.encode()).hexdigest()
        return AppointmentBooking(
            uid=uid,
            booking_id=next(self._numbers),
            status="accepted",
            start_ts=slot.start,
            end_ts=slot.end,
            organizer_id=self._organizers.get(slot.doctor.id),
            organizer_email=slot.doctor.user.email,
            attendee_name=visit.name,
            attendee_phone=visit.phone,
            **dict.fromkeys(("status_at", "times_at", "organizer_at", "attendee_at"), since),
            **dict.fromkeys(("status_hash", "times_hash", "organizer_hash", "attendee_hash"), told),
            created_at=since,
            updated_at=since,
        )

    def _end(self, visit: Visit, head: AppointmentBooking) -> None:
        """What became of the booking that counts."""
        head.status = visit.cal_status
        if visit.cancelled_at:
            head.status_at = head.updated_at = visit.cancelled_at
            head.cancellation_reason = visit.ended_by
        if visit.no_show:
            said_at = min(visit.slot.start + dt.timedelta(minutes=16), self._at)
            head.no_show, head.no_show_at, head.no_show_hash = True, said_at, head.times_hash
            head.updated_at = said_at

    def _appointment(self, visit: Visit, pk: uuid.UUID, head: AppointmentBooking) -> Appointment:
        doctor = visit.slot.doctor
        appointment = Appointment(
            id=pk,
            cal_booking_id=head.uid,
            patient_id=visit.person.id if visit.person else None,
            doctor_id=doctor.id,
            hospital_id=visit.slot.house.hospital.pk,
            start_ts=visit.slot.start,
            end_ts=visit.slot.end,
            status=visit.status(self._at),
            cal_status=head.status,
            no_show=visit.no_show,
            cancellation_reason=head.cancellation_reason,
            patient_match=visit.match,
            identity_confirmed_at=visit.confirmed_at,
            completed_at=visit.completed_at,
            completed_by_id=doctor.id if visit.completed_at else None,
            guest_name=None if visit.match == "reference" else visit.name,
            cal_raw_payload={"uid": head.uid, "bookingId": head.booking_id, "status": visit.cal_status.upper()},
            last_synced_at=head.updated_at + dt.timedelta(seconds=1),
        )
        appointment.created_at = visit.booked_at + dt.timedelta(seconds=1)
        return appointment

    def _request(self, visit: Visit, appointment_id: uuid.UUID) -> BookingRequest:
        """What the patient asked for in the app, long done."""
        assert visit.person
        first = visit.earlier[0][0] if visit.earlier else visit.slot
        request = BookingRequest(
            id=self._id(),
            kind=BookingRequest.Kind.BOOK,
            patient_id=visit.person.id,
            doctor_id=visit.slot.doctor.id,
            appointment_id=appointment_id,
            start_ts=first.start,
            state=BookingRequest.State.DONE,
            sent_at=visit.booked_at,
            resolved_at=visit.booked_at + dt.timedelta(seconds=1),
            tries=1,
        )
        request.created_at = visit.booked_at
        return request

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)


def imports(bookings: Bookings, event_types: Mapping[uuid.UUID, int]) -> Iterator[dict[str, Any]]:
    """Bookings as the simulator's control surface takes them; `event_types` by doctor."""
    requests = {request.appointment_id: request for request in bookings.requests}
    for visit, chain in zip(bookings.visits, bookings.chains, strict=True):
        request = requests.get(chain[0].appointment_id)
        event_type = event_types[visit.slot.doctor.id]
        metadata = {METADATA_KEY: _reference(request, event_type)} if request else {}
        for booking in chain:
            yield _import(visit, booking, event_type, metadata)


def _reference(request: BookingRequest, event_type: int) -> str:
    assert request.patient_id
    return Reference(request.pk, request.patient_id, event_type).signed(settings.BOOKING_REFERENCE_KEYS)


def _import(visit: Visit, booking: AppointmentBooking, event_type: int, metadata: dict[str, str]) -> dict[str, Any]:
    assert booking.start_ts
    assert booking.end_ts
    return {
        "uid": booking.uid,
        "id": booking.booking_id,
        "eventTypeId": event_type,
        "start": booking.start_ts.isoformat(),
        "end": booking.end_ts.isoformat(),
        "status": booking.status,
        "attendee": {
            "name": booking.attendee_name,
            "phoneNumber": f"+{booking.attendee_phone}",
            "timeZone": visit.slot.house.hospital.time_zone,
        },
        "metadata": metadata,
        "rescheduledFromUid": booking.rescheduled_from,
        "rescheduledToUid": booking.rescheduled_to,
        "cancellationReason": booking.cancellation_reason,
        "absent": bool(booking.no_show),
        "createdAt": booking.created_at.isoformat(),
        "updatedAt": booking.updated_at.isoformat(),
    }
