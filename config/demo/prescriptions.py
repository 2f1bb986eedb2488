"""Prescriptions in every state, with the times and the talk that led there."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import models

from clinical.models import Prescription, PrescriptionMessage
from config.demo.copying import history
from config.demo.medicines import DENIALS, MEDICINES, TALKS
from config.demo.people import House
from config.demo.visits import Visit

PRESCRIPTIONS = 400
# How many of them are where; the rest is dispensed.
WAITING, CLAIMED, APPROVED, DENIED = 34, 18, 48, 54
ASKED_ABOUT = 0.12
# Written without a visit.
REPEATS = 12
# What nobody fetches.
EXPIRES_AFTER = dt.timedelta(days=14)

MadeFrom = tuple[Visit, dt.datetime]
Maker = Callable[[Prescription, uuid.UUID], None]


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

    def build(self, visits: Sequence[Visit]) -> Prescriptions:
        """The newest visits make what is still waiting; older ones what is done with."""
        sources = self._sources(visits)
        makers = [maker for makers in self._makers() for maker in makers]
        for make, (visit, written_at) in zip(makers, sources, strict=True):
            row = self._row(visit, written_at)
            self.made.rows.append(row)
            self._moment(row, written_at, "insert")
            make(row, self._pharmacist(visit.slot.house))
        return self.made

    def _makers(self) -> Iterator[list[Maker]]:
        """What is to become of each prescription, newest first."""
        waiting: list[Maker] = [self._unclaimed for _ in range(WAITING)]
        waiting += [self._claimed] * CLAIMED
        # What is ready to fetch is younger than what expires.
        recent: list[Maker] = [self._approved for _ in range(APPROVED)]
        recent += [self._denied] * 12 + [self._dispensed] * 50
        older: list[Maker] = [self._denied for _ in range(DENIED - 12)]
        older += [self._dispensed] * (PRESCRIPTIONS - len(waiting) - len(recent) - len(older))
        for makers in (waiting, recent, older):
            self._rng.shuffle(makers)
            yield makers

    def _sources(self, visits: Sequence[Visit]) -> list[MadeFrom]:
        """Newest first: visits that took place, of patients whose record is open to the doctor."""
        held = [
            visit
            for visit in visits
            if visit.person
            and (visit.match == "reference" or visit.confirmed_at)
            and not (visit.is_cancelled or visit.no_show)
            and visit.slot.end < self._at - dt.timedelta(minutes=5)
        ]
        repeats = [(visit, self._minutes_ago(3, 170)) for visit in self._rng.sample(held, REPEATS)]
        # Of the last hours most visits end with a prescription.
        newest = held[-(WAITING + CLAIMED) * 3 // 2 :]
        fresh = self._rng.sample(newest, WAITING + CLAIMED - REPEATS)
        older = held[: -len(newest)]
        stars = [visit for visit in older if visit.person is visit.slot.house.star][-4:]
        others = [visit for visit in older if visit.person is not visit.slot.house.star]
        rest = stars + self._rng.sample(others, PRESCRIPTIONS - len(fresh) - REPEATS - len(stars))
        written = [(visit, visit.slot.end - dt.timedelta(minutes=4)) for visit in [*fresh, *rest]]
        return sorted([*repeats, *written], key=lambda made: (made[1], str(made[0].slot.doctor.id)), reverse=True)

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
        self._claim(row, pharmacist, self._within(row.created_at, dt.timedelta(hours=2)))
        if self._rng.random() < 0.5:
            self._ask(row, pharmacist)

    def _approved(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._decide(row, pharmacist, Prescription.Status.APPROVED)
        if self._rng.random() < ASKED_ABOUT:
            self._ask(row, pharmacist)

    def _dispensed(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        self._approved(row, pharmacist)
        assert row.decided_at
        done_at = self._within(row.decided_at, dt.timedelta(hours=30))
        row.status, row.completed_at = Prescription.Status.COMPLETED, done_at
        row.dispensed_lines = [
            {"quantity": line["quantity"], "batch": f"DEMO-{self._rng.randint(1000, 9999)}"} for line in row.medications
        ]
        self._moment(row, done_at)

    def _denied(self, row: Prescription, pharmacist: uuid.UUID) -> None:
        is_old = row.created_at + EXPIRES_AFTER < self._at
        reason, note = self._rng.choice([one for one in DENIALS if is_old or one[0] != "expired"])
        row.denial_reason, row.denial_note = reason, note or None
        if reason in ("withdrawn", "expired"):
            row.status = Prescription.Status.DENIED
            wait = EXPIRES_AFTER if reason == "expired" else dt.timedelta(hours=5)
            row.decided_at = min(row.created_at + wait, self._at - dt.timedelta(minutes=1))
            self._moment(row, row.decided_at)
        else:
            self._decide(row, pharmacist, Prescription.Status.DENIED)

    def _decide(self, row: Prescription, pharmacist: uuid.UUID, status: Prescription.Status) -> None:
        reason, note = row.denial_reason, row.denial_note
        row.denial_reason = row.denial_note = None
        self._claim(row, pharmacist, self._within(row.created_at, dt.timedelta(hours=3)))
        assert row.claimed_at
        decided_at = self._within(row.claimed_at, dt.timedelta(minutes=50))
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

    def _minutes_ago(self, fewest: int, most: int) -> dt.datetime:
        return self._at - dt.timedelta(minutes=self._rng.randint(fewest, most))

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)
