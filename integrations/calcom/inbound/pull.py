"""Pulls bookings from Cal.com, and repairs what webhooks missed."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable

import structlog
from django.db.models import QuerySet
from django.utils import timezone

from clinical.models import Appointment
from integrations.calcom.api.errors import CalcomError
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.list_reading import Page, by_change, by_start
from integrations.calcom.inbound.drift import PERSISTS_AFTER, repair, settled_by
from integrations.calcom.inbound.lookups import queue_lookups, settle_lookups
from integrations.models import SyncDrift, SyncRun

log = structlog.get_logger(__name__)

# Cal.com's clock, and rows written late.
OVERLAP = dt.timedelta(minutes=10)
FIRST_WINDOW = dt.timedelta(days=1)
EVERY = dt.timedelta(minutes=5)
# A run whose worker died is no reason to wait longer than a task may take.
LONGEST_RUN = dt.timedelta(minutes=3)
# Shorter than a task's time limit; where a run stops, the next goes on.
SHARE_SECONDS = 60
OUT_OF_TIME = "out_of_time"

# No-show marks and changes made past the API leave `updatedAt` as it was: once a night everything near is compared.
WINDOW_BEFORE = dt.timedelta(days=2)
WINDOW_AFTER = dt.timedelta(days=60)
NIGHT_HOUR_UTC = 2
ABSENT_LOOKED_UP = 200

Kind = SyncRun.Kind


def pull_bookings() -> None:
    """Pull what is due. Each kind looks for itself: a restarted scheduler begins its count anew."""
    pull_changed_if_due()
    pull_window_if_due()


def pull_changed_if_due() -> SyncRun | None:
    """Pull what changed, if five minutes have gone by; sooner where the last pull did not come to its end."""
    now = timezone.now()
    last = _past(Kind.UPDATED, now).order_by("-started_at").first()
    if last is not None:
        is_running = last.finished_at is None and now - last.started_at < LONGEST_RUN
        is_fresh = last.finished_at is not None and last.error is None and now - last.started_at < EVERY
        if is_running or is_fresh:
            return None
    return pull_changed_bookings()


def pull_changed_bookings() -> SyncRun:
    """One pull by time of change, from where the last one came to, less an overlap."""
    now = timezone.now()
    reached = _watermark(now)
    since = reached - OVERLAP if reached else now - FIRST_WINDOW
    run = SyncRun.objects.create(kind=Kind.UPDATED, window_start=since, window_end=now, started_at=now)
    _ask_again_about_drifts(now)
    client = calcom_client(purpose="background")
    try:
        _run(run, by_change(client, since), set())
    finally:
        client.close()
    return run


def _past(kind: Kind, now: dt.datetime) -> QuerySet[SyncRun]:
    """Without runs of a time at which the clock was ahead: it has been set back, and they say nothing until then."""
    return SyncRun.objects.filter(kind=kind, started_at__lte=now)


def _watermark(now: dt.datetime) -> dt.datetime | None:
    runs = _past(Kind.UPDATED, now).filter(reached_at__isnull=False, reached_at__lte=now)
    return runs.order_by("-started_at").values_list("reached_at", flat=True).first()


def _ask_again_about_drifts(now: dt.datetime) -> None:
    """What still differed after a pull is looked at again, though it may not change and so not be listed."""
    unsure = SyncDrift.objects.filter(seen__lt=PERSISTS_AFTER).values_list("uid", flat=True)
    queue_lookups(list(unsure[:ABSENT_LOOKED_UP]), reason="drift", at=now)


def pull_window_if_due() -> SyncRun | None:
    """Compare everything near, once a night; on with a run that did not come to its end."""
    now = timezone.now()
    last = _past(Kind.WINDOW, now).order_by("-started_at").first()
    tonight = now.replace(hour=NIGHT_HOUR_UTC, minute=0, second=0, microsecond=0)
    tonight = tonight if tonight <= now else tonight - dt.timedelta(days=1)
    if last is None:
        return pull_window()
    if last.finished_at is None and now - last.started_at < LONGEST_RUN:
        return None
    if last.error is not None and last.reached_at is not None and last.started_at >= tonight:
        return pull_window(first=last.reached_at, last=last.window_end)
    is_done = last.error is None and last.finished_at is not None and last.started_at >= tonight
    return None if is_done else pull_window()


def pull_window(*, first: dt.datetime | None = None, last: dt.datetime | None = None) -> SyncRun:
    """One pull by start. Visits we have and Cal.com does not list are counted and looked up, never deleted."""
    now = timezone.now()
    first, last = first or now - WINDOW_BEFORE, last or now + WINDOW_AFTER
    run = SyncRun.objects.create(kind=Kind.WINDOW, window_start=first, window_end=last, started_at=now)
    client = calcom_client(purpose="background")
    seen: set[str] = set()
    try:
        _run(run, by_start(client, first, last), seen)
    finally:
        client.close()
    if run.reached_at is not None:
        _count_absent(run, seen, until=run.reached_at)
    return run


def _run(run: SyncRun, pages: Iterable[Page], seen: set[str]) -> None:
    """Read, repair, and record how far it came, whatever stops it."""
    repaired: Counter[str] = Counter()
    deadline = time.monotonic() + SHARE_SECONDS
    try:
        for page in pages:
            repaired.update(_repair_page(run, page, seen))
            run.reached_at = page.reached or run.reached_at
            if time.monotonic() > deadline and page.pages_left:
                run.error = OUT_OF_TIME
                break
    except CalcomError as error:
        run.error = error.code
    if run.error is None:
        run.reached_at = run.started_at if run.kind == Kind.UPDATED else run.window_end
    run.repaired, run.finished_at = dict(repaired), timezone.now()
    run.save()
    log.info("calcom.pulled", kind=run.kind, seen=run.seen, repaired=run.repaired, error=run.error)


def _repair_page(run: SyncRun, page: Page, seen: set[str]) -> Counter[str]:
    # Filters have been ignored before.
    bookings = [one for one in page.bookings if _is_asked_for(run, one.start, one.updated_at)]
    run.unreadable += page.unreadable
    run.seen += len(bookings)
    seen.update(one.uid for one in bookings)
    repairs = repair(bookings, asked_at=page.asked_at)
    run.unreadable += sum(1 for one in repairs.values() if one.error)
    settle_lookups(settled_by(bookings, repairs), asked_at=page.asked_at)
    return Counter(kind for one in repairs.values() for kind in one.kinds)


def _is_asked_for(run: SyncRun, start: dt.datetime, updated_at: dt.datetime | None) -> bool:
    if run.kind == Kind.UPDATED:
        return updated_at is None or updated_at >= run.window_start
    return start >= run.window_start and (run.window_end is None or start <= run.window_end)


def _count_absent(run: SyncRun, seen: set[str], *, until: dt.datetime) -> None:
    visits = Appointment.objects.filter(
        start_ts__gte=run.window_start,
        start_ts__lt=until,
        end_ts__lte=run.window_end,
        last_synced_at__lt=run.started_at,
    )
    uids = visits.order_by("start_ts").values_list("cal_booking_id", flat=True)
    absent = [uid for uid in uids.iterator() if uid not in seen]
    if not absent:
        return
    run.absent_there = len(absent)
    run.save(update_fields=["absent_there"])
    # One that was moved out of the window, or is gone: only a look-up tells.
    queue_lookups(absent[:ABSENT_LOOKED_UP], reason="absent_there", at=timezone.now())
    log.warning("calcom.absent_there", visits=run.absent_there)
