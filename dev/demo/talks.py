"""Talks of patients with the assistant, in the app and on the phone; some of them led to a visit."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from clinical.models import AiSession, Appointment
from dev.demo.copying import Snapshot, history
from dev.demo.people import House, Person
from dev.demo.talk_scripts import BOOKED, CLAIMED_ONLY, GREETING, NOT_VERIFIED, SCRIPTS, Script
from dev.demo.visits import Visit

DAYS = 30
# Of a hospital and day, apart from those that led to a visit; fewer at weekends.
TALKS_A_DAY, TALKS_AT_WEEKENDS = (2, 5), (0, 2)
FIRST_HOUR, LAST_HOUR = 7, 21
ON_THE_PHONE, NOT_PROVEN = 0.45, 0.12
LED_TO_A_VISIT = 24


@dataclass(slots=True)
class Talks:
    rows: list[AiSession] = field(default_factory=list)
    history: list[Snapshot] = field(default_factory=list)


class Builder:
    def __init__(self, *, at: dt.datetime) -> None:
        self._rng = random.Random("wardbook demo talks")
        self._at = at
        self.made = Talks()

    def build(self, houses: list[House], visits: Sequence[Visit], appointments: Sequence[Appointment]) -> Talks:
        """Also ties the appointments that came of a talk to it."""
        since = self._at - dt.timedelta(days=DAYS)
        pairs = [
            (visit, appointment)
            for visit, appointment in zip(visits, appointments, strict=True)
            if visit.match == "reference"
            and visit.complaint
            and not visit.earlier
            and visit.booked_at > since
            and self._is_day(visit)
        ]
        for number, (visit, appointment) in enumerate(self._rng.sample(pairs, LED_TO_A_VISIT)):
            assert visit.person
            script = filled(BOOKED[number % len(BOOKED)], visit)
            started_at = visit.booked_at - dt.timedelta(seconds=80)
            source = self._source()
            talk = self._talk(visit.slot.house, visit.person, script, source, started_at, says_booked=True)
            appointment.ai_session_id = talk.pk
        for house in houses:
            self._days_of(house)
        return self.made

    def _days_of(self, house: House) -> None:
        scripts = self._scripts()
        for started_at in self._moments(house):
            script = next(scripts)
            is_shown = self._rng.random() < 0.03
            person = house.star if is_shown else self._rng.choice(house.patients)
            is_call = script in NOT_VERIFIED or self._rng.random() < ON_THE_PHONE
            self._talk(house, person, script, "PHONE_CALL" if is_call else "APP", started_at)
        yesterday = self._at - dt.timedelta(hours=26)
        self._talk(house, self._rng.choice(house.patients), CLAIMED_ONLY, "PHONE_CALL", yesterday, says_booked=True)

    def _moments(self, house: House) -> Iterator[dt.datetime]:
        today = self._at.astimezone(house.zone).date()
        for days in range(-DAYS, 1):
            day = today + dt.timedelta(days=days)
            for _ in range(self._rng.randint(*(TALKS_AT_WEEKENDS if day.isoweekday() > 5 else TALKS_A_DAY))):
                minutes = self._rng.randint(FIRST_HOUR * 60, LAST_HOUR * 60)
                clock = dt.time(minutes // 60, minutes % 60, self._rng.randint(0, 59))
                moment = dt.datetime.combine(day, clock, house.zone).astimezone(dt.UTC)
                if moment < self._at - dt.timedelta(minutes=5):
                    yield moment
        # Whenever one looks, somebody has just asked something.
        yield self._at - dt.timedelta(minutes=12)

    def _scripts(self) -> Iterator[Script]:
        """Each in turn, so that two talks of one day differ."""
        others = cycle(self._rng.sample(SCRIPTS, len(SCRIPTS)))
        unproven = cycle(NOT_VERIFIED)
        while True:
            yield next(unproven) if self._rng.random() < NOT_PROVEN else next(others)

    def _is_day(self, visit: Visit) -> bool:
        return FIRST_HOUR <= visit.booked_at.astimezone(visit.slot.house.zone).hour < LAST_HOUR

    def _source(self) -> str:
        return "PHONE_CALL" if self._rng.random() < ON_THE_PHONE else "APP"

    def _talk(
        self,
        house: House,
        person: Person,
        script: Script,
        source: str,
        started_at: dt.datetime,
        *,
        says_booked: bool = False,
    ) -> AiSession:
        is_call = source == "PHONE_CALL"
        row = AiSession(
            id=self._id(),
            patient_id=person.id,
            source=source,
            hospital_id=house.hospital.pk,
            vapi_session_id=str(self._id()),
            twilio_call_id=f"CA{self._rng.getrandbits(128):032x}" if is_call else None,
            start_time=started_at,
            caller_verified=script not in NOT_VERIFIED,
            says_booked=says_booked,
        )
        self.made.history.append(history(row, started_at, "insert"))
        row.transcript, row.summary = transcript(script), script.summary
        row.ended_at = started_at + dt.timedelta(seconds=25 + 14 * len(script.lines))
        self.made.history.append(history(row, row.ended_at, "update"))
        self.made.rows.append(row)
        return row

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)


def filled(script: Script, visit: Visit) -> Script:
    """With the visit's doctor, reason and time."""
    assert visit.complaint
    start = visit.slot.start.astimezone(visit.slot.house.zone)
    facts = {
        "doctor": visit.slot.doctor.profile.full_name,
        "specialty": visit.slot.doctor.specialty.lower(),
        "reason": visit.complaint.reason,
        "start": f"{start:%A} at {start:%H:%M}",
    }
    return Script(script.summary.format(**facts), tuple(line.format(**facts) for line in script.lines))


def transcript(script: Script) -> str:
    """As Vapi writes it: a line each, begun by who speaks."""
    spoken = [("AI", GREETING)]
    spoken += [("User" if turn % 2 == 0 else "AI", line) for turn, line in enumerate(script.lines)]
    return "\n".join(f"{who}: {line}" for who, line in spoken)
