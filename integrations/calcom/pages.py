"""One page of bookings. A row we cannot read must not cost us the others."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from .answers import Answer
from .errors import CalcomUnavailable
from .payloads import Booking, Pagination


@dataclass(frozen=True, slots=True)
class BookingPage:
    """`rows` counts what came, `unreadable` those of them that are not in `bookings`."""

    bookings: tuple[Booking, ...]
    rows: int
    unreadable: int
    has_next: bool
    total: int


def read_booking_page(operation: str, answer: Answer) -> BookingPage:
    """The bookings and where the list goes on. Raises: CalcomUnavailable where it is no list."""
    if not isinstance(answer.data, list):
        raise CalcomUnavailable(operation)
    bookings = [booking for row in answer.data if (booking := _booking(row)) is not None]
    try:
        pagination = Pagination.model_validate(answer.pagination)
    except ValidationError as error:
        raise CalcomUnavailable(operation) from error
    rows = len(answer.data)
    return BookingPage(
        bookings=tuple(bookings),
        rows=rows,
        unreadable=rows - len(bookings),
        # A page that says "more" and brings nothing would be asked for ever.
        has_next=pagination.has_next_page and rows > 0,
        total=pagination.total_items,
    )


def _booking(row: object) -> Booking | None:
    try:
        return Booking.model_validate(row)
    except ValidationError:
        return None
