"""Keeps the length, buffer, notice and slot grid of the doctors' event types as they must be, and hides those
of doctors who are deactivated.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from hospitals.models import Hospital
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRateLimited, CalcomRefused
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.requests import EventTypeChanges
from integrations.calcom.api.responses import EventType
from integrations.calcom.bookings.provider import forget_slots
from integrations.models import CalLink

log = structlog.get_logger(__name__)

CLAIMED_FOR = dt.timedelta(seconds=30)
RETRY = dt.timedelta(minutes=10)

_SETTINGS = {
    "pushed_length_minutes": "visit_length_minutes",
    "pushed_buffer_minutes": "buffer_minutes",
    "pushed_notice_minutes": "booking_notice_minutes",
}


def wanted_of(hospital: Hospital) -> EventTypeChanges:
    return EventTypeChanges(
        length_minutes=hospital.visit_length_minutes,
        after_buffer_minutes=hospital.buffer_minutes,
        minimum_notice_minutes=hospital.booking_notice_minutes,
    )


def pushed_values(event_type: EventType) -> dict[str, int]:
    """The columns of a link that say what the event type holds."""
    return {
        "pushed_length_minutes": event_type.length_in_minutes,
        "pushed_buffer_minutes": event_type.after_event_buffer or 0,
        "pushed_notice_minutes": event_type.minimum_booking_notice or 0,
        "pushed_optimized_slots": event_type.show_optimized_slots,
    }


def wanted_values(hospital: Hospital) -> dict[str, int]:
    """What `pushed_values` gives for an event type as it must be."""
    return {pushed: getattr(hospital, wanted) for pushed, wanted in _SETTINGS.items()} | {
        "pushed_optimized_slots": True
    }


def event_type_due() -> Q:
    """Found by comparing the columns: whoever changed the hospital's settings need not know of Cal.com."""
    differs = Q(pushed_optimized_slots__isnull=True) | Q(pushed_optimized_slots=False)
    for pushed, wanted in _SETTINGS.items():
        differs |= Q(**{f"{pushed}__isnull": True}) | ~Q(**{pushed: F(f"doctor__hospital__{wanted}")})
    differs |= Q(pushed_hidden=True, doctor__user__is_active=True) | Q(
        pushed_hidden=False, doctor__user__is_active=False
    )
    known = Q(cal_event_type_id__isnull=False, doctor__hospital__cal_team_id__isnull=False)
    is_there = Q(problem__isnull=True) | ~Q(problem=CalLink.Problem.EVENT_TYPE_GONE)
    return known & is_there & differs


def push_next_event_type() -> bool:
    """Change one event type that is not as the hospital wants it. Returns False when none is due."""
    link = _claim(timezone.now())
    if link is None:
        return False
    client = calcom_client(purpose="background")
    try:
        _push(link, client)
    except CalcomError as error:
        _failed(link, error)
    finally:
        client.close()
    return True


def _claim(now: dt.datetime) -> CalLink | None:
    with transaction.atomic():
        link = (
            CalLink.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("doctor__hospital", "doctor__user")
            .filter(event_type_due(), Q(event_type_next_try_at__isnull=True) | Q(event_type_next_try_at__lte=now))
            .order_by("event_type_next_try_at", "pk")
            .first()
        )
        if link is not None:
            CalLink.objects.filter(pk=link.pk).update(event_type_next_try_at=now + CLAIMED_FOR)
    return link


def _push(link: CalLink, client: CalcomClient) -> None:
    hospital = link.doctor.hospital
    assert hospital.cal_team_id is not None
    assert link.cal_event_type_id is not None
    changes, is_hidden = wanted_of(hospital), not link.doctor.user.is_active
    if is_hidden != link.pushed_hidden:
        changes = replace(changes, is_hidden=is_hidden)
    shown = client.update_team_event_type(hospital.cal_team_id, link.cal_event_type_id, changes)
    rows = CalLink.objects.filter(pk=link.pk, cal_event_type_id=link.cal_event_type_id)
    # What Cal.com answers, not what was sent: a value it did not take stays work to do, after a pause.
    values = pushed_values(shown)
    took = values == wanted_values(hospital) and changes.is_hidden in (None, shown.hidden)
    rows.update(
        **values,
        pushed_hidden=is_hidden if took else link.pushed_hidden,
        event_type_error=None if took else "not_as_sent",
        event_type_next_try_at=None if took else timezone.now() + RETRY,
    )
    forget_slots(link.doctor_id)
    log.info("calcom.event_type_pushed", doctor=str(link.pk), took=took)


def _failed(link: CalLink, error: CalcomError) -> None:
    rows = CalLink.objects.filter(pk=link.pk, cal_event_type_id=link.cal_event_type_id)
    pause = dt.timedelta(seconds=error.retry_after) if isinstance(error, CalcomRateLimited) else RETRY
    rows.update(event_type_error=error.code, event_type_next_try_at=timezone.now() + pause)
    if isinstance(error, CalcomRefused) and error.is_not_found:
        rows.update(problem=CalLink.Problem.EVENT_TYPE_GONE)
    log.warning("calcom.event_type_not_pushed", doctor=str(link.pk), error=error.code)
