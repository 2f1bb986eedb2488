"""The bodies the simulator takes. Unknown fields are dropped without a word, as Cal.com's whitelist does."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from dev.simulators.calcom.errors import ApiError

CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
PHONE = r"^\+[1-9]\d{6,14}$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"

Trigger = Literal[
    "BOOKING_CREATED",
    "BOOKING_PAYMENT_INITIATED",
    "BOOKING_PAID",
    "BOOKING_RESCHEDULED",
    "BOOKING_REQUESTED",
    "BOOKING_CANCELLED",
    "BOOKING_REJECTED",
    "BOOKING_NO_SHOW_UPDATED",
    "FORM_SUBMITTED",
    "MEETING_ENDED",
    "MEETING_STARTED",
    "RECORDING_READY",
    "INSTANT_MEETING",
    "RECORDING_TRANSCRIPTION_GENERATED",
    "OOO_CREATED",
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW",
    "AFTER_GUESTS_CAL_VIDEO_NO_SHOW",
    "FORM_SUBMITTED_NO_EVENT",
    "ROUTING_FORM_FALLBACK_HIT",
    "DELEGATION_CREDENTIAL_ERROR",
    "WRONG_ASSIGNMENT_REPORT",
]


def _clock(value: object) -> object:
    if not isinstance(value, str) or not CLOCK.fullmatch(value):
        raise ValueError("must match the format HH:mm")
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("must be a valid IANA time-zone")
    return value


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Clock = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[str, AfterValidator(_zone)]
Instant = Annotated[datetime, AfterValidator(_utc)]
MetadataKey = Annotated[str, Field(max_length=40)]
MetadataValue = Annotated[str, Field(max_length=500)]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=50)]


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)


class UserBody(Body):
    email: str = Field(pattern=EMAIL)
    username: str | None = None
    time_zone: Zone = "Europe/London"


class WindowBody(Body):
    days: list[Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]]
    start_time: Clock
    end_time: Clock


class OverrideBody(Body):
    date: date
    start_time: Clock
    end_time: Clock


class SchedulePatch(Body):
    """What is absent stays as it is; a list that is given replaces the whole list."""

    name: str | None = None
    time_zone: Zone | None = None
    is_default: bool | None = None
    availability: list[WindowBody] | None = None
    overrides: list[OverrideBody] | None = None


class ScheduleBody(SchedulePatch):
    name: str
    time_zone: Zone
    is_default: bool


class HostBody(Body):
    user_id: int


class ConfirmationBody(Body):
    disabled: bool = False
    type: str = ""
    block_unconfirmed_bookings_in_booker: bool = False


class SeatsBody(Body):
    disabled: bool = False
    seats_per_time_slot: int | None = Field(default=None, ge=1)


class RecurrenceBody(Body):
    """Cal.com knows months and years too."""

    disabled: bool = False
    interval: int = Field(default=1, ge=1)
    frequency: Literal["weekly"] = "weekly"


class EventTypeBody(Body):
    length_in_minutes: int = Field(ge=1)
    title: str
    slug: str
    scheduling_type: Literal["collective", "roundRobin", "managed"]
    hosts: list[HostBody] = []
    schedule_id: int | None = None
    slot_interval: int | None = Field(default=None, ge=1)
    before_event_buffer: int = Field(default=0, ge=0)
    after_event_buffer: int = Field(default=0, ge=0)
    minimum_booking_notice: int = Field(default=0, ge=0)
    confirmation_policy: ConfirmationBody = ConfirmationBody(disabled=True)
    seats: SeatsBody = SeatsBody(disabled=True)
    recurrence: RecurrenceBody = RecurrenceBody(disabled=True)
    booking_fields: list[JsonValue] = []
    hidden: bool = False
    show_optimized_slots: bool = False


class EventTypePatch(Body):
    """What is absent stays as it is."""

    length_in_minutes: int | None = Field(default=None, ge=1)
    title: str | None = None
    slug: str | None = None
    hosts: list[HostBody] | None = None
    schedule_id: int | None = None
    before_event_buffer: int | None = Field(default=None, ge=0)
    after_event_buffer: int | None = Field(default=None, ge=0)
    minimum_booking_notice: int | None = Field(default=None, ge=0)
    hidden: bool | None = None
    show_optimized_slots: bool | None = None


class MembershipBody(Body):
    user_id: int
    accepted: bool = False
    role: Literal["MEMBER", "ADMIN", "OWNER"]


class AttendeeBody(Body):
    name: str
    time_zone: Zone
    email: str | None = Field(default=None, pattern=EMAIL)
    phone_number: str | None = Field(default=None, pattern=PHONE)
    language: str = "en"


class BookingBody(Body):
    start: Instant
    event_type_id: int
    attendee: AttendeeBody
    guests: list[Annotated[str, Field(pattern=EMAIL)]] = []
    metadata: Metadata = Field(default_factory=dict)
    length_in_minutes: int | None = Field(default=None, ge=1)
    recurrence_count: int | None = Field(default=None, ge=1, le=32)


class CancelBody(Body):
    """`seat_uid` gives one seat back; the flag cancels what follows in a series too."""

    cancellation_reason: str | None = None
    cancel_subsequent_bookings: bool = False
    seat_uid: str | None = None


class RescheduleBody(Body):
    start: Instant
    rescheduled_by: str | None = Field(default=None, pattern=EMAIL)
    rescheduling_reason: str | None = None
    seat_uid: str | None = None


class DeclineBody(Body):
    reason: str | None = None


class AbsentAttendeeBody(Body):
    email: str = Field(pattern=EMAIL)
    absent: bool


class AbsentBody(Body):
    host: bool | None = None
    attendees: list[AbsentAttendeeBody] = []


class ReservationBody(Body):
    event_type_id: int
    slot_start: Instant
    slot_duration: int | None = None
    reservation_duration: int = 5


class WebhookPatch(Body):
    active: bool | None = None
    subscriber_url: str | None = Field(default=None, pattern=r"^https?://")
    triggers: list[Trigger] | None = None
    secret: str | None = None
    payload_template: str | None = None


class WebhookBody(WebhookPatch):
    active: bool
    subscriber_url: str = Field(pattern=r"^https?://")
    triggers: list[Trigger]


class OooPatch(Body):
    start: Instant | None = None
    end: Instant | None = None
    notes: str | None = None
    to_user_id: int | None = None
    reason: Literal["unspecified", "vacation", "travel", "sick", "public_holiday"] | None = None


class OooBody(OooPatch):
    start: Instant
    end: Instant


B = TypeVar("B", bound=Body)


def checked(kind: type[B], body: JsonValue) -> B:
    """The body as `kind`. Raises: ApiError with class-validator's list of errors."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        errors = [_as_class_validator(entry) for entry in error.errors()]
        raise ApiError(400, "Bad Request Exception", errors=errors) from None


def _as_class_validator(error: object) -> JsonValue:
    assert isinstance(error, dict)
    where = ".".join(str(part) for part in error["loc"])
    shown = error["input"] if isinstance(error["input"], str | int | float | bool | None) else None
    return {"property": where, "value": shown, "constraints": {error["type"]: error["msg"]}}
