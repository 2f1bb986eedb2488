"""Who booked, and whose time it is. Cal.com keeps a number in five places, and any of them may be empty."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from django.db.models.functions import Lower
from pydantic import JsonValue

from clinical.mirror.apply import Organizer
from core.phone_numbers import InvalidPhone, parse_phone
from hospitals.models import Doctor
from integrations.calcom.api.responses import Booking, BookingAttendee
from integrations.calcom.facts.webhook_payloads import BookingEventPayload, EventAttendee
from integrations.models import CalLink

SMS_EMAIL_DOMAIN = "@sms.cal.com"


class Named(Protocol):
    """An attendee."""

    @property
    def email(self) -> str: ...


Person = TypeVar("Person", bound=Named)


def booker_of(booking: Booking) -> BookingAttendee | None:
    """The attendee who booked; None where none of the attendees can be said to be."""
    return _booker(booking.attendees, _text(booking.booking_fields_responses.get("email")))


def event_booker(payload: BookingEventPayload) -> EventAttendee | None:
    """The same in a webhook."""
    return _booker(payload.attendees, _text(_value(payload.responses.get("email"))))


def booking_name(booking: Booking) -> str | None:
    """The booker's name; None where no part of the booking has one."""
    booker = booker_of(booking)
    return (booker.name.strip() if booker else "") or _name(booking.booking_fields_responses.get("name")) or None


def event_name(payload: BookingEventPayload) -> str | None:
    """The same in a webhook."""
    booker = event_booker(payload)
    return (booker.name.strip() if booker else "") or _name(_value(payload.responses.get("name"))) or None


def _booker(attendees: Sequence[Person], email: str) -> Person | None:
    """Attendees come in no order, guests among them: what the booking form was told decides."""
    if not email or len(attendees) == 1:
        return attendees[0] if attendees else None
    return next((one for one in attendees if one.email.lower() == email.lower()), None)


def _name(value: JsonValue) -> str:
    """A form asks for the name in one field or in two."""
    if isinstance(value, Mapping):
        value = " ".join(_text(value.get(part)) for part in ("firstName", "lastName"))
    return _text(value).strip()


def event_phone(payload: BookingEventPayload) -> str | None:
    """The booker's number in a webhook: E.164 digits without `+`, or None."""
    return _first_number(_event_candidates(payload))


def booking_phone(booking: Booking) -> str | None:
    """The booker's number in an API booking: E.164 digits without `+`, or None."""
    return _first_number(_booking_candidates(booking))


def e164_digits(text: str) -> str | None:
    """`+49 151 2345` as digits, or None where the text is not a number in international form."""
    try:
        return parse_phone(text, countries=())
    except InvalidPhone:
        return None


def _event_candidates(payload: BookingEventPayload) -> Iterator[str]:
    # The others are guests: their numbers are not the patient's.
    booker = event_booker(payload)
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
    booker = booker_of(booking)
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


def doctor_of(organizer_id: int | None, organizer_email: str | None) -> Doctor | None:
    """The doctor linked to this Cal.com user; by email, in any case, only a doctor who has no link."""
    organizer = (organizer_id, organizer_email)
    return doctors_of([organizer]).get(organizer)


def doctors_of(organizers: Collection[Organizer]) -> dict[Organizer, Doctor]:
    """The same for many, by two queries at most. Who is unknown is left out."""
    linked = _by_link({user_id for user_id, _ in organizers if user_id is not None})
    unlinked = _by_email({email.lower() for user_id, email in organizers if email and user_id not in linked})
    found = {one: linked.get(one[0]) or unlinked.get((one[1] or "").lower()) for one in organizers}
    return {one: doctor for one, doctor in found.items() if doctor}


def note_absence(cal_user_id: int, *, first: dt.date, last: dt.date, told_at: dt.datetime) -> None:
    """Show on the doctor's link that Cal.com holds an absence which the hours kept here do not know.

    Its days are kept as days of UTC, and shown as such: in another zone they would be others.
    """
    links = CalLink.objects.filter(cal_user_id=cal_user_id).exclude(absence_told_at__gt=told_at)
    links.update(
        absence_from=dt.datetime.combine(first, dt.time.min, dt.UTC),
        absence_until=dt.datetime.combine(last, dt.time(23, 59, 59), dt.UTC),
        absence_told_at=told_at,
    )


def _by_link(user_ids: Collection[int]) -> dict[int | None, Doctor]:
    doctors = Doctor.objects.select_related("hospital", "cal_link").filter(cal_link__cal_user_id__in=user_ids)
    return {doctor.cal_link.cal_user_id: doctor for doctor in doctors}


def _by_email(emails: Collection[str]) -> dict[str, Doctor]:
    doctors = Doctor.objects.select_related("hospital", "user").filter(cal_link__cal_user_id__isnull=True)
    found = doctors.alias(email=Lower("user__email")).filter(email__in=emails)
    return {(doctor.user.email or "").lower(): doctor for doctor in found}
