"""Pulls what changed in Cal.com since the last pull, and repairs what webhooks missed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter

import structlog
from django.utils import timezone

from clinical.actions.mirror import UnknownDoctor, apply_booking_facts
from clinical.models import Appointment
from integrations.calcom.client import CalcomClient
from integrations.calcom.doctors import doctor_of
from integrations.calcom.errors import CalcomError
from integrations.calcom.inputs import BookingFilters
from integrations.calcom.payloads import Booking
from integrations.calcom.service import calcom_client
from integrations.calcom.translate import translate_booking
from integrations.models import SyncRun

log = structlog.get_logger(__name__)

# Cal.com's clock, rows written late, and a page that shifted while it was read.
OVERLAP = dt.timedelta(minutes=10)
FIRST_WINDOW = dt.timedelta(days=1)


def pull_changed_bookings() -> SyncRun:
    """One pull by time of change, from the last good pull's start less an overlap."""
    last = SyncRun.objects.filter(kind=SyncRun.Kind.UPDATED, finished_at__isnull=False, error__isnull=True)
    previous = last.order_by("-started_at").first()
    now = timezone.now()
    since = previous.started_at - OVERLAP if previous else now - FIRST_WINDOW
    run = SyncRun.objects.create(kind=SyncRun.Kind.UPDATED, window_start=since, window_end=now, started_at=now)
    client = calcom_client()
    try:
        repaired = _pull(run, client, since)
    except CalcomError as error:
        run.error = error.code
    else:
        run.repaired = dict(repaired)
    finally:
        client.close()
    run.finished_at = timezone.now()
    run.save()
    log.info("calcom.pulled", seen=run.seen, repaired=run.repaired, error=run.error)
    return run


def _pull(run: SyncRun, client: CalcomClient, since: dt.datetime) -> Counter[str]:
    repaired: Counter[str] = Counter()
    for booking in client.iter_org_bookings(BookingFilters(after_updated_at=since, sort_updated_at="asc")):
        if booking.updated_at is not None and booking.updated_at < since:
            continue  # filters have been ignored before
        run.seen += 1
        kind = _apply(booking, fetched_at=timezone.now())
        if kind:
            repaired[kind] += 1
    return repaired


def _apply(booking: Booking, *, fetched_at: dt.datetime) -> str | None:
    """Apply one booking; returns the kind of what it repaired, if it repaired anything."""
    digest = hashlib.sha256(booking.model_dump_json().encode()).hexdigest()
    facts = translate_booking(booking, digest=digest, fetched_at=fetched_at)
    before = _shown(booking.uid)
    try:
        applied = apply_booking_facts(
            facts=facts,
            payload=booking.model_dump(mode="json", by_alias=True),
            doctor_of=doctor_of,
            at=fetched_at,
        )
    except UnknownDoctor:
        return "unknown_doctor"
    if applied.is_new:
        return "missing_visit"
    return None if before == _shown(booking.uid) else "changed_visit"


def _shown(uid: str) -> tuple[object, ...] | None:
    fields = ("start_ts", "end_ts", "cal_status", "doctor_id", "patient_id", "no_show", "cal_booking_id")
    row: tuple[object, ...] | None = Appointment.objects.filter(bookings__uid=uid).values_list(*fields).first()
    return row
