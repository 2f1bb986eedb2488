"""Reading a whole list of bookings page by page while it changes underneath."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from integrations.calcom.api.answers import BookingPage
from integrations.calcom.api.client import BOOKINGS_PER_PAGE, CalcomClient
from integrations.calcom.api.requests import BookingFilters
from integrations.calcom.api.responses import Booking

Key = Callable[[Booking], dt.datetime | None]


@dataclass(frozen=True, slots=True)
class Page:
    """Bookings not seen on an earlier page. All before `reached` have been seen; None where the order is no help."""

    bookings: tuple[Booking, ...]
    asked_at: dt.datetime
    unreadable: int
    pages_left: int
    reached: dt.datetime | None


def by_change(client: CalcomClient, since: dt.datetime) -> Iterator[Page]:
    """What changed since, oldest change first."""
    return _pages(
        client,
        since,
        lambda cursor: BookingFilters(after_updated_at=cursor, sort_updated_at="asc"),
        lambda booking: booking.updated_at,
    )


def by_start(client: CalcomClient, first: dt.datetime, last: dt.datetime) -> Iterator[Page]:
    """What starts at `first` or later and ends by `last`, earliest first."""
    return _pages(
        client,
        first,
        lambda cursor: BookingFilters(after_start=cursor, before_end=last, sort_start="asc"),
        lambda booking: booking.start,
    )


def _pages(
    client: CalcomClient, cursor: dt.datetime, filters: Callable[[dt.datetime], BookingFilters], key: Key
) -> Iterator[Page]:
    """Each page is asked for from where the one before ended, not by its number.

    A row that changes meanwhile moves to the end, and by number one that did not would slip past. Where the filter or
    the order is ignored (it has happened) numbers are all there is.
    """
    start, skip, is_in_order = cursor, 0, True
    seen: set[tuple[str, dt.datetime | None]] = set()
    while True:
        asked_at = timezone.now()
        page = client.list_org_bookings(filters(cursor), skip=skip)
        new = tuple(one for one in page.bookings if (one.uid, one.updated_at) not in seen)
        seen.update((one.uid, one.updated_at) for one in new)
        last = _last_key(page, key, cursor) if is_in_order else None
        is_in_order = last is not None and (bool(new) or skip > 0)
        reached = last if is_in_order and last != start else None
        yield Page(new, asked_at, page.unreadable, _pages_left(page, skip), reached)
        if not page.has_next:
            return
        if is_in_order and last is not None and last > cursor:
            cursor, skip = last, 0
        else:
            skip += page.rows


def _last_key(page: BookingPage, key: Key, cursor: dt.datetime) -> dt.datetime | None:
    """The last row's key; None where the page is not in order from the cursor on."""
    keys = [key(one) for one in page.bookings]
    known = [one for one in keys if one is not None]
    if len(known) < len(keys) or known != sorted(known) or (known and known[0] < cursor):
        return None
    return known[-1] if known else cursor


def _pages_left(page: BookingPage, skip: int) -> int:
    """At most: the total may count more than was asked for."""
    return max(1, -(-(page.total - skip - page.rows) // BOOKINGS_PER_PAGE)) if page.has_next else 0
