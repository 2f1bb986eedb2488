"""What this app needs from a booking calendar and from whoever keeps booked visits, without naming either."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from hospitals.hours.open_hours import BookedVisit

if TYPE_CHECKING:
    from accounts.models import User

VisitChoice = Literal["keep", "ask_to_move", "cancel"]
DecisionCause = Literal["hours", "time_off", "deactivated"]


@dataclass(frozen=True, slots=True)
class PublishState:
    """How far the public calendar is behind a doctor's hours, in words for the doctor and the admin."""

    is_in_step: bool
    text: str
    # The page of the portal that says more; none where there is none.
    address: str = ""
    # What of the hours the calendar cannot offer, or offers otherwise, a sentence each.
    notes: Sequence[str] = ()


class SchedulePublisher(Protocol):
    def want(self, doctor_id: uuid.UUID) -> None:
        """Record, in the caller's transaction, that the doctor's hours changed. The push happens in a worker."""
        ...

    def state(self, doctor_id: uuid.UUID) -> PublishState: ...

    def address(self, doctor_id: uuid.UUID) -> str:
        """The page of the portal about the doctor's place in the calendar; empty where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ShownVisit:
    """A booked visit for a list. Times are in the hospital's zone; `choice` is what was last decided about it."""

    id: uuid.UUID
    start: dt.datetime
    end: dt.datetime
    who: str
    note: str
    has_phone: bool
    choice: VisitChoice | None


@dataclass(frozen=True, slots=True)
class DecidedVisit:
    """A visit that something was decided about, and what became of it, in words for the doctor and the admin.

    `is_settled` is green, `is_amiss` needs a look, neither is waiting; `can_change` while another choice may follow.
    """

    id: uuid.UUID
    start: dt.datetime
    who: str
    state: str
    is_settled: bool
    is_amiss: bool
    can_change: bool
    reason: str
    link: str


class BookedVisits(Protocol):
    """Each call costs a constant number of queries, however many visits."""

    def booked(self, doctor_id: uuid.UUID, *, at: dt.datetime) -> Sequence[BookedVisit]:
        """The doctor's visits that are still to come, by start, without those that are being cancelled already."""
        ...

    def shown(self, ids: Collection[uuid.UUID], *, by: User) -> Sequence[ShownVisit]:
        """Those of the visits that `by` may see, by start."""
        ...

    def decide(
        self,
        choices: Mapping[uuid.UUID, VisitChoice],
        *,
        cause: DecisionCause,
        reason: str,
        by: User,
        at: dt.datetime,
    ) -> None:
        """Decide, in the caller's transaction. What was cancelled or has begun meanwhile is left out.

        Raises: Refused, and nothing is decided.
        """
        ...

    def decide_one(self, visit_id: uuid.UUID, choice: VisitChoice, *, reason: str, by: User, at: dt.datetime) -> None:
        """Raises: Refused, also for a visit that was cancelled or has begun."""
        ...

    def decided(self, doctor_id: uuid.UUID, *, by: User, at: dt.datetime, limit: int) -> Sequence[DecidedVisit]:
        """The decisions that hold about visits to come or just past, as far as `by` may see them, the newest first."""
        ...


def booked_visits() -> BookedVisits:
    return cast(BookedVisits, import_string(settings.BOOKED_VISITS)())


def schedule_publisher() -> SchedulePublisher:
    return cast(SchedulePublisher, import_string(settings.SCHEDULE_PUBLISHER)())
