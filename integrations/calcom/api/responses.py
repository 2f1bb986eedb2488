"""What the API answers, as far as we read it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

T = TypeVar("T")


def read(kind: type[T], data: JsonValue) -> T:
    """The data as a model, or as a list or mapping of models. Raises: pydantic.ValidationError."""
    parsed: T = _adapter(kind).validate_python(data)  # type: ignore[arg-type]  # a class is hashable
    return parsed


def readable(kind: type[T], rows: Iterable[JsonValue]) -> list[T]:
    """Those of the rows that can be read, as models."""
    found: list[T] = []
    for row in rows:
        with suppress(ValidationError):
            found.append(read(kind, row))
    return found


# Building a reader costs more than using it.
@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


class VendorModel(BaseModel):
    """Cal.com's JSON under our names. A null counts as absent, so defaults need stating once."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        if isinstance(value, dict):
            return {key: item for key, item in value.items() if item is not None}
        return value


def _only_text(value: object) -> object:
    # pydantic reads bare numbers as epochs; Cal.com never sends one, so a number here is a mistake to notice.
    if not isinstance(value, str | datetime):
        raise ValueError("a time is an ISO 8601 string")
    return value


def _own_date(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a time is an ISO 8601 string")
    return datetime.fromisoformat(value).date()


def _to_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _whole_number_or_none(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""


def _objects_only(value: object) -> list[object]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _object_or_empty(value: object) -> object:
    return value if isinstance(value, dict) else {}


# `Z`, `+00:00`, `.000Z` and an offset of some zone are all met; what comes out is aware and UTC.
UtcDatetime = Annotated[datetime, BeforeValidator(_only_text), AfterValidator(_to_utc)]
# The day in the offset the time is written with, whatever the day is elsewhere.
OwnDate = Annotated[date, BeforeValidator(_own_date)]
# A deleted user is printed with the id "unknown".
LooseInt = Annotated[int | None, BeforeValidator(_whole_number_or_none)]
LooseText = Annotated[str, BeforeValidator(_text_or_empty)]
ObjectsOnly = BeforeValidator(_objects_only)
ObjectOrEmpty = BeforeValidator(_object_or_empty)


class BookingStatus(StrEnum):
    """Lowercase in the API, uppercase in webhooks; `unknown` is any state Cal.com has added since."""

    ACCEPTED = "accepted"
    PENDING = "pending"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @classmethod
    def read(cls, value: object) -> BookingStatus:
        """The status for Cal.com's word, in either case."""
        try:
            return cls(str(value).lower())
        except ValueError:
            return cls.UNKNOWN


LooseStatus = Annotated[BookingStatus, BeforeValidator(BookingStatus.read)]


class Me(VendorModel):
    id: int
    email: str
    username: str | None = None
    name: str | None = None
    time_zone: str = "UTC"
    default_schedule_id: LooseInt = None
    organization_id: LooseInt = None


class OrgUser(VendorModel):
    id: int
    email: str
    username: str | None = None
    name: str | None = None
    time_zone: str = "UTC"
    default_schedule_id: LooseInt = None


class TeamMember(VendorModel):
    user_id: int
    accepted: bool = False


class ScheduleWindow(VendorModel):
    """Weekly hours, wall-clock in the schedule's zone. `23:59` as an end means midnight."""

    days: tuple[str, ...]
    start_time: str
    end_time: str


class ScheduleOverride(VendorModel):
    """The hours of one date (`YYYY-MM-DD`) instead of its weekday's; an end at the start closes the day."""

    date: str
    start_time: str
    end_time: str


class Schedule(VendorModel):
    id: int
    owner_id: LooseInt = None
    name: str = ""
    time_zone: str
    is_default: bool = False
    availability: tuple[ScheduleWindow, ...] = ()
    overrides: tuple[ScheduleOverride, ...] = ()


class EventTypeHost(VendorModel):
    user_id: LooseInt = None
    name: LooseText = ""


class EventType(VendorModel):
    id: int
    length_in_minutes: int
    title: str
    slug: str
    schedule_id: LooseInt = None
    team_id: LooseInt = None
    scheduling_type: str | None = None
    hosts: Annotated[tuple[EventTypeHost, ...], ObjectsOnly] = ()
    minimum_booking_notice: LooseInt = None
    before_event_buffer: LooseInt = None
    after_event_buffer: LooseInt = None
    show_optimized_slots: bool = False
    hidden: bool = False


class Slot(VendorModel):
    start: UtcDatetime
    end: UtcDatetime


class BookingHost(VendorModel):
    id: LooseInt = None
    name: LooseText = ""
    email: LooseText = ""
    username: LooseText = ""
    time_zone: LooseText = ""


class BookingAttendee(VendorModel):
    name: LooseText = ""
    email: LooseText = ""
    time_zone: LooseText = ""
    phone_number: LooseText = ""
    absent: bool = False


class BookingEventType(VendorModel):
    id: LooseInt = None
    slug: LooseText = ""


class Booking(VendorModel):
    """A booking as `GET` gives it. `uid` lets its holder cancel without signing in: keep it out of logs."""

    uid: str
    id: LooseInt = None
    title: LooseText = ""
    status: LooseStatus
    start: UtcDatetime
    end: UtcDatetime
    hosts: Annotated[tuple[BookingHost, ...], ObjectsOnly] = ()
    attendees: Annotated[tuple[BookingAttendee, ...], ObjectsOnly] = ()
    event_type: BookingEventType = BookingEventType()
    metadata: Annotated[dict[str, JsonValue], ObjectOrEmpty] = Field(default_factory=dict)
    booking_fields_responses: Annotated[dict[str, JsonValue], ObjectOrEmpty] = Field(default_factory=dict)
    location: LooseText = ""
    absent_host: bool = False
    cancellation_reason: LooseText = ""
    cancelled_by_email: LooseText = ""
    rescheduling_reason: LooseText = ""
    rescheduled_by_email: LooseText = ""
    rescheduled_from_uid: str | None = None
    rescheduled_to_uid: str | None = None
    recurring_booking_uid: str | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a booking ends after it starts")
        return self


class Pagination(VendorModel):
    total_items: int
    returned_items: int
    has_next_page: bool


class WebhookSubscription(VendorModel):
    # Declared a number, a UUID in the database.
    id: Annotated[str, BeforeValidator(str)]
    subscriber_url: str
    active: bool
    triggers: tuple[str, ...] = ()
    secret: str | None = Field(default=None, repr=False)
    payload_template: LooseText = ""
