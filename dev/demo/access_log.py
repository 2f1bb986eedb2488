"""Two months of the access log: who opened, changed and signed what, as the demo's visits and prescriptions went."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from accounts.access_log.break_glass import grant_text
from accounts.access_log.record import AccessAction as Did
from accounts.models import AccessEvent, BreakGlassGrant, User
from clinical.models import AiSession, Appointment, Prescription, VisitDecision
from dev.demo.copying import Snapshot
from dev.demo.people import House, Member, People
from dev.demo.visits import Visit
from hospitals.models import DoctorTimeOff

SINCE = dt.timedelta(days=60)
# Networks set aside for documentation: the hospitals', and where patients and the operator sit.
STAFF_NETWORKS, PATIENTS_NETWORK, OPERATORS_ADDRESS = ("192.0.2", "198.51.100"), "203.0.113", "203.0.113.250"
SEARCHED, READ_TALK = 0.08, 0.2
WRONG_PASSWORD = 0.04


@dataclass(frozen=True, slots=True)
class Actor:
    id: uuid.UUID | None
    role: str
    surface: str
    address: str | None
    hospital_id: uuid.UUID | None = None


SYSTEM = Actor(None, "SYSTEM", "worker", None)


class Builder:
    def __init__(self, people: People, *, at: dt.datetime) -> None:
        self._rng = random.Random("wardbook demo access log")
        self._at = at
        self._people = people
        self._staff = {
            member.id: self._member(member, network, place)
            for house, network in zip(people.houses, STAFF_NETWORKS, strict=True)
            for place, member in enumerate(house.staff, start=11)
        }
        self.events: list[Snapshot] = []

    def build(
        self,
        visits: Sequence[Visit],
        appointments: Sequence[Appointment],
        prescriptions: Sequence[Prescription],
        talks: Sequence[AiSession],
        time_off: Sequence[DoctorTimeOff],
        decisions: Sequence[VisitDecision],
        grants: Sequence[BreakGlassGrant],
    ) -> list[Snapshot]:
        """In the order in which it happened."""
        for visit, appointment in zip(visits, appointments, strict=True):
            self._visit(visit, appointment)
        for prescription in prescriptions:
            self._prescription(prescription)
        for talk in talks:
            self._talk(talk)
        for absence in time_off:
            self._add(
                absence.created_at, self._by(absence.created_by_id), Did.CHANGED_HOURS, "doctor", absence.doctor_id
            )
        for decision in decisions:
            self._decision(decision)
        for house in self._people.houses:
            self._sign_ins(house)
        self._lockout(self._people.houses[0].pharmacists[1].user)
        for grant in grants:
            self._glass(grant, self._people.houses[0].star.id)
        return sorted(self.events, key=attrgetter("at"))

    def _visit(self, visit: Visit, row: Appointment) -> None:
        patient, doctor = row.patient_id, self._by(row.doctor_id)
        if patient and visit.match == "reference":
            booker = self._patient(patient)
            self._add(
                visit.booked_at, booker, Did.REQUESTED_BOOKING, "booking_request", row.pk, patient, row.hospital_id
            )
        if visit.confirmed_at:
            self._add(visit.confirmed_at, doctor, Did.CONFIRMED_IDENTITY, "appointment", row.pk, patient)
        if visit.completed_at:
            opened_at = visit.slot.start + dt.timedelta(seconds=self._rng.randint(20, 400))
            if patient and (visit.match == "reference" or visit.confirmed_at):
                self._add(opened_at, doctor, Did.OPENED_PATIENT, "patient", patient, patient)
            self._add(visit.completed_at, doctor, Did.MARKED_VISIT, "appointment", row.pk, patient, reason="completed")
            if self._rng.random() < SEARCHED:
                self._add(opened_at - dt.timedelta(seconds=15), doctor, Did.SEARCHED_PATIENTS, "patient", "")
        if visit.no_show:
            at = visit.slot.start + dt.timedelta(minutes=16)
            self._add(at, doctor, Did.MARKED_VISIT, "appointment", row.pk, patient, reason="no_show")

    def _prescription(self, row: Prescription) -> None:
        doctor, pharmacist = self._by(row.doctor_id), self._by(row.pharmacist_id)
        steps = [(row.created_at, doctor, Did.PRESCRIBED)]
        if row.claimed_at:
            steps += [(row.claimed_at, pharmacist, Did.CLAIMED_PRESCRIPTION)]
            steps += [(row.claimed_at + dt.timedelta(seconds=20), pharmacist, Did.OPENED_PRESCRIPTION)]
        if row.decided_at:
            steps.append((row.decided_at, *self._end(row, doctor, pharmacist)))
        if row.completed_at:
            steps.append((row.completed_at, pharmacist, Did.DISPENSED_PRESCRIPTION))
        if row.acknowledged_at:
            steps.append((row.acknowledged_at, doctor, Did.DISMISSED_PRESCRIPTION))
        for at, actor, did in steps:
            self._add(at, actor, did, "prescription", row.pk, row.patient_id, row.hospital_id)

    def _end(self, row: Prescription, doctor: Actor, pharmacist: Actor) -> tuple[Actor, Did]:
        if row.denial_reason == Prescription.DenialReason.WITHDRAWN:
            return doctor, Did.WITHDREW_PRESCRIPTION
        if row.denial_reason == Prescription.DenialReason.EXPIRED:
            return SYSTEM, Did.EXPIRED_PRESCRIPTION
        is_denied = row.status == Prescription.Status.DENIED
        return pharmacist, Did.DENIED_PRESCRIPTION if is_denied else Did.APPROVED_PRESCRIPTION

    def _talk(self, row: AiSession) -> None:
        patient, house = self._patient(row.patient_id), self._house(row.hospital_id)
        if row.source == "APP":
            self._add(
                row.start_time, patient, Did.STARTED_AI_SESSION, "ai_session", row.pk, row.patient_id, house.hospital.pk
            )
            if row.ended_at:
                self._add(
                    row.ended_at, patient, Did.ENDED_AI_SESSION, "ai_session", row.pk, row.patient_id, house.hospital.pk
                )
        if self._rng.random() < READ_TALK:
            read_at = row.start_time + dt.timedelta(hours=self._rng.uniform(1, 30))
            doctor = self._by(house.doctors[0].id)
            self._add(read_at, doctor, Did.OPENED_TRANSCRIPT, "ai_session", row.pk, row.patient_id)

    def _decision(self, row: VisitDecision) -> None:
        by = self._by(row.decided_by_id)
        self._add(row.decided_at, by, Did.DECIDED_VISIT, "appointment", row.appointment_id, reason=row.choice)

    def _sign_ins(self, house: House) -> None:
        """Who works that day, and the admins on working days, with a look into the log each week."""
        today = self._at.astimezone(house.zone).date()
        for days in range(SINCE.days):
            day = today - dt.timedelta(days=days)
            for member in house.staff:
                if self._works(member, day):
                    self._signs_in(member, house, day)
            if day.isoweekday() == 1:
                moment = self._moment(house, day, 10)
                self._add(moment, self._by(house.admins[0].id), Did.READ_ACCESS_LOG, "access_log", "")
            if days % 11 == 5:
                self._add(self._moment(house, day, 9), self._by(house.admins[1].id), Did.EXPORTED, "staff", "")

    def _works(self, member: Member, day: dt.date) -> bool:
        days = {window.day for window in member.windows} or {1, 2, 3, 4, 5}
        return day.isoweekday() in days

    def _signs_in(self, member: Member, house: House, day: dt.date) -> None:
        # A night that began the evening before has no sign-in of its own.
        hours = [window.start.hour for window in member.windows if window.day == day.isoweekday() and window.start.hour]
        at = self._moment(house, day, min(hours, default=8) - 1)
        actor = self._by(member.id)
        if self._rng.random() < WRONG_PASSWORD:
            self._failed(at - dt.timedelta(seconds=20), member.user, actor.address)
        self._add(at, actor, Did.SIGNED_IN, "user", member.id)
        if self._rng.random() < 0.5:
            self._add(at + dt.timedelta(hours=self._rng.uniform(4, 9)), actor, Did.SIGNED_OUT, "user", member.id)

    def _lockout(self, user: User) -> None:
        address = f"{PATIENTS_NETWORK}.77"
        begun_at = self._at - dt.timedelta(minutes=9)
        for number in range(user.login_attempts or 0):
            self._failed(begun_at + dt.timedelta(seconds=15 * number), user, address)
        stranger = Actor(None, "SYSTEM", "staff", address)
        at = begun_at + dt.timedelta(seconds=76)
        self._add(at, stranger, Did.LOCKED_OUT, "user", user.pk, hospital_id=user.hospital_id, reason="account")

    def _failed(self, at: dt.datetime, user: User, address: str | None) -> None:
        stranger = Actor(None, "SYSTEM", "staff", address)
        self._add(at, stranger, Did.SIGN_IN_FAILED, "user", user.pk, hospital_id=user.hospital_id, reason="password")

    def _glass(self, grant: BreakGlassGrant, patient_id: uuid.UUID) -> None:
        by = Actor(grant.operator_id, "OPERATOR", "admin", OPERATORS_ADDRESS)
        at, house = grant.started_at, grant.hospital_id
        self._add(at, by, Did.BROKE_GLASS, "break_glass", grant.pk, hospital_id=house, reason=grant.reason)
        seen_at, text = at + dt.timedelta(minutes=2), grant_text(grant.pk)
        self._add(seen_at, by, Did.LISTED_UNDER_BREAK_GLASS, "appointment", "", patient_id, house, text)
        if grant.ended_at:
            self._add(grant.ended_at, by, Did.ENDED_BREAK_GLASS, "break_glass", grant.pk, hospital_id=house)

    def _moment(self, house: House, day: dt.date, hour: int) -> dt.datetime:
        clock = dt.time(hour, self._rng.randint(20, 59), self._rng.randint(0, 59))
        return dt.datetime.combine(day, clock, house.zone).astimezone(dt.UTC)

    def _add(
        self,
        at: dt.datetime,
        by: Actor,
        did: Did,
        kind: str,
        object_id: uuid.UUID | str,
        patient_id: uuid.UUID | None = None,
        hospital_id: uuid.UUID | None = None,
        reason: str = "",
    ) -> None:
        if not self._at - SINCE < at < self._at:
            return
        event = Snapshot(
            AccessEvent,
            at=at,
            actor_id=by.id,
            actor_role=by.role,
            action=did.value,
            patient_id=patient_id,
            object_kind=kind,
            object_id=str(object_id),
            hospital_id=hospital_id or by.hospital_id,
            surface=by.surface,
            address=by.address,
            reason=reason,
        )
        self.events.append(event)

    def _member(self, member: Member, network: str, place: int) -> Actor:
        assert member.user.role
        surface = "admin" if member.user.is_hospital_admin else "staff"
        return Actor(member.id, member.user.role, surface, f"{network}.{place}", member.user.hospital_id)

    def _by(self, user_id: uuid.UUID | None) -> Actor:
        return self._staff[user_id] if user_id else SYSTEM

    def _patient(self, user_id: uuid.UUID) -> Actor:
        return Actor(user_id, "PATIENT", "api", f"{PATIENTS_NETWORK}.{user_id.int % 200 + 1}")

    def _house(self, hospital_id: uuid.UUID | None) -> House:
        return next(house for house in self._people.houses if house.hospital.pk == hospital_id)
