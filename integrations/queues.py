"""How long the oldest work of each queue in PostgreSQL has been waiting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db.models import Count, F, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from accounts.messages.send_sms import NOTICES
from accounts.models import SmsMessage, StaffMail
from clinical.models import ChatMessage
from integrations.models import BookingRequest, CalWebhook, VapiEvent

# Clocks of two machines differ by less.
TOLERANCE = dt.timedelta(seconds=5)
PENDING = CalWebhook.Status.PENDING
_MANY = Q(kind__in=(*NOTICES, SmsMessage.Kind.REMINDER))


@dataclass(frozen=True, slots=True)
class Queue:
    """`came` is the column that says when a row came; `limit` the age from which something is wrong."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    came: str
    limit: dt.timedelta
    is_retried: bool = True


def _minutes(number: int) -> dt.timedelta:
    return dt.timedelta(minutes=number)


QUEUES = (
    Queue("webhooks", lambda: CalWebhook.objects.filter(status=PENDING), "received_at", _minutes(5)),
    Queue("calls", lambda: VapiEvent.objects.filter(status=PENDING), "received_at", _minutes(10)),
    Queue(
        "bookings",
        lambda: BookingRequest.objects.filter(state__in=["queued", "unknown"]).exclude(kind="mark_absent"),
        "created_at",
        _minutes(2),
    ),
    Queue("chats", lambda: ChatMessage.objects.filter(state="queued"), "asked_at", _minutes(2), is_retried=False),
    Queue("codes", lambda: SmsMessage.objects.filter(~_MANY, status="queued"), "created_at", _minutes(2)),
    # A morning's reminders leave at about four a second.
    Queue("messages", lambda: SmsMessage.objects.filter(_MANY, status="queued"), "created_at", _minutes(30)),
    # A mail to nobody is removed in its turn, like the others.
    Queue("mails", lambda: StaffMail.objects.filter(status="queued"), "created_at", _minutes(10)),
)


@dataclass(frozen=True, slots=True)
class QueueState:
    """`age` is how long the oldest row that is due has been waiting, 0 where none is.

    Negative, a row came later than now, or is to be tried again only long after: a clock was ahead.
    """

    name: str
    waiting: int
    age: dt.timedelta
    limit: dt.timedelta

    @property
    def is_fine(self) -> bool:
        return dt.timedelta(0) <= self.age <= self.limit

    @property
    def is_late(self) -> bool:
        return self.age > self.limit

    @property
    def is_ahead(self) -> bool:
        return self.age < dt.timedelta(0)


def queue_states(*, at: dt.datetime) -> list[QueueState]:
    """`at` is the database's clock, where that matters."""
    return states_of(queues_query(at), at=at)


def queues_query(at: dt.datetime) -> QuerySet[Any, Any]:
    """One statement, by the partial index of each queue."""
    first, *others = (_figures(queue, at) for queue in QUEUES)
    all_of_them: QuerySet[Any, Any] = first.union(*others, all=True)
    return all_of_them


def states_of(rows: Iterable[Sequence[Any]], *, at: dt.datetime) -> list[QueueState]:
    found = {name: figures for name, *figures in rows}
    return [_state(queue, *found.get(queue.name, (0, None, None)), at=at) for queue in QUEUES]


def _figures(queue: Queue, at: dt.datetime) -> QuerySet[Any, Any]:
    due_at = Greatest(queue.came, "next_try_at") if queue.is_retried else F(queue.came)
    rows = queue.rows().order_by().annotate(what=Value(queue.name), due_at=due_at).values("what")
    oldest = Min("due_at", filter=Q(due_at__lte=at))
    counted = rows.annotate(number=Count("pk"), oldest=oldest, newest=Max(queue.came))
    figures: QuerySet[Any, Any] = counted.values_list("what", "number", "oldest", "newest")
    return figures


def _state(
    queue: Queue, waiting: int, oldest: dt.datetime | None, newest: dt.datetime | None, *, at: dt.datetime
) -> QueueState:
    age = at - oldest if oldest else dt.timedelta(0)
    if newest and newest > at + TOLERANCE:
        age = at - newest
    return QueueState(queue.name, waiting, age, queue.limit)


class QueueFigures:
    """A collector. Without figures when the database does not answer: an alarm should watch for their absence too."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # else collected at registration, before there is a database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        ages = GaugeMetricFamily(
            "wardbook_queue_age_seconds",
            "Age of the oldest work that is due; negative: a clock jumped.",
            labels=["queue"],
        )
        waiting = GaugeMetricFamily("wardbook_queue_waiting", "Work that waits, due or not.", labels=["queue"])
        late = GaugeMetricFamily("wardbook_queue_late", "1: older than it may be. Alarm.", labels=["queue"])
        try:
            states = queue_states(at=timezone.now())
        except DatabaseError:
            return
        for state in states:
            ages.add_metric([state.name], state.age.total_seconds())
            waiting.add_metric([state.name], state.waiting)
            late.add_metric([state.name], int(not state.is_fine))
        yield from (ages, waiting, late)
