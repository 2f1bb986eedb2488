"""What went otherwise than planned: a late absence, refused bookings, a locked account, wishes to be erased."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from accounts.models import BreakGlassGrant, ErasureRequest, LoginDevice, SmsMessage
from clinical.models import Appointment, VisitDecision
from dev.demo.absences import Absence
from dev.demo.people import House, Member, People
from dev.demo.visits import Visit
from hospitals.models import DoctorTimeOff
from integrations.models import BookingRequest

# The sign-in of this pharmacist is closed for longer than ours closes one, so that it can be seen and released.
LOCKED_FOR = dt.timedelta(hours=12)
REFUSED_BOOKINGS = 6
ERASURE_ASKED_BY = (41, 77)
NO_BIRTH_DATE, NO_REMINDERS = 0.01, 0.04
BREAK_GLASS_AGO, BREAK_GLASS_OPEN = dt.timedelta(days=16, hours=3), dt.timedelta(minutes=11)
BREAK_GLASS_REASON = "Ticket 4711: the patient cannot find an appointment in the app."
BROWSERS = ("Firefox on Windows", "Chrome on Windows", "Safari on iPad", "Edge on Windows")


@dataclass(slots=True)
class Incidents:
    time_off: list[DoctorTimeOff] = field(default_factory=list)
    decisions: list[VisitDecision] = field(default_factory=list)
    messages: list[SmsMessage] = field(default_factory=list)
    requests: list[BookingRequest] = field(default_factory=list)
    devices: list[LoginDevice] = field(default_factory=list)
    grants: list[BreakGlassGrant] = field(default_factory=list)
    erasures: list[ErasureRequest] = field(default_factory=list)


class Builder:
    def __init__(self, people: People, *, at: dt.datetime) -> None:
        self._rng = random.Random("wardbook demo incidents")
        self._people, self._at = people, at
        self.made = Incidents()

    def build(
        self, absences: Sequence[Absence], visits: Sequence[Visit], appointments: Sequence[Appointment]
    ) -> Incidents:
        pairs = list(zip(visits, appointments, strict=True))
        for house in self._people.houses:
            self._absences(house, [one for one in absences if one.doctor in house.doctors], pairs)
            self._patients(house)
            self.made.requests.extend(self._refused(house, visits))
            self.made.devices.extend(self._devices(house))
        self._lock(self._people.houses[0].pharmacists[1])
        self.made.grants.append(self._break_glass())
        return self.made

    def _absences(self, house: House, absences: Sequence[Absence], pairs: Sequence[tuple[Visit, Appointment]]) -> None:
        by = house.admins[0]
        for absence in absences:
            self.made.time_off.append(absence.row(by=by))
            if absence.came_late:
                hit = [(visit, row) for visit, row in pairs if self._is_hit(visit, absence)]
                for (visit, row), choice in zip(hit, ("keep", "ask_to_move"), strict=False):
                    self._decide(visit, row, choice, absence, by)

    def _is_hit(self, visit: Visit, absence: Absence) -> bool:
        is_booked = visit.slot.doctor is absence.doctor and not visit.is_cancelled
        return is_booked and visit.slot.start < absence.end and absence.start < visit.slot.end

    def _decide(self, visit: Visit, row: Appointment, choice: str, absence: Absence, by: Member) -> None:
        is_asked = choice == "ask_to_move"
        decided_at = absence.entered_at + dt.timedelta(minutes=2)
        decision = VisitDecision(
            id=self._id(),
            appointment_id=row.pk,
            doctor_id=visit.slot.doctor.id,
            hospital_id=visit.slot.house.hospital.pk,
            start_ts=visit.slot.start,
            cause=VisitDecision.Cause.TIME_OFF,
            choice=choice,
            reason="The doctor is away that day." if is_asked else "",
            decided_by_id=by.id,
            decided_at=decided_at,
            told_at=decided_at if is_asked else None,
        )
        self.made.decisions.append(decision)
        if is_asked:
            message = SmsMessage(
                id=self._id(),
                kind=SmsMessage.Kind.VISIT_TO_MOVE,
                number=visit.phone,
                about_id=decision.pk,
                status=SmsMessage.Status.DELIVERED,
                provider_id=f"SM{self._rng.getrandbits(128):032x}",
                tries=1,
            )
            message.created_at, message.status_at = decided_at, decided_at + dt.timedelta(seconds=6)
            self.made.messages.append(message)

    def _patients(self, house: House) -> None:
        for place in ERASURE_ASKED_BY:
            asked_at, person = self._at - dt.timedelta(hours=place), house.patients[place]
            person.patient.erasure_requested_at = asked_at
            self.made.erasures.append(ErasureRequest(id=self._id(), patient_id=person.id, asked_at=asked_at))
        for person in house.patients[1:]:
            if self._rng.random() < NO_BIRTH_DATE:
                person.patient.date_of_birth = None
            person.patient.reminders_enabled = self._rng.random() > NO_REMINDERS

    def _refused(self, house: House, visits: Sequence[Visit]) -> Iterator[BookingRequest]:
        """Asked for in the app, while somebody else took the time."""
        week = [one for one in visits if one.slot.house is house and one.person and one.complaint]
        lately = [one for one in week if self._at - dt.timedelta(days=7) < one.booked_at < self._at]
        for visit in self._rng.sample(lately, REFUSED_BOOKINGS):
            assert visit.person
            assert visit.complaint
            request = BookingRequest(
                id=self._id(),
                kind=BookingRequest.Kind.BOOK,
                patient_id=visit.person.id,
                doctor_id=visit.slot.doctor.id,
                start_ts=visit.slot.start - house.visit_length,
                reason=visit.complaint.reason,
                state=BookingRequest.State.REFUSED,
                outcome_code="slot_taken",
                sent_at=visit.booked_at - dt.timedelta(seconds=50),
                resolved_at=visit.booked_at - dt.timedelta(seconds=49),
                tries=1,
            )
            request.created_at = visit.booked_at - dt.timedelta(seconds=51)
            yield request

    def _devices(self, house: House) -> Iterator[LoginDevice]:
        for member in house.staff:
            secret = hashlib.sha256(f"demo device of {member.id}".encode()).hexdigest()
            device = LoginDevice(id=self._id(), user_id=member.id, secret_hash=secret, name=self._rng.choice(BROWSERS))
            device.created_at = self._at - dt.timedelta(days=self._rng.randint(20, 300))
            device.last_seen_at = self._at - dt.timedelta(hours=self._rng.randint(2, 60))
            yield device

    def _lock(self, member: Member) -> None:
        member.user.login_attempts = settings.SIGN_IN_MAX_FAILURES
        member.user.lockout_until = self._at + LOCKED_FOR

    def _break_glass(self) -> BreakGlassGrant:
        started_at = self._at - BREAK_GLASS_AGO
        return BreakGlassGrant(
            id=self._id(),
            operator_id=self._people.operator.id,
            hospital_id=self._people.houses[0].hospital.pk,
            reason=BREAK_GLASS_REASON,
            started_at=started_at,
            expires_at=started_at + dt.timedelta(minutes=30),
            ended_at=started_at + BREAK_GLASS_OPEN,
        )

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)
