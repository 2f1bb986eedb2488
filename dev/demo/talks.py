"""Talks of patients with the assistant, in the app and on the phone; some of them led to a visit."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import models

from clinical.models import AiSession, Appointment
from dev.demo.copying import history
from dev.demo.people import House, Person
from dev.demo.visits import Visit

TALKS = 60
ON_THE_PHONE = 26
# Who calls from a known number but cannot name the birth date.
UNVERIFIED = 7
LED_TO_A_VISIT = 18


class Script(NamedTuple):
    summary: str
    lines: tuple[str, ...]


GREETING = "This is the booking assistant. How can I help?"
BOOKED = Script(
    "Wanted a visit and booked one.",
    (
        "I would like to see the doctor.",
        "Of course. When would suit you?",
        "Any morning is fine.",
        "I have booked the first free one. You will find it among your appointments.",
        "Thank you!",
    ),
)
SCRIPTS = (
    Script(
        "Asked for the opening hours.",
        ("When are you open?", "From eight to five on working days. Shall I look for a visit?", "Not today, thanks."),
    ),
    Script(
        "Asked whether a prescription is ready; it is being reviewed.",
        (
            "Is my prescription ready?",
            "It is with the pharmacy for review. You will see it in the app when it is ready.",
            "All right.",
        ),
    ),
    Script(
        "Mentioned mild back pain for a week; advised to book a visit, declined for now.",
        (
            "My back has been aching for a week.",
            "I am sorry to hear that. I cannot give medical advice, but I can find a visit for you.",
            "I will wait a few more days.",
            "If it gets worse, please call again, or the emergency number.",
        ),
    ),
    Script(
        "Asked to move a visit; told how to do it in the app.",
        (
            "Can I move my visit to next week?",
            "Yes: open the visit in the app and choose another time.",
            "Perfect.",
        ),
    ),
)
NOT_VERIFIED = Script(
    "The caller could not confirm the birth date; nothing of the record was said.",
    (
        "I want to know about my prescription.",
        "For that I need the date of birth on file, please.",
        "I do not have it at hand, it is for my neighbour.",
        "Then I cannot say anything about it. The neighbour is welcome to call.",
    ),
)


@dataclass(slots=True)
class Talks:
    rows: list[AiSession] = field(default_factory=list)
    history: list[models.Model] = field(default_factory=list)


class Builder:
    def __init__(self, *, at: dt.datetime) -> None:
        self._rng = random.Random("wardbook demo talks")
        self._at = at
        self.made = Talks()

    def build(self, houses: list[House], visits: Sequence[Visit], appointments: Sequence[Appointment]) -> Talks:
        """Also ties the appointments that came of a talk to it."""
        pairs = [
            (visit, appointment)
            for visit, appointment in zip(visits, appointments, strict=True)
            if visit.match == "reference" and visit.booked_at > self._at - dt.timedelta(days=30)
        ]
        sources = self._rng.choices(["PHONE_CALL", "APP"], weights=[2, 3], k=LED_TO_A_VISIT)
        for source, (visit, appointment) in zip(sources, self._rng.sample(pairs, LED_TO_A_VISIT), strict=True):
            assert visit.person
            started_at = visit.booked_at - dt.timedelta(seconds=80)
            talk = self._talk(visit.slot.house, visit.person, BOOKED, source, started_at)
            appointment.ai_session_id = talk.pk
        on_the_phone = ON_THE_PHONE - sources.count("PHONE_CALL")
        for number in range(TALKS - LED_TO_A_VISIT):
            house = self._rng.choice(houses)
            source = "PHONE_CALL" if number < on_the_phone else "APP"
            script = NOT_VERIFIED if number < UNVERIFIED else self._rng.choice(SCRIPTS)
            started_at = self._at - dt.timedelta(minutes=20 + self._rng.expovariate(1 / (8 * 24 * 60)))
            person = house.star if number % 9 == 8 else self._rng.choice(house.patients)
            self._talk(house, person, script, source, started_at)
        return self.made

    def _talk(self, house: House, person: Person, script: Script, source: str, started_at: dt.datetime) -> AiSession:
        is_call = source == "PHONE_CALL"
        row = AiSession(
            id=self._id(),
            patient_id=person.id,
            source=source,
            hospital_id=house.hospital.pk,
            vapi_session_id=str(self._id()),
            twilio_call_id=f"CA{self._rng.getrandbits(128):032x}" if is_call else None,
            start_time=started_at,
            caller_verified=script is not NOT_VERIFIED,
        )
        self.made.history.append(history(row, started_at, "insert"))
        row.transcript, row.summary = transcript(script), script.summary
        row.ended_at = started_at + dt.timedelta(seconds=25 + 14 * len(script.lines))
        self.made.history.append(history(row, row.ended_at, "update"))
        self.made.rows.append(row)
        return row

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)


def transcript(script: Script) -> str:
    """As Vapi writes it: a line each, begun by who speaks."""
    spoken = [("AI", GREETING)]
    spoken += [("User" if turn % 2 == 0 else "AI", line) for turn, line in enumerate(script.lines)]
    return "\n".join(f"{who}: {line}" for who, line in spoken)
