"""Text messages of the last two weeks: reminders, nearly all of them delivered, codes, and two that failed."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from accounts.models import SmsMessage
from clinical.models import Appointment, VisitReminder
from clinical.reminders.actions import AHEAD
from clinical.reminders.due import quiet_hours, reminder_due
from dev.demo.people import House
from dev.demo.visits import Visit
from hospitals.models.hospital import REMINDER_KINDS, ReminderKind

Status, State = SmsMessage.Status, VisitReminder.State
SINCE = dt.timedelta(days=14)
CODES_A_DAY = 5
# Twilio's words for a phone that is switched off, and for a number that is not in use.
UNREACHABLE, NOT_IN_USE = "30003", "30005"
FAILURES = {40: UNREACHABLE, 120: NOT_IN_USE}


@dataclass(slots=True)
class Notices:
    reminders: list[VisitReminder] = field(default_factory=list)
    messages: list[SmsMessage] = field(default_factory=list)


class Builder:
    def __init__(self, *, at: dt.datetime) -> None:
        self._rng = random.Random("wardbook demo notices")
        self._at = at
        self.made = Notices()

    def build(self, houses: list[House], visits: Sequence[Visit], appointments: Sequence[Appointment]) -> Notices:
        for visit, appointment in zip(visits, appointments, strict=True):
            if self._is_reminded(visit):
                for kind in REMINDER_KINDS:
                    self._remind(visit, appointment, kind)
        self._fail_some()
        for house in houses:
            for moment in self._moments():
                phone = self._rng.choice(house.patients).phone
                self.made.messages.append(self._delivered(SmsMessage.Kind.SIGN_IN_CODE, phone, moment))
        return self.made

    def _is_reminded(self, visit: Visit) -> bool:
        is_near = self._at - SINCE < visit.slot.start <= self._at + AHEAD
        is_known = visit.person is not None and (visit.match == "reference" or visit.confirmed_at is not None)
        return is_near and is_known and not visit.is_cancelled

    def _remind(self, visit: Visit, appointment: Appointment, kind: ReminderKind) -> None:
        due = reminder_due(visit.slot.start, kind=kind, zone=visit.slot.house.zone, quiet=quiet_hours())
        known_since = visit.earlier[-1][1] if visit.earlier else visit.booked_at
        is_wanted, is_due = known_since <= due, due <= self._at
        reminder = VisitReminder(
            id=self._id(),
            appointment_id=appointment.pk,
            kind=kind.value,
            start_ts=visit.slot.start,
            due_at=due,
            state=State.DROPPED if not is_wanted else State.QUEUED if is_due else State.PLANNED,
            settled_at=max(known_since, due) if is_wanted and is_due else None if is_wanted else known_since,
        )
        reminder.created_at = min(max(known_since, visit.slot.start - AHEAD), self._at)
        self.made.reminders.append(reminder)
        if is_wanted and is_due:
            message = self._delivered(SmsMessage.Kind.REMINDER, visit.phone, due)
            message.about_id = reminder.pk
            self.made.messages.append(message)

    def _delivered(self, kind: SmsMessage.Kind, phone: str, sent_at: dt.datetime) -> SmsMessage:
        message = SmsMessage(
            id=self._id(),
            kind=kind,
            number=phone,
            status=Status.DELIVERED,
            provider_id=f"SM{self._rng.getrandbits(128):032x}",
            tries=1,
        )
        message.created_at = sent_at
        message.status_at = min(sent_at + dt.timedelta(seconds=self._rng.randint(2, 14)), self._at)
        return message

    def _fail_some(self) -> None:
        newest = sorted(self.made.messages, key=lambda message: message.created_at, reverse=True)
        for place, code in FAILURES.items():
            newest[place].status, newest[place].error_code = Status.FAILED, code

    def _moments(self) -> Iterator[dt.datetime]:
        for _ in range(CODES_A_DAY * SINCE.days):
            yield self._at - SINCE * self._rng.uniform(0.001, 1)

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)
