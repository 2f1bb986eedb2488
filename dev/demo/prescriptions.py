"""Prescriptions in every state, with the times and the talk that led there: a pharmacy that keeps up with its work."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings

from clinical.models import Prescription, PrescriptionMessage
from dev.demo.complaints import Complaint, complaints_of
from dev.demo.copying import Snapshot, history
from dev.demo.people import House, Member, Person
from dev.demo.pharmacy_words import DENIALS, EXPECTED_LATER, EXPECTED_NOTE, OPEN_QUESTION, QUESTIONS
from dev.demo.visits import Visit

Status = Prescription.Status
Reason = Prescription.DenialReason
# Of the visits for something that is treated with medicines, after which one is written.
WRITTEN, DENIED = 0.65, 0.08
# How many minutes each of a hospital's open ones has waited while its clinics are open, and at night.
UNCLAIMED, CLAIMED = (2, 7, 16, 31, 47), (11, 24)
UNCLAIMED_AT_NIGHT, CLAIMED_AT_NIGHT = (4, 19), (31,)
CLINICS_WERE_OPEN = dt.timedelta(hours=2)
# Newer ones are among those above.
SETTLED_AFTER = dt.timedelta(minutes=50)
# So many of the last are approved and not collected; their time, at most.
READY, READY_WITHIN = 4, dt.timedelta(hours=30)
# What a pharmacist takes, at most: to take one up, to decide, and until it is fetched on the day or later.
TAKEN_UP, DECIDED = dt.timedelta(minutes=25), dt.timedelta(minutes=12)
FETCHED = dt.timedelta(minutes=75)
ASKED_ABOUT = 0.12
# Nobody waits longer for an answer: after a weekend, the doctor had written it in the evening.
LONGEST_ASKED = dt.timedelta(hours=4)
# A rejection that its doctor has dealt with is that much younger.
DEALT_WITH = dt.timedelta(hours=20)
REJECTED_LATELY = dt.timedelta(days=2)
Maker = Callable[[Prescription, uuid.UUID], None]


class Plan(NamedTuple):
    """Who writes what for whom, when, and what becomes of it."""

    house: House
    doctor: Member
    person: Person
    complaint: Complaint
    written_at: dt.datetime
    make: Maker


@dataclass(slots=True)
class Prescriptions:
    rows: list[Prescription] = field(default_factory=list)
    messages: list[PrescriptionMessage] = field(default_factory=list)
    history: list[Snapshot] = field(default_factory=list)


class Builder:
    def __init__(self, *, at: dt.datetime) -> None:
        self._rng = random.Random("wardbook demo prescriptions")
        self._at = at
        self._ages: dict[uuid.UUID, int] = {}
        self.made = Prescriptions()

    def build(self, houses: Sequence[House], visits: Sequence[Visit]) -> Prescriptions:
        plans = [plan for house in houses for plan in self._plans(house, visits)]
        for plan in sorted(plans, key=lambda plan: plan.written_at):
            row = self._row(plan)
            self._ages[row.pk] = plan.person.age
            self.made.rows.append(row)
            self._moment(row, plan.written_at, "insert")
            plan.make(row, self._rng.choice(plan.house.pharmacists).id)
        return self.made

    def _plans(self, house: House, visits: Sequence[Visit]) -> Iterator[Plan]:
        treated = [visit for visit in visits if visit.slot.house is house and self._is_treated(visit)]
        waiting = list(self._waiting(house, treated))
        settled = [one for one in treated if one.slot.end < self._at - SETTLED_AFTER]
        shown = [one for one in settled if one.slot.doctor is house.doctors[0] and one.person is not house.star]
        shown = self._without(shown, waiting)
        ended = list(self._shown_doctors(shown))
        yield from (*waiting, *ended)
        others = self._without(settled, [*waiting, *ended])
        written = [one for one in others if one.person is house.star or self._rng.random() < WRITTEN]
        ready = {id(one) for one in written[-READY:] if one.slot.end > self._at - READY_WITHIN}
        for visit in written:
            is_denied = self._rng.random() < DENIED and visit.person is not house.star
            make = self._denied if is_denied else self._dispensed
            yield self._of(visit, self._approved if id(visit) in ready else make)

    def _without(self, visits: Sequence[Visit], plans: Sequence[Plan]) -> list[Visit]:
        """Those of other patients: nobody gets the same twice."""
        people = {id(plan.person) for plan in plans}
        return [one for one in visits if id(one.person) not in people]

    def _is_treated(self, visit: Visit) -> bool:
        """It took place, the patient is known for certain, and there is something to prescribe."""
        person = visit.person
        is_known = person is not None and (visit.match == "reference" or visit.confirmed_at is not None)
        is_over = visit.slot.end < self._at and not (visit.is_cancelled or visit.no_show)
        return bool(is_known and is_over and visit.complaint and person and visit.complaint.medicines(person.age))

    def _of(self, visit: Visit, make: Maker, written_at: dt.datetime | None = None) -> Plan:
        assert visit.person
        assert visit.complaint
        at = written_at or visit.slot.end - dt.timedelta(minutes=self._rng.randint(1, 6))
        return Plan(visit.slot.house, visit.slot.doctor, visit.person, visit.complaint, at, make)

    def _shown_doctors(self, lately: Sequence[Visit]) -> Iterator[Plan]:
        """On the shown doctor's day: a question, a rejection of the last days, and one that was not collected."""
        long_ago = self._at - settings.PRESCRIPTION_LIFETIME - dt.timedelta(hours=3)
        asked_at = max(lately[-1].slot.end, self._at - LONGEST_ASKED)
        yield self._of(lately[-1], self._asked, asked_at)
        yield self._of(next(one for one in reversed(lately) if one.person is not lately[-1].person), self._rejected)
        old = next(one for one in lately if one.person and one.person.user.created_at < long_ago - dt.timedelta(days=1))
        yield self._of(old, self._expired, long_ago)

    def _waiting(self, house: House, treated: Sequence[Visit]) -> Iterator[Plan]:
        """What came in within the last hour: from the clinics, or at night from who works then."""
        is_open = treated[-1].slot.end > self._at - CLINICS_WERE_OPEN
        waits = [(minutes, self._unclaimed) for minutes in (UNCLAIMED if is_open else UNCLAIMED_AT_NIGHT)]
        waits += [(minutes, self._claimed) for minutes in (CLAIMED if is_open else CLAIMED_AT_NIGHT)]
        # The last two hours' visits, but for those of which something is written already.
        sources = iter(reversed(treated[-40:]))
        for minutes, make in sorted(waits, key=lambda wait: wait[0]):
            at = self._at - dt.timedelta(minutes=minutes)
            if is_open:
                visit = next(one for one in sources if one.slot.start < at)
                yield self._of(visit, make, at)
            else:
                yield self._at_night(house, at, make)

    def _at_night(self, house: House, at: dt.datetime, make: Maker) -> Plan:
        doctor = house.doctors[1]
        while True:
            person = self._rng.choice(house.patients)
            found = [
                one for one in complaints_of(doctor.specialty, person.sex, person.age) if one.medicines(person.age)
            ]
            if found:
                return Plan(house, doctor, person, self._rng.choice(found), at, make)

    def _row(self, plan: Plan) -> Prescription:
        row = Prescription(
            id=self._id(),
            patient_id=plan.person.id,
            doctor_id=plan.doctor.id,
            hospital_id=plan.house.hospital.pk,
            medications=[medicine.line() for medicine in plan.complaint.medicines(plan.person.age)],
            status=Status.PENDING,
        )
        row.created_at = plan.written_at
        return row

    def _unclaimed(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        """Nothing has happened yet."""

    def _claimed(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._claim(row, pharmacist, self._within(row.created_at, TAKEN_UP))

    def _asked(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        """A question that stands beside the doctor's day."""
        self._claimed(row, pharmacist)
        assert row.claimed_at
        self._say(row, pharmacist, OPEN_QUESTION, self._within(row.claimed_at, DECIDED))

    def _approved(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._decide(row, pharmacist, Status.APPROVED)
        if self._rng.random() < ASKED_ABOUT:
            self._ask(row, pharmacist)

    def _dispensed(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._approved(row, pharmacist)
        assert row.decided_at
        done_at = self._within(row.decided_at, FETCHED)
        row.status, row.completed_at = Status.COMPLETED, done_at
        row.dispensed_lines = [
            {"quantity": line["quantity"], "batch": f"DEMO-{self._rng.randint(1000, 9999)}"} for line in row.medications
        ]
        self._moment(row, done_at)

    def _denied(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        """Long enough ago that its doctor has dealt with it."""
        names, age = {line["name"] for line in row.medications}, self._ages[row.pk]
        fitting = [(reason, note) for reason, note, fit in DENIALS if fit.holds(names, age)]
        row.denial_reason, row.denial_note = self._rng.choice(fitting)
        if row.denial_reason == Reason.WITHDRAWN:
            row.denial_note = None
            self._end(row, self._within(row.created_at, dt.timedelta(minutes=10)))
            return
        self._decide(row, pharmacist, Status.DENIED)
        assert row.decided_at
        if row.decided_at < self._at - REJECTED_LATELY:
            row.acknowledged_at = row.decided_at + DEALT_WITH * self._rng.uniform(0.05, 1)
            self._moment(row, row.acknowledged_at)

    def _rejected(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        """Its doctor has not dealt with it so far."""
        row.denial_reason, row.denial_note = EXPECTED_LATER, EXPECTED_NOTE
        self._decide(row, pharmacist, Status.DENIED)

    def _expired(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._decide(row, pharmacist, Status.APPROVED)
        row.denial_reason = Reason.EXPIRED
        self._end(row, row.created_at + settings.PRESCRIPTION_LIFETIME)

    def _end(self, row: Prescription, at: dt.datetime) -> None:
        row.status, row.decided_at = Status.DENIED, at
        self._moment(row, at)

    def _decide(self, row: Prescription, pharmacist: uuid.UUID, status: Prescription.Status) -> None:
        reason, note = row.denial_reason, row.denial_note
        row.denial_reason = row.denial_note = None
        self._claim(row, pharmacist, self._within(row.created_at, TAKEN_UP))
        assert row.claimed_at
        decided_at = self._within(row.claimed_at, DECIDED)
        row.denial_reason, row.denial_note = reason, note
        row.status, row.decided_at = status, decided_at
        self._moment(row, decided_at)

    def _claim(self, row: Prescription, pharmacist: uuid.UUID, at: dt.datetime) -> None:
        row.pharmacist_id, row.claimed_at = pharmacist, at
        self._moment(row, at)

    def _moment(self, row: Prescription, at: dt.datetime, label: str = "update") -> None:
        if label == "update":
            row.updated_at = at
        self.made.history.append(history(row, at, label))

    def _ask(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        assert row.claimed_at
        names, age = {line["name"] for line in row.medications}, self._ages[row.pk]
        question, answer = self._rng.choice([(ask, told) for ask, told, fit in QUESTIONS if fit.holds(names, age)])
        until = row.decided_at or self._at
        asked_at = row.claimed_at + (until - row.claimed_at) * 0.2
        self._say(row, pharmacist, question, asked_at)
        if answer:
            self._say(row, row.doctor_id, answer, asked_at + (until - asked_at) * 0.6)

    def _say(self, row: Prescription, author: uuid.UUID, body: str, at: dt.datetime) -> None:
        message = PrescriptionMessage(id=self._id(), prescription_id=row.pk, author_id=author, body=body)
        message.created_at = at
        self.made.messages.append(message)

    def _within(self, start: dt.datetime, longest: dt.timedelta) -> dt.datetime:
        """Some time after `start`, not in the future."""
        latest = min(start + longest, self._at)
        return start + (latest - start) * self._rng.uniform(0.1, 0.95)

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)
