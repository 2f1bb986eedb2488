"""What we send to Cal.com, as small typed values; each knows its JSON. No HTTP."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from pydantic import JsonValue

from integrations.calcom.api.responses import ScheduleOverride, ScheduleWindow

BOOKING_TRIGGERS = (
    "BOOKING_CREATED",
    "BOOKING_REQUESTED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_NO_SHOW_UPDATED",
    # An absence entered in Cal.com itself, past the hours kept here.
    "OOO_CREATED",
)

# With Cal.com's own fields an e-mail is demanded, and patients have only a phone. Optional, not hidden: a
# hidden e-mail field makes Cal.com throw a given address away.
PHONE_FIRST_FIELDS: list[JsonValue] = [
    {"type": "email", "label": "Email", "placeholder": "", "required": False, "hidden": False},
    {
        "type": "phone",
        "slug": "attendeePhoneNumber",
        "label": "Phone",
        "placeholder": "",
        "required": True,
        "hidden": False,
    },
]

# Starts then begin with the hours themselves; else at a multiple of the length on the clock, and 08:15-10:15 would
# hold one visit of an hour and not two.
SLOT_GRID: dict[str, JsonValue] = {"showOptimizedSlots": True}

Direction = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class Attendee:
    """Who comes. `phone` is E.164 with `+`; one of phone and email must be given."""

    name: str
    time_zone: str
    phone: str | None = None
    email: str | None = None

    def body(self) -> dict[str, JsonValue]:
        given = {"phoneNumber": self.phone, "email": self.email.lower() if self.email else None}
        return {"name": self.name, "timeZone": self.time_zone, **{k: v for k, v in given.items() if v}}


@dataclass(frozen=True, slots=True)
class ScheduleInput:
    """A doctor's whole desired state: what is not in it is not there afterwards."""

    time_zone: str
    availability: Sequence[ScheduleWindow] = ()
    overrides: Sequence[ScheduleOverride] = ()
    name: str = "Working hours"
    is_default: bool = True

    def body(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "timeZone": self.time_zone,
            "isDefault": self.is_default,
            "availability": [window.model_dump(mode="json", by_alias=True) for window in self.availability],
            "overrides": [override.model_dump(mode="json", by_alias=True) for override in self.overrides],
        }


@dataclass(frozen=True, slots=True)
class EventTypeInput:
    """A team event type with fixed hosts; minutes throughout."""

    length_minutes: int
    title: str
    slug: str
    host_ids: Sequence[int]
    schedule_id: int | None = None
    before_buffer_minutes: int = 0
    after_buffer_minutes: int = 0
    minimum_notice_minutes: int = 0
    needs_confirmation: bool = False
    # Round robin may hand a booking to another host without any webhook.
    scheduling_type: Literal["collective", "roundRobin"] = "collective"

    def body(self) -> dict[str, JsonValue]:
        body: dict[str, JsonValue] = {
            "lengthInMinutes": self.length_minutes,
            "title": self.title,
            "slug": self.slug,
            "schedulingType": self.scheduling_type,
            "hosts": [{"userId": host_id} for host_id in self.host_ids],
            "beforeEventBuffer": self.before_buffer_minutes,
            "afterEventBuffer": self.after_buffer_minutes,
            "minimumBookingNotice": self.minimum_notice_minutes,
            "bookingFields": PHONE_FIRST_FIELDS,
            **SLOT_GRID,
        }
        if self.schedule_id is not None:
            body["scheduleId"] = self.schedule_id
        if self.needs_confirmation:
            body["confirmationPolicy"] = {"type": "always", "blockUnconfirmedBookingsInBooker": True}
        return body


@dataclass(frozen=True, slots=True)
class EventTypeChanges:
    """What of an event type follows our side; all else in it (fields, title) stays. Minutes throughout."""

    length_minutes: int
    after_buffer_minutes: int
    minimum_notice_minutes: int
    host_ids: Sequence[int] | None = None
    schedule_id: int | None = None
    is_hidden: bool | None = None

    def body(self) -> dict[str, JsonValue]:
        body: dict[str, JsonValue] = {
            "lengthInMinutes": self.length_minutes,
            "afterEventBuffer": self.after_buffer_minutes,
            "minimumBookingNotice": self.minimum_notice_minutes,
            **SLOT_GRID,
        }
        if self.host_ids is not None:
            body["hosts"] = [{"userId": host_id} for host_id in self.host_ids]
        if self.schedule_id is not None:
            body["scheduleId"] = self.schedule_id
        if self.is_hidden is not None:
            body["hidden"] = self.is_hidden
        return body


@dataclass(frozen=True, slots=True)
class BookingFilters:
    """Which bookings of the organisation, and in what order. No status means every status."""

    status: Sequence[Literal["upcoming", "recurring", "past", "cancelled", "unconfirmed"]] = ()
    attendee_email: str | None = None
    booking_uid: str | None = None
    event_type_ids: Sequence[int] = ()
    after_start: datetime | None = None
    before_end: datetime | None = None
    after_created_at: datetime | None = None
    before_created_at: datetime | None = None
    after_updated_at: datetime | None = None
    before_updated_at: datetime | None = None
    sort_start: Direction | None = None
    sort_created: Direction | None = None
    sort_updated_at: Direction | None = None

    def query(self) -> dict[str, str]:
        """The query parameters, without paging."""
        texts = {
            "status": ",".join(self.status),
            "attendeeEmail": self.attendee_email.lower() if self.attendee_email else None,
            "bookingUid": self.booking_uid,
            "eventTypeIds": ",".join(str(event_type_id) for event_type_id in self.event_type_ids),
            "sortStart": self.sort_start,
            "sortCreated": self.sort_created,
            "sortUpdatedAt": self.sort_updated_at,
        }
        times = {
            "afterStart": self.after_start,
            "beforeEnd": self.before_end,
            "afterCreatedAt": self.after_created_at,
            "beforeCreatedAt": self.before_created_at,
            "afterUpdatedAt": self.after_updated_at,
            "beforeUpdatedAt": self.before_updated_at,
        }
        query = {name: text for name, text in texts.items() if text}
        return query | {name: utc_text(at) for name, at in times.items() if at is not None}


@dataclass(frozen=True, slots=True)
class NewBooking:
    """A booking to make. `metadata` takes at most 50 keys of 40 characters, values of 500."""

    event_type_id: int
    start: datetime
    attendee: Attendee
    metadata: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, JsonValue]:
        return {
            "start": utc_text(self.start),
            "eventTypeId": self.event_type_id,
            "attendee": self.attendee.body(),
            "metadata": dict(self.metadata),
        }


def utc_text(at: datetime) -> str:
    """An aware time as Cal.com takes it. Raises: ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def username_for(name: str, email: str) -> str:
    """A username that shows the name and is made unique by the e-mail."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "member"
    return f"{slug}-{hashlib.sha256(email.lower().encode()).hexdigest()[:6]}"


def webhook_body(url: str, secret: str, triggers: Sequence[str]) -> dict[str, JsonValue]:
    """An active subscription without a template: with one, bodies may come form-encoded. An empty one clears it."""
    body: dict[str, JsonValue] = {"active": True, "subscriberUrl": url, "secret": secret, "payloadTemplate": ""}
    return body | {"triggers": list(triggers)}
