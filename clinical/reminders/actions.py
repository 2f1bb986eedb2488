"""Reminders by text message: planned once for each time of a visit, queued when due, each exactly once.

Who is reminded: the proven patient of a booked visit, never a number that somebody only typed. The hospital and the
patient both have a switch; they are asked when a reminder is due, and again when its message is sent.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence

from django.db import transaction

from accounts.models import SmsMessage
from clinical.models import VisitReminder
from clinical.reminders.due import (
    Unplanned,
    number_of,
    quiet_hours,
    reminded_visits,
    reminder_due,
    unplanned_visits,
)
from core.times import zone_or_utc
from core.wake_ups import wake
from hospitals.models.hospital import LONGEST_LEAD, REMINDER_KINDS, ReminderKind, reminder_kind

State = VisitReminder.State
# Visits, or reminders, of one transaction.
BATCH = 500
# A visit is planned this long before: a little more than the longest lead.
AHEAD = LONGEST_LEAD + dt.timedelta(hours=2)
KEPT_FOR = dt.timedelta(days=30)


def queue_reminders(*, at: dt.datetime) -> int:
    """Plan what comes up, and queue what is due: a batch of each; how many visits and reminders were moved on."""
    return plan_reminders(at=at) + queue_due_reminders(at=at)


@transaction.atomic
def plan_reminders(*, at: dt.datetime) -> int:
    """Plan the reminders of visits that come up and have none for their present time; the number of visits.

    Two of these at once plan each visit once: the unique key decides.
    """
    visits = unplanned_visits(at=at, until=at + AHEAD)[:BATCH]
    planned = [reminder for visit in visits for reminder in _plan(visit, at)]
    VisitReminder.objects.bulk_create(planned, ignore_conflicts=True)
    return len(visits)


@transaction.atomic
def queue_due_reminders(*, at: dt.datetime) -> int:
    """Queue the messages of due reminders, and drop those that have lost their point; the number of both together.

    A reminder is settled in the transaction that queues its message: a process that dies leaves both or neither.
    """
    due = VisitReminder.objects.filter(state=State.PLANNED, due_at__lte=at).order_by("due_at", "pk")
    reminders = list(due.select_for_update(skip_locked=True)[:BATCH])
    numbers = _numbers(reminders, at)
    SmsMessage.objects.bulk_create(
        SmsMessage(kind=SmsMessage.Kind.REMINDER, number=number, about_id=pk, created_at=at, status_at=at)
        for pk, number in numbers.items()
    )
    _settle(numbers, State.QUEUED, at)
    _settle([one.pk for one in reminders if one.pk not in numbers], State.DROPPED, at)
    if numbers:
        wake("send_sms")
    return len(reminders)


@transaction.atomic
def purge_reminders(*, at: dt.datetime) -> int:
    """Forget what is said of visits long past; the number of rows."""
    return VisitReminder.objects.filter(start_ts__lt=at - KEPT_FOR).delete()[0]


def _plan(visit: Unplanned, at: dt.datetime) -> list[VisitReminder]:
    return [_planned(visit, kind, at) for kind in REMINDER_KINDS]


def _planned(visit: Unplanned, kind: ReminderKind, at: dt.datetime) -> VisitReminder:
    zone = zone_or_utc(visit["patient_zone"] or visit["hospital_zone"])
    due = reminder_due(visit["start_ts"], kind=kind, zone=zone, quiet=quiet_hours())
    # Who booked or moved it after that moment has only just thought of it.
    is_wanted = visit["known_since"] <= due
    return VisitReminder(
        appointment_id=visit["id"],
        kind=kind.value,
        start_ts=visit["start_ts"],
        due_at=due,
        state=State.PLANNED if is_wanted else State.DROPPED,
        settled_at=None if is_wanted else at,
    )


def _numbers(reminders: Sequence[VisitReminder], at: dt.datetime) -> dict[uuid.UUID, str]:
    """By reminder: where its message goes. Absent where there is nothing to say any more."""
    timely = [one for one in reminders if at - one.due_at <= reminder_kind(one.kind).grace and one.start_ts > at]
    visits = reminded_visits([one.appointment_id for one in timely])
    found = {one.pk: number_of(one, visits.get(one.appointment_id)) for one in timely}
    return {pk: number for pk, number in found.items() if number}


def _settle(reminders: Iterable[uuid.UUID], state: VisitReminder.State, at: dt.datetime) -> None:
    VisitReminder.objects.filter(pk__in=list(reminders)).update(state=state, settled_at=at)
