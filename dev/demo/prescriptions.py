"""Prescriptions in every state, with the times and the talk that led there: a pharmacy that keeps up with its work."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import models

from clinical.models import Prescription, PrescriptionMessage
from dev.demo.copying import history
from dev.demo.people import House
from dev.demo.visits import Visit

Medication = dict[str, Any]
ALWAYS = ("name", "strength", "dose", "route", "frequency", "duration_days", "quantity", "refills")
_LINES = (
    ("Amoxicillin", "500 mg", "1 capsule", "oral", "three times a day", 7, 21, 0),
    ("Ibuprofen", "400 mg", "1 tablet", "oral", "three times a day", 5, 15, 0),
    ("Metformin", "850 mg", "1 tablet", "oral", "twice a day", 90, 180, 3),
    ("Lisinopril", "10 mg", "1 tablet", "oral", "once a day", 90, 90, 3),
    ("Atorvastatin", "20 mg", "1 tablet", "oral", "once a day, in the evening", 90, 90, 3),
    ("Levothyroxine", "75 micrograms", "1 tablet", "oral", "once a day, before breakfast", 90, 90, 3),
    ("Pantoprazole", "40 mg", "1 tablet", "oral", "once a day", 28, 28, 1),
    ("Salbutamol", "100 micrograms", "2 puffs", "inhaled", "up to four times a day", 30, 1, 2),
    ("Cetirizine", "10 mg", "1 tablet", "oral", "once a day", 30, 30, 1),
    ("Hydrocortisone cream", "1 %", "a thin layer", "topical", "twice a day", 14, 1, 0),
    ("Sertraline", "50 mg", "1 tablet", "oral", "once a day", 28, 28, 2),
    ("Sumatriptan", "50 mg", "1 tablet", "oral", "at the first sign of a migraine", 30, 6, 1),
    ("Paracetamol", "500 mg", "2 tablets", "oral", "up to four times a day", 5, 40, 0),
    ("Vitamin D3", "20,000 IU", "1 capsule", "oral", "once a week", 84, 12, 0),
)
AS_NEEDED = {"Salbutamol", "Sumatriptan", "Paracetamol", "Ibuprofen"}
INSTRUCTIONS = {
    "Amoxicillin": "Finish the course, also when you feel better.",
    "Ibuprofen": "With food.",
    "Metformin": "With meals.",
    "Levothyroxine": "Half an hour before eating, with water.",
    "Salbutamol": "Shake before use.",
}
MEDICINES: tuple[Medication, ...] = tuple(
    {
        **dict(zip(ALWAYS, line, strict=True)),
        "as_needed": line[0] in AS_NEEDED,
        **({"instructions": INSTRUCTIONS[line[0]]} if line[0] in INSTRUCTIONS else {}),
    }
    for line in _LINES
)
DENIALS = (
    ("out_of_stock", "Expected again on Thursday."),
    ("clarify", "The strength is not one that is made."),
    ("interaction", "The patient already takes a blood thinner."),
    ("duplicate", "The same was dispensed last week."),
    ("dose", "Above the highest daily dose for this age."),
    ("allergy", "A penicillin allergy is noted here."),
    ("withdrawn", ""),
    ("other", "The patient asked us not to prepare it."),
)
TALKS = (
    (
        "Is this meant to be taken together with what was given last month?",
        "Yes, for two weeks; then the old one stops.",
    ),
    ("Would a generic be all right?", "Certainly."),
    ("The patient says the tablets are too large. May I give drops?", "Yes, the same daily dose please."),
    ("Is the duration right? It is longer than usual.", "It is: this is a maintenance dose."),
    ("Do you know of the asthma in the record?", None),
    ("Could you confirm the weight that the dose was reckoned from?", None),
)
PRESCRIPTIONS = 400
DENIED = 54
# How many minutes each of a hospital's open ones has waited: nobody's yet, in somebody's hands, ready to fetch.
UNCLAIMED = (2, 7, 11, 16, 24, 33, 47)
CLAIMED = (13, 21, 38)
READY = (45, 80, 130, 190, 26 * 60)
# Written within these minutes: most of it is done by now.
DONE_LATELY, DENIED_LATELY = 16, 2
LATELY = (70, 10 * 60)
# What a pharmacist takes, at most: to take one up, to decide, and until it is fetched on the day or later.
TAKEN_UP, DECIDED = dt.timedelta(minutes=25), dt.timedelta(minutes=12)
FETCHED, FETCHED_LATER = dt.timedelta(minutes=50), dt.timedelta(hours=30)
ASKED_ABOUT = 0.12
Maker = Callable[[Prescription, uuid.UUID], None]
Plan = tuple[Visit, dt.datetime, Maker]


@dataclass(slots=True)
class Prescriptions:
    rows: list[Prescription] = field(default_factory=list)
    messages: list[PrescriptionMessage] = field(default_factory=list)
    history: list[models.Model] = field(default_factory=list)


class Builder:
    def __init__(self, *, at: dt.datetime) -> None:
        self._rng = random.Random("wardbook demo prescriptions")
        self._at = at
        self.made = Prescriptions()

    def build(self, houses: Sequence[House], visits: Sequence[Visit]) -> Prescriptions:
        """What waits is minutes old, what is done was done today or before; one of each hospital was never fetched."""
        held = [visit for visit in reversed(visits) if self._opens_record(visit)]
        plans = [plan for house in houses for plan in self._of_today(house, held)]
        plans += self._older(houses, held, PRESCRIPTIONS - len(plans))
        for visit, written_at, make in plans:
            row = self._row(visit, written_at)
            self.made.rows.append(row)
            self._moment(row, written_at, "insert")
            make(row, self._pharmacist(visit.slot.house))
        return self.made

    def _opens_record(self, visit: Visit) -> bool:
        """It took place, and the patient is known for certain."""
        is_known = visit.person and (visit.match == "reference" or visit.confirmed_at)
        is_over = visit.slot.end < self._at - dt.timedelta(minutes=5)
        return bool(is_known and is_over and not (visit.is_cancelled or visit.no_show))

    def _of_today(self, house: House, held: Sequence[Visit]) -> Iterator[Plan]:
        newest = iter([visit for visit in held if visit.slot.house is house])
        of_shown_doctor = [visit for visit in held if visit.slot.doctor is house.doctors[0]]
        yield of_shown_doctor[0], self._minutes_ago(CLAIMED[1]), self._asked
        long_ago = self._at - settings.PRESCRIPTION_LIFETIME - dt.timedelta(hours=3)
        old_patients = (one for one in of_shown_doctor if one.person and one.person.user.created_at < long_ago)
        yield next(old_patients), long_ago, self._expired
        waits: list[tuple[int, Maker]] = [(minutes, self._unclaimed) for minutes in UNCLAIMED]
        waits += [(minutes, self._claimed) for minutes in CLAIMED]
        waits += [(minutes, self._approved) for minutes in READY]
        lately = sorted(self._rng.sample(range(*LATELY), DONE_LATELY + DENIED_LATELY))
        made_lately: list[Maker] = [*[self._fetched] * DONE_LATELY, *[self._denied] * DENIED_LATELY]
        self._rng.shuffle(made_lately)
        waits += zip(lately, made_lately, strict=True)
        for minutes, make in sorted(waits, key=lambda wait: wait[0]):
            yield next(newest), self._minutes_ago(minutes), make

    def _older(self, houses: Sequence[House], held: Sequence[Visit], count: int) -> list[Plan]:
        before_today = [visit for visit in held if visit.slot.end < self._at - dt.timedelta(hours=20)]
        of_stars = [[visit for visit in before_today if visit.person is house.star][:2] for house in houses]
        stars = [visit for visits in of_stars for visit in visits]
        others = [visit for visit in before_today if visit.person is not visit.slot.house.star]
        sources = stars + self._rng.sample(others, count - len(stars))
        denied = DENIED - len(houses) * (DENIED_LATELY + 1)
        makers: list[Maker] = [*[self._denied] * denied, *[self._dispensed] * (count - denied - len(stars))]
        self._rng.shuffle(makers)
        makers = [self._dispensed] * len(stars) + makers
        written = [visit.slot.end - dt.timedelta(minutes=4) for visit in sources]
        return list(zip(sources, written, makers, strict=True))

    def _row(self, visit: Visit, written_at: dt.datetime) -> Prescription:
        assert visit.person
        lines = self._rng.sample(MEDICINES, self._rng.choice((1, 1, 1, 2, 2, 3)))
        row = Prescription(
            id=self._id(),
            patient_id=visit.person.id,
            doctor_id=visit.slot.doctor.id,
            hospital_id=visit.slot.house.hospital.pk,
            medications=[dict(line) for line in lines],
            status=Prescription.Status.PENDING,
        )
        row.created_at = written_at
        return row

    def _unclaimed(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        """Nothing has happened yet."""

    def _claimed(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._claim(row, pharmacist, self._within(row.created_at, TAKEN_UP))

    def _asked(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        """A question that stands beside the doctor's day."""
        self._claimed(row, pharmacist)
        assert row.claimed_at
        question = self._rng.choice([question for question, answer in TALKS if answer is None])
        self._say(row, pharmacist, question, self._within(row.claimed_at, DECIDED))

    def _approved(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._decide(row, pharmacist, Prescription.Status.APPROVED)
        if self._rng.random() < ASKED_ABOUT:
            self._ask(row, pharmacist)

    def _fetched(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._dispense(row, pharmacist, FETCHED)

    def _dispensed(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._dispense(row, pharmacist, FETCHED_LATER)

    def _dispense(self, row: Prescription, pharmacist: uuid.UUID, longest: dt.timedelta) -> None:
        self._approved(row, pharmacist)
        assert row.decided_at
        done_at = self._within(row.decided_at, longest)
        row.status, row.completed_at = Prescription.Status.COMPLETED, done_at
        row.dispensed_lines = [
            {"quantity": line["quantity"], "batch": f"DEMO-{self._rng.randint(1000, 9999)}"} for line in row.medications
        ]
        self._moment(row, done_at)

    def _denied(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        reason, note = self._rng.choice(DENIALS)
        row.denial_reason, row.denial_note = reason, note or None
        if reason == "withdrawn":
            self._end(row, self._within(row.created_at, dt.timedelta(hours=5)))
        else:
            self._decide(row, pharmacist, Prescription.Status.DENIED)

    def _expired(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        row.denial_reason = Prescription.DenialReason.EXPIRED
        self._end(row, row.created_at + settings.PRESCRIPTION_LIFETIME)

    def _end(self, row: Prescription, at: dt.datetime) -> None:
        row.status, row.decided_at = Prescription.Status.DENIED, at
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
        question, answer = self._rng.choice(TALKS)
        until = row.decided_at or self._at
        asked_at = row.claimed_at + (until - row.claimed_at) * 0.2
        self._say(row, pharmacist, question, asked_at)
        if answer:
            self._say(row, row.doctor_id, answer, asked_at + (until - asked_at) * 0.6)

    def _say(self, row: Prescription, author: uuid.UUID, body: str, at: dt.datetime) -> None:
        message = PrescriptionMessage(id=self._id(), prescription_id=row.pk, author_id=author, body=body)
        message.created_at = at
        self.made.messages.append(message)

    def _pharmacist(self, house: House) -> uuid.UUID:
        return self._rng.choice(house.pharmacists).id

    def _within(self, start: dt.datetime, longest: dt.timedelta) -> dt.datetime:
        """Some time after `start`, not in the future."""
        latest = min(start + longest, self._at)
        return start + (latest - start) * self._rng.uniform(0.1, 0.95)

    def _minutes_ago(self, minutes: int) -> dt.datetime:
        return self._at - dt.timedelta(minutes=minutes)

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)
