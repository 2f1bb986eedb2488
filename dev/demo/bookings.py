"""The rows of the planned visits, and the same bookings as the simulated Cal.com is to have them."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from clinical.models import Appointment, AppointmentBooking
from dev.demo.visits import Slot, Visit
from integrations.calcom.facts.reference import METADATA_KEY, Reference
from integrations.models import BookingRequest

UID_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
UID_LENGTH = 22
FIRST_BOOKING_ID = 100_001


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
            reason=visit.complaint.reason if visit.complaint else None,
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
