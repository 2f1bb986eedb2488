"""The bodies Cal.com posts to us (payload version 2021-10-20), as far as we read them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AliasChoices, Field, JsonValue, model_validator

from integrations.calcom.api.responses import (
    LooseInt,
    LooseStatus,
    LooseText,
    ObjectOrEmpty,
    ObjectsOnly,
    OwnDate,
    UtcDatetime,
    VendorModel,
)


class EventPerson(VendorModel):
    # Older builds leave the id out of cancellations and reschedule requests.
    id: LooseInt = None
    name: LooseText = ""
    email: LooseText = ""
    username: LooseText = ""
    time_zone: LooseText = ""


class EventAttendee(VendorModel):
    name: LooseText = ""
    email: LooseText = ""
    time_zone: LooseText = ""
    phone_number: LooseText = ""
    no_show: bool | None = None


class BookingEventPayload(VendorModel):
    """A booking as a webhook tells it: the wrapped form, or a flat MEETING_* row (then a stale snapshot)."""

    uid: str | None = Field(default=None, validation_alias=AliasChoices("uid", "bookingUid"))
    booking_id: LooseInt = Field(default=None, validation_alias=AliasChoices("bookingId", "id"))
    status: LooseStatus | None = None
    start: UtcDatetime | None = Field(default=None, validation_alias="startTime")
    end: UtcDatetime | None = Field(default=None, validation_alias="endTime")
    event_type_id: LooseInt = None
    title: LooseText = ""
    organizer: EventPerson | None = Field(default=None, validation_alias=AliasChoices("organizer", "user"))
    user_id: LooseInt = None
    attendees: Annotated[tuple[EventAttendee, ...], ObjectsOnly] = ()
    responses: Annotated[dict[str, JsonValue], ObjectOrEmpty] = Field(default_factory=dict)
    metadata: Annotated[dict[str, JsonValue], ObjectOrEmpty] = Field(default_factory=dict)
    location: LooseText = ""
    sms_reminder_number: LooseText = ""
    i_cal_sequence: LooseInt = Field(default=None, validation_alias="iCalSequence")
    cancellation_reason: LooseText = ""
    cancelled_by: LooseText = ""
    rejection_reason: LooseText = ""
    # None in older builds, which do not say.
    request_reschedule: bool | None = None
    reschedule_uid: str | None = None
    reschedule_id: LooseInt = None
    reschedule_start: UtcDatetime | None = Field(default=None, validation_alias="rescheduleStartTime")
    reschedule_end: UtcDatetime | None = Field(default=None, validation_alias="rescheduleEndTime")
    rescheduled_by: LooseText = ""
    from_reschedule: str | None = None
    attendee_seat_id: str | None = None
    seats_per_time_slot: LooseInt = None
    recurring_event: Annotated[dict[str, JsonValue], ObjectOrEmpty] = Field(default_factory=dict)
    requires_confirmation: bool = False
    organization_id: LooseInt = None

    @property
    def organizer_id(self) -> int | None:
        """The host's Cal.com user id; a flat row names it beside the organizer."""
        if self.organizer is not None and self.organizer.id is not None:
            return self.organizer.id
        return self.user_id


class NoShowPayload(VendorModel):
    """BOOKING_NO_SHOW_UPDATED: no times, and the uid under another name."""

    booking_uid: str
    booking_id: LooseInt = None
    attendees: Annotated[tuple[EventAttendee, ...], ObjectsOnly] = ()


class OutOfOfficeEntry(VendorModel):
    """OOO_CREATED, also sent when one is edited: whole days, written with an offset in which they are whole."""

    start: OwnDate
    end: OwnDate
    user: EventPerson = EventPerson()


class WebhookEvent(VendorModel):
    """One verified body. `created_at` is when Cal.com said it; None for a flat body, which does not tell."""

    trigger_event: LooseText = ""
    created_at: UtcDatetime | None = None
    payload: Annotated[dict[str, JsonValue], ObjectOrEmpty] = Field(default_factory=dict, repr=False)
    is_flat: bool = False

    @model_validator(mode="before")
    @classmethod
    def _wrap_flat_body(cls, value: object) -> object:
        if not isinstance(value, dict) or "payload" in value or "triggerEvent" not in value:
            return value
        row = {key: item for key, item in value.items() if key != "triggerEvent"}
        return {"triggerEvent": value["triggerEvent"], "payload": row, "is_flat": True}

    @classmethod
    def read(cls, body: bytes | str) -> Self:
        """The event in a body that is a JSON object. Raises: pydantic.ValidationError."""
        return cls.model_validate_json(body)

    def booking(self) -> BookingEventPayload:
        """The payload of a BOOKING_* or MEETING_* event. Raises: pydantic.ValidationError."""
        return BookingEventPayload.model_validate(self.payload)

    def no_show(self) -> NoShowPayload:
        """The payload of BOOKING_NO_SHOW_UPDATED. Raises: pydantic.ValidationError."""
        return NoShowPayload.model_validate(self.payload)

    def out_of_office(self) -> OutOfOfficeEntry:
        """The payload of OOO_CREATED. Raises: pydantic.ValidationError."""
        return OutOfOfficeEntry.model_validate(self.payload.get("oooEntry"))
