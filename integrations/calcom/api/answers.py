"""Reading one answer of Cal.com: the data in its envelope, or the named error. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from integrations.calcom.api.characters import storable_json
from integrations.calcom.api.errors import (
    DEFAULT_RETRY_AFTER_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    CalcomError,
    CalcomRateLimited,
    CalcomRefused,
    CalcomUnavailable,
    CalcomUnknownOutcome,
)
from integrations.calcom.api.responses import Booking, Pagination, readable

RESET_HEADER = "X-RateLimit-Reset-Default"
REQUEST_TIMEOUT = 408


@dataclass(frozen=True, slots=True)
class Answer:
    """A well-formed success: `data` out of the envelope and, for lists of bookings, `pagination`."""

    data: JsonValue
    pagination: JsonValue = None


def read_answer(operation: str, *, is_write: bool, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Unwrap one answer.

    Raises: CalcomRateLimited, CalcomRefused, and for everything that is not a clear yes or no
    CalcomUnknownOutcome (writes) or CalcomUnavailable (reads).
    """
    if status == 429:
        raise CalcomRateLimited(operation, retry_after=retry_after_seconds(headers))
    envelope = _json_object(body)
    if envelope is None:
        # An intermediary's page, or half a body: whatever its status, it is not Cal.com's word.
        raise unclear(operation, is_write=is_write, status=status)
    if 400 <= status < 500 and status != REQUEST_TIMEOUT:
        vendor_code, message = _vendor_error(envelope)
        raise CalcomRefused(operation, status=status, vendor_code=vendor_code, message=message)
    if not 200 <= status < 300 or envelope.get("status") != "success":
        vendor_code, message = _vendor_error(envelope)
        raise unclear(operation, is_write=is_write, status=status, vendor_code=vendor_code, message=message)
    return Answer(data=envelope.get("data"), pagination=envelope.get("pagination"))


def unclear(
    operation: str,
    *,
    is_write: bool,
    status: int | None = None,
    vendor_code: str | None = None,
    message: str = "",
) -> CalcomError:
    """The error for a call that got no clear answer."""
    kind = CalcomUnknownOutcome if is_write else CalcomUnavailable
    return kind(operation, status=status, vendor_code=vendor_code, message=message)


def retry_after_seconds(headers: Mapping[str, str]) -> int:
    """How long to leave the key alone after a 429."""
    value = headers.get(RESET_HEADER, "")
    seconds = int(value) if value.isascii() and value.isdigit() else 0
    return seconds if 0 < seconds <= MAX_RETRY_AFTER_SECONDS else DEFAULT_RETRY_AFTER_SECONDS


def _json_object(body: bytes) -> dict[str, JsonValue] | None:
    try:
        parsed = json.loads(storable_json(body))
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _vendor_error(envelope: dict[str, JsonValue]) -> tuple[str | None, str]:
    # The message is in `error.message`, `message` or `error` itself, by which filter caught it.
    error = envelope.get("error")
    if isinstance(error, dict):
        code, message = error.get("code"), error.get("message")
    else:
        code, message = envelope.get("code"), envelope.get("message") or error
    return (code if isinstance(code, str) else None), (message if isinstance(message, str) else "")


@dataclass(frozen=True, slots=True)
class BookingPage:
    """`rows` counts what came, `unreadable` those of them that are not in `bookings`."""

    bookings: tuple[Booking, ...]
    rows: int
    unreadable: int
    has_next: bool
    total: int


def read_booking_page(operation: str, answer: Answer, *, take: int) -> BookingPage:
    """The bookings and whether the list goes on. Raises: CalcomUnavailable where it is no list.

    `total` and Cal.com's "has a next page" count without the filters by time of change and of creation: a page that
    is not full is the last, whatever they say.
    """
    if not isinstance(answer.data, list):
        raise CalcomUnavailable(operation)
    bookings = readable(Booking, answer.data)
    try:
        pagination = Pagination.model_validate(answer.pagination)
    except ValidationError as error:
        raise CalcomUnavailable(operation) from error
    rows = len(answer.data)
    return BookingPage(
        bookings=tuple(bookings),
        rows=rows,
        unreadable=rows - len(bookings),
        has_next=pagination.has_next_page and rows >= take,
        total=pagination.total_items,
    )
