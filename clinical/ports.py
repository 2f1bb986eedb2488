"""What this app needs from a booking calendar, an assistant, and a keeper of idempotency keys; no vendor is named."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from core.refusals import Conflict, Contradiction, Unavailable

if TYPE_CHECKING:
    from clinical.models import Appointment
    from hospitals.models import Doctor

OutcomeState = Literal["pending", "done", "refused"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A free time, aware, in the zone that was asked for."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Slots:
    """`source` is `calcom` when the calendar answered, `local` when they are our own reckoning; `as_of` when."""

    slots: Sequence[Slot]
    source: Literal["calcom", "local"]
    as_of: dt.datetime


# Why a calendar may refuse a booking, a move and a cancellation: part of the patient API.
BOOKING_REFUSALS = ("slot_taken", "not_bookable", "phone_not_valid", "calendar_unavailable", "withdrawn", "refused")
MOVE_REFUSALS = (*BOOKING_REFUSALS, "visit_changed")
CANCELLATION_REFUSALS = ("visit_changed", "not_cancelled", "refused")
CALENDAR_REFUSALS = (*MOVE_REFUSALS, "not_cancelled")


class SlotTaken(Conflict):
    code = "slot_taken"
    message = _("This is not one of the doctor's free times.")


@dataclass(frozen=True, slots=True)
class BookingOutcome:
    """What became of a request. `code` names why it was refused, one of `CALENDAR_REFUSALS`.

    Nothing more is sent to the calendar after `expires_at`; None once settled, and for what is tried until it answers.
    """

    request_id: uuid.UUID
    state: OutcomeState
    appointment_id: uuid.UUID | None = None
    code: str | None = None
    expires_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """What a patient asked the calendar for, and has no outcome yet. `start` is None for a cancellation."""

    request_id: uuid.UUID
    kind: Literal["book", "reschedule", "cancel"]
    doctor_id: uuid.UUID
    appointment_id: uuid.UUID | None
    start: dt.datetime | None
    asked_at: dt.datetime
    expires_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What became of a request that a patient takes back. `is_new` is False where it was taken back before."""

    outcome: BookingOutcome
    is_new: bool


class NotWithdrawable(Conflict):
    code = "not_withdrawable"
    message = _("This can no longer be withdrawn: look at the appointment again.")


class BookingProvider(Protocol):
    def slots(
        self,
        doctor: Doctor,
        *,
        start: dt.datetime,
        end: dt.datetime,
        time_zone: str,
        asked_by: uuid.UUID | None = None,
    ) -> Slots:
        """Free times of the doctor that begin in `[start, end)`. Never raises for a calendar that is down.

        `asked_by` is the patient whose share of the calendar's patience is used.
        """
        ...

    def bookable(self, doctor_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Those of the doctors who can be booked; one query."""
        ...

    def pending_bookings(self, *, patient_id: uuid.UUID) -> int:
        """How many bookings the patient asked for, and has not withdrawn, that have no outcome yet."""
        ...

    def is_being_changed(self, appointment_id: uuid.UUID) -> bool:
        """Whether a move or cancellation of the visit, whoever asked for it, has no outcome yet."""
        ...

    def changes_since(self, since: dt.datetime, *, patient_id: uuid.UUID) -> Sequence[dt.datetime]:
        """When the patient asked for moves and cancellations since then, in no order."""
        ...

    def request_booking(self, *, patient_id: uuid.UUID, doctor: Doctor, start: dt.datetime, reason: str) -> uuid.UUID:
        """Queue a booking and return the request's id. The write to the calendar is a worker's, after commit.

        Raises: SlotTaken for a start that is not, and was not a moment ago, among the free times offered.
        """
        ...

    def request_reschedule(self, *, appointment: Appointment, start: dt.datetime, reason: str) -> uuid.UUID:
        """The same for a move. Raises: SlotTaken."""
        ...

    def request_cancellation(self, *, appointment: Appointment, reason: str) -> uuid.UUID: ...

    def request_cancellations(self, *, appointments: Sequence[Appointment], reason: str) -> Sequence[uuid.UUID]:
        """Queue one cancellation for each visit, in a constant number of queries; the requests' ids in their order."""
        ...

    def request_reassignments(
        self, *, appointments: Sequence[Appointment], doctors: Sequence[Doctor], reason: str
    ) -> Sequence[uuid.UUID]:
        """Queue, for each visit, a booking with this doctor at its time, in place of the one there is.

        The visit stays the same, with another doctor. The requests' ids in their order.
        """
        ...

    def mark_absence(self, *, appointment: Appointment, absent: bool, at: dt.datetime) -> bool:
        """Queue telling the calendar that the patient did not come, or came after all, before that is written here.

        Takes the place of a mark that has not gone out. False where the calendar holds nothing else anyway.
        """
        ...

    def absence_outcome(self, appointment_id: uuid.UUID) -> BookingOutcome | None:
        """What became of telling the calendar the visit's last mark; None where there was nothing to tell."""
        ...

    def outcomes(self, request_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, BookingOutcome]:
        """The outcomes so far of requests that staff made, by request; one query. Who may see them is the caller's."""
        ...

    def waiting_requests(self, *, patient_id: uuid.UUID) -> Sequence[WaitingRequest]:
        """What the patient asked for and has no outcome yet, the oldest first; one query."""
        ...

    def withdraw(self, request_id: uuid.UUID, *, patient_id: uuid.UUID, at: dt.datetime) -> Withdrawal | None:
        """Take a waiting request back: what was not sent is refused as `withdrawn` at once. A booking whose outcome
        is not known stays pending until it is, and is cancelled if it was made. None for a request that is not theirs.

        Raises: NotWithdrawable.
        """
        ...

    def outcome(self, request_id: uuid.UUID, *, patient_id: uuid.UUID) -> BookingOutcome | None:
        """The outcome so far; None for a request that is not this patient's."""
        ...

    def wait_for_outcome(self, request_id: uuid.UUID, *, patient_id: uuid.UUID) -> BookingOutcome:
        """Wait for at most `BOOKING_WAIT_SECONDS`, holding no database connection while waiting."""
        ...


def booking_provider() -> BookingProvider:
    return cast(BookingProvider, import_string(settings.BOOKING_PROVIDER)())


class AssistantUnavailable(Unavailable):
    code = "assistant_unavailable"
    message = _("The assistant does not answer. What you wrote is kept: please send it again in a moment.")
    retry_after_seconds = 10


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What the assistant said, and its id of this exchange: the next message names it, so that it remembers."""

    text: str = field(repr=False)
    chat_id: str


class ChatAssistant(Protocol):
    def reply(self, text: str, *, after: str | None, hospital: str) -> ChatReply:
        """Ask the assistant, and wait for what it says: for workers, outside any transaction.

        `after` is the id of the exchange before, None for the first; `hospital` a name, or empty.
        Nothing is asked twice; asking again after a failure does no harm. Raises: AssistantUnavailable.
        """
        ...


def chat_assistant() -> ChatAssistant:
    return cast(ChatAssistant, import_string(settings.CHAT_ASSISTANT)())


class IdempotencyKeyReused(Contradiction):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used for another request.")


class IdempotencyKeyInUse(Conflict):
    code = "idempotency_key_in_use"
    message = _("The first request with this Idempotency-Key is still being worked on.")
    retry_after_seconds = 1


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """A hold on an `Idempotency-Key`. `request_id` is what the same request made before; None the first time."""

    id: uuid.UUID
    request_id: uuid.UUID | None


class IdempotencyStore(Protocol):
    def claim(self, *, owner_id: uuid.UUID, key: str, request_hash: str, at: dt.datetime) -> KeyClaim:
        """Claim the key, in a transaction of its own.

        Raises: IdempotencyKeyReused, IdempotencyKeyInUse.
        """
        ...

    def finish(self, claim: KeyClaim, *, request_id: uuid.UUID) -> None:
        """Say, in the caller's transaction, what the request made: both are kept, or neither.

        Raises: IdempotencyKeyInUse if the claim went stale and another attempt has taken the key over.
        """
        ...

    def release(self, claim: KeyClaim) -> None:
        """Give up a claim whose request was refused before it made anything: the key may be used again."""
        ...


def idempotency_store() -> IdempotencyStore:
    return cast(IdempotencyStore, import_string(settings.IDEMPOTENCY_STORE)())


def finish_claim(claim: KeyClaim | None, *, request_id: uuid.UUID) -> None:
    """Say, in the caller's transaction, what a request that may have a key made. Raises: IdempotencyKeyInUse."""
    if claim is not None and claim.request_id is None:
        idempotency_store().finish(claim, request_id=request_id)
