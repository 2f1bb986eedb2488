"""News about bookings of people who have been erased: whose visit it was, and its times, are kept; names are not.

The calendar still has the name, and tells it again with each pull or replay. A booking remembers that its booker was
erased (`erased_at`); one that is new here is known by our proven reference, or by a number that was an erased
patient's at the time the news is from. The number may have a new owner since, who is left alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.db import connection

from clinical.mirror.facts import RESCHEDULE_REQUESTED, BookingFacts

SCRUBBED = "scrubbed"
KEPT_KEYS = (
    *("uid", "bookingUid", "id", "bookingId", "eventTypeId", "status", "rescheduleUid", "rescheduleId"),
    *("start", "end", "startTime", "endTime", "rescheduleStartTime", "rescheduleEndTime", "createdAt", "updatedAt"),
    *("rescheduledFromUid", "rescheduledToUid", "triggerEvent"),
)
# The same in SQL, of the JSON object `{0}`; one parameter, the kept keys.
IDS_ONLY = """
jsonb_build_object('scrubbed', true) || coalesce((
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(CASE jsonb_typeof({0}) WHEN 'object' THEN {0} END)
    WHERE key = ANY(%s) AND jsonb_typeof(value) NOT IN ('object', 'array')
), '{{}}')
"""


class Kept(Protocol):
    """What is kept of a booking."""

    reference: str | None
    cancellation_reason: str | None
    attendee_name: str | None
    attendee_phone: str | None
    erased_at: dt.datetime | None
    is_new: bool


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Ids of erased patients, and numbers that were an erased patient's until a moment."""

    patients: frozenset[str]
    numbers: Mapping[str, dt.datetime]

    def cover(self, facts: Sequence[BookingFacts], bookings: Collection[Kept]) -> bool:
        """Whether these facts are about an erased person's visit. `bookings` are all that the visit is known by."""
        if any(one.erased_at or one.reference in self.patients for one in bookings):
            return True
        if any(str(one.patient_id) in self.patients for one in facts):
            return True
        is_unknown = all(one.is_new for one in bookings)
        return is_unknown and any(self._is_of_old_number(one) for one in facts)

    def _is_of_old_number(self, one: BookingFacts) -> bool:
        erased_at = self.numbers.get(one.phone) if one.phone else None
        return erased_at is not None and one.at <= erased_at


def nameless(facts: BookingFacts) -> BookingFacts:
    return replace(facts, attendee_name=None, phone=None, cancellation_reason=coded(facts.cancellation_reason))


def take_names_out(bookings: Iterable[Kept], *, at: dt.datetime) -> None:
    for one in bookings:
        one.attendee_name = one.attendee_phone = None
        one.cancellation_reason = coded(one.cancellation_reason)
        one.erased_at = one.erased_at or at


def coded(reason: str | None) -> str | None:
    """A reason in somebody's own words may name anybody."""
    return reason if reason == RESCHEDULE_REQUESTED else None


def ids_only(payload: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in payload.items() if key in KEPT_KEYS and not isinstance(value, dict | list)}
    return {SCRUBBED: True, **kept}


def scrub_payloads(visit_ids: Sequence[Any]) -> None:
    statement = f"UPDATE appointments SET cal_raw_payload = {IDS_ONLY.format('cal_raw_payload')} WHERE id = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(KEPT_KEYS), list(visit_ids)])
