"""The patient's number in a booking. Cal.com keeps it in five places, and any of them may be empty. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import phonenumbers
from pydantic import JsonValue

from integrations.calcom.api.responses import Booking

from .webhook_payloads import BookingEventPayload

SMS_EMAIL_DOMAIN = "@sms.cal.com"


def event_phone(payload: BookingEventPayload) -> str | None:
    """The booker's number in a webhook: E.164 digits without `+`, or None."""
    return _first_number(_event_candidates(payload))


def booking_phone(booking: Booking) -> str | None:
    """The booker's number in an API booking: E.164 digits without `+`, or None."""
    return _first_number(_booking_candidates(booking))


def e164_digits(text: str) -> str | None:
    """`+49 151 2345` as digits, or None where the text is not a number in international form."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def _event_candidates(payload: BookingEventPayload) -> Iterator[str]:
    # Attendees after the first are guests: their numbers are not the patient's.
    booker = payload.attendees[0] if payload.attendees else None
    if booker is not None:
        yield booker.phone_number
    yield _text(_value(payload.responses.get("attendeePhoneNumber")))
    location = _value(payload.responses.get("location"))
    if isinstance(location, dict) and location.get("value") == "phone":
        yield _text(location.get("optionValue"))
    yield payload.sms_reminder_number
    if booker is not None:
        yield _number_in_email(booker.email)


def _booking_candidates(booking: Booking) -> Iterator[str]:
    booker = booking.attendees[0] if booking.attendees else None
    if booker is not None:
        yield booker.phone_number
    responses = booking.booking_fields_responses
    yield _text(responses.get("attendeePhoneNumber"))
    location = responses.get("location")
    if isinstance(location, dict) and location.get("value") == "phone":
        yield _text(location.get("optionValue"))
    yield _text(responses.get("smsReminderNumber"))
    if booker is not None:
        yield _number_in_email(booker.email)


def _first_number(candidates: Iterator[str]) -> str | None:
    return next((number for text in candidates if text and (number := e164_digits(text))), None)


def _value(response: JsonValue) -> JsonValue:
    # {label, value} in webhooks, bare in old flat rows; a location's bare value is {optionValue, value}.
    return response.get("value") if isinstance(response, dict) and "optionValue" not in response else response


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _number_in_email(email: str) -> str:
    local, at, domain = email.partition("@")
    # The local part is the number without its plus.
    return f"+{local}" if at + domain.lower() == SMS_EMAIL_DOMAIN and local.isascii() and local.isdigit() else ""
