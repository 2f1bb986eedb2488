"""What the simulator keeps: one small record per thing, stored as JSON."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Literal

from pydantic import BaseModel, Field, JsonValue, model_validator

Status = Literal["accepted", "pending", "cancelled", "rejected"]
DeliveryState = Literal["pending", "delivered", "failed", "lost"]


class User(BaseModel):
    id: int
    email: str
    username: str
    name: str | None = None
    time_zone: str = "Europe/London"
    default_schedule_id: int | None = None
    created_at: datetime


class Team(BaseModel):
    id: int
    name: str


class Membership(BaseModel):
    id: int
    team_id: int
    user_id: int
    accepted: bool = False
    role: str = "MEMBER"


class Window(BaseModel):
    """Weekly hours; days by their English names."""

    days: list[str]
    start: time
    end: time


class Override(BaseModel):
    day: date
    start: time
    end: time


class Schedule(BaseModel):
    id: int
    owner_id: int
    name: str
    time_zone: str
    windows: list[Window]
    overrides: list[Override]


class EventType(BaseModel):
    id: int
    team_id: int
    title: str
    slug: str
    length_minutes: int
    scheduling_type: str
    host_ids: list[int]
    schedule_id: int | None = None
    slot_interval_minutes: int | None = None
    before_buffer_minutes: int = 0
    after_buffer_minutes: int = 0
    notice_minutes: int = 0
    needs_confirmation: bool = False
    pending_blocks: bool = False
    # More than one person may book the same time.
    seats: int | None = None
    # A booking may be a series: one visit every so many weeks.
    recurs_every_weeks: int | None = None
    # As they were sent: no rule here follows them.
    booking_fields: list[JsonValue] = []
    hidden: bool = False
    # Starts begin with each stretch of hours, not at a multiple of the length on the clock.
    shows_optimized_slots: bool = False


class Attendee(BaseModel):
    name: str
    email: str
    time_zone: str
    phone: str | None = None
    language: str = "en"
    absent: bool = False
    seat_uid: str | None = None


class Booking(BaseModel):
    id: int
    uid: str
    event_type_id: int
    host_id: int
    title: str
    start: datetime
    end: datetime
    status: Status
    # The booker, then guests; where there are seats those who hold one, in the order they took it.
    attendees: list[Attendee]
    metadata: dict[str, str] = Field(default_factory=dict)
    location: str = ""
    host_absent: bool = False
    cancellation_reason: str | None = None
    cancelled_by: str | None = None
    # The host asked for another time: cancelled, yet the booker may still move it.
    asks_to_reschedule: bool = False
    rejection_reason: str | None = None
    rescheduling_reason: str | None = None
    rescheduled_by: str | None = None
    rescheduled_from_uid: str | None = None
    rescheduled_to_uid: str | None = None
    # Of the series it is one visit of.
    recurring_uid: str | None = None
    sequence: int = 0
    created_at: datetime
    updated_at: datetime | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_older(cls, value: object) -> object:
        # State files outlive the program that wrote them; this one had no seats.
        if isinstance(value, dict) and "attendee" in value:
            return {**value, "attendees": [value["attendee"]]}
        return value

    @property
    def booker(self) -> Attendee | None:
        """None where the last one with a seat has moved to another time."""
        return self.attendees[0] if self.attendees else None


class Webhook(BaseModel):
    id: str
    # None: of the user who made it, which does not hear of team event types.
    org_id: int | None
    url: str
    triggers: list[str]
    secret: str | None = None
    active: bool = True
    template: str | None = None


class OutOfOffice(BaseModel):
    id: int
    uuid: str
    user_id: int
    to_user_id: int | None = None
    start: datetime
    end: datetime
    notes: str = ""
    reason: str = "unspecified"


class Reservation(BaseModel):
    uid: str
    event_type_id: int
    start: datetime
    end: datetime
    until: datetime


class Delivery(BaseModel):
    """One POST to a subscriber. `due_at` is in seconds since 1970."""

    id: int
    webhook_id: str
    url: str
    trigger: str
    body: str
    signature: str
    due_at: float
    state: DeliveryState = "pending"
    attempts: int = 0
    last_status: int | None = None
