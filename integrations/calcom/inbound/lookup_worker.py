"""Carries out look-ups: a `GET` each, or one list where many are due. See `lookups` for the queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import structlog
from django.db import transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from clinical.models import AppointmentBooking
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRateLimited, CalcomRefused
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.list_reading import by_start
from integrations.calcom.inbound.drift import repair, settled_by
from integrations.calcom.inbound.lookups import UNKNOWN_DOCTOR, settle_lookups
from integrations.models import BookingLookup

log = structlog.get_logger(__name__)

BATCH = 10
# So many are asked for by a list of their period: up to 250 for one call.
MANY = 25
LISTED_AT_ONCE = 1000
# A worker that dies gives its rows back after this; longer than a batch's calls can take.
LEASE = dt.timedelta(minutes=4)
FIRST_RETRY = dt.timedelta(seconds=10)
LONGEST_RETRY = dt.timedelta(hours=1)
MAX_TRIES = 8


def look_up_bookings() -> bool:
    """Look up what is due, a few at a time. Returns whether more may be due now."""
    now = timezone.now()
    due = BookingLookup.objects.filter(due_at__lte=now)
    if not due.exists():
        return False
    client = calcom_client(purpose="background")
    try:
        if due.filter(tries=0)[:MANY].count() == MANY:
            _list_instead(now, client)
        claimed = _claim(timezone.now())
        return _look_up_all(claimed, client) and len(claimed) == BATCH
    except CalcomError as error:
        log.warning("calcom.lookups_paused", error=error.code)
        return False
    finally:
        client.close()


def _look_up_all(claimed: Sequence[BookingLookup], client: CalcomClient) -> bool:
    """Returns False where Cal.com must be left alone for now."""
    for number, row in enumerate(claimed):
        try:
            _look_up(row, client)
        except CalcomRateLimited as error:
            _release(claimed[number:], dt.timedelta(seconds=error.retry_after))
            return False
    return True


def _list_instead(now: dt.datetime, client: CalcomClient) -> None:
    """Settle many by listing their period, if that takes fewer calls; who is left is asked for one by one."""
    due = BookingLookup.objects.filter(due_at__lte=now, tries=0)
    uids = list(due.order_by("due_at", "uid").values_list("uid", flat=True)[:LISTED_AT_ONCE])
    known = AppointmentBooking.objects.filter(uid__in=uids, start_ts__isnull=False)
    period = known.aggregate(first=Min("start_ts"), last=Max("end_ts"))
    if period["first"] is not None:
        for number, page in enumerate(by_start(client, period["first"], period["last"]), start=1):
            repairs = repair(page.bookings, asked_at=page.asked_at)
            settle_lookups(settled_by(page.bookings, repairs), asked_at=page.asked_at)
            if number + page.pages_left > len(uids) // 2:
                break
    BookingLookup.objects.filter(uid__in=uids, due_at__lte=now, tries=0).update(tries=1)


def _claim(now: dt.datetime) -> list[BookingLookup]:
    with transaction.atomic():
        rows = BookingLookup.objects.select_for_update(skip_locked=True).filter(due_at__lte=now)
        claimed = list(rows.order_by("due_at", "uid")[:BATCH])
        for row in claimed:
            row.due_at = now + LEASE
            row.tries += 1
        BookingLookup.objects.bulk_update(claimed, ["due_at", "tries"])
    return claimed


def _look_up(row: BookingLookup, client: CalcomClient) -> None:
    asked_at = timezone.now()
    try:
        bookings = client.get_bookings(row.uid)
        found = next((one for one in bookings if one.uid == row.uid), None)
        series = found.recurring_booking_uid if found else None
        if series and series != row.uid:
            # Confirming or cancelling a series is told once, for one of its bookings.
            bookings = [*bookings, *client.get_bookings(series)]
    except CalcomRateLimited:
        raise
    except CalcomRefused as refusal:
        if not refusal.is_not_found:
            _retry(row, refusal.code)
            return
        bookings = []
        log.info("calcom.looked_up_gone", reason=row.reason)
    except CalcomError as error:
        _retry(row, error.code)
        return
    repairs = repair(bookings, asked_at=asked_at)
    if failed := next((one.error for one in repairs.values() if one.error), None):
        _retry(row, failed)
    elif any(UNKNOWN_DOCTOR in one.kinds for one in repairs.values()):
        _give_up(row, UNKNOWN_DOCTOR)
    else:
        # Asked for again meanwhile: then it stays.
        BookingLookup.objects.filter(pk=row.pk, due_at=row.due_at).delete()


def _retry(row: BookingLookup, code: str) -> None:
    if row.tries >= MAX_TRIES:
        _give_up(row, code)
        return
    pause = min(FIRST_RETRY * 2 ** (row.tries - 1), LONGEST_RETRY)
    _still_ours(row).update(due_at=timezone.now() + pause, last_error=code)
    log.warning("calcom.lookup_failed", error=code, tries=row.tries)


def _give_up(row: BookingLookup, code: str) -> None:
    _still_ours(row).update(due_at=None, last_error=code)
    log.warning("calcom.lookup_given_up", error=code, reason=row.reason, tries=row.tries)


def _release(rows: Sequence[BookingLookup], pause: dt.timedelta) -> None:
    """Nothing was asked: it was no try."""
    for row in rows:
        _still_ours(row).update(due_at=timezone.now() + pause, tries=row.tries - 1)


def _still_ours(row: BookingLookup) -> QuerySet[BookingLookup]:
    return BookingLookup.objects.filter(pk=row.pk, due_at=row.due_at)
