"""Keeps Cal.com's schedules as our doctors' hours want them. A schedule whose hashes differ is the work to do."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hospitals.models import Doctor
from hospitals.ports import PublishState
from integrations.calcom.client import CalcomClient
from integrations.calcom.errors import CalcomError, CalcomRateLimited
from integrations.calcom.inputs import ScheduleInput
from integrations.calcom.schedule_plan import schedule_hash, wanted_schedule
from integrations.calcom.service import calcom_client
from integrations.models import CalLink

log = structlog.get_logger(__name__)

FIRST_RETRY = dt.timedelta(seconds=30)
LONGEST_RETRY = dt.timedelta(hours=1)
# Time off that ended is no longer pushed; a day of grace covers every zone.
PAST_KEPT = dt.timedelta(days=1)


class CalcomSchedules:
    def want(self, doctor_id: uuid.UUID) -> None:
        link = CalLink.objects.select_for_update().filter(doctor_id=doctor_id).first()
        if link is None:
            return
        wanted = desired_schedule(doctor_id)
        was_in_step = link.is_in_step
        link.wanted_hash = schedule_hash(wanted) if wanted else None
        if was_in_step or link.failures:
            # Edits that follow within the delay ride on the same push.
            link.next_try_at = timezone.now() + dt.timedelta(seconds=settings.SCHEDULE_PUSH_DELAY_SECONDS)
        link.failures, link.last_error = 0, None
        link.save(update_fields=["wanted_hash", "next_try_at", "failures", "last_error"])

    def state(self, doctor_id: uuid.UUID) -> PublishState:
        link = CalLink.objects.select_related("doctor__hospital").filter(doctor_id=doctor_id).first()
        if link is None or link.cal_schedule_id is None:
            return PublishState(False, _("Not connected to Cal.com: patients cannot book this doctor yet."))
        if link.doctor.hospital.time_zone is None:
            return PublishState(False, _("Not sent: the hospital has no time zone."))
        if link.is_in_step:
            return PublishState(True, _("Cal.com shows these hours."))
        if link.last_error:
            return PublishState(False, _("Cal.com did not take the hours yet; trying again."))
        return PublishState(False, _("On the way to Cal.com."))


def desired_schedule(doctor_id: uuid.UUID) -> ScheduleInput | None:
    """The schedule Cal.com should have; None for a hospital without a zone."""
    doctor = Doctor.objects.select_related("hospital").get(pk=doctor_id)
    if doctor.hospital.time_zone is None:
        return None
    zone, now = ZoneInfo(doctor.hospital.time_zone), timezone.now()
    return wanted_schedule(
        doctor.availability.values_list("day_of_week", "start_time", "end_time"),
        doctor.time_off.filter(ends_at__gt=now - PAST_KEPT).values_list("starts_at", "ends_at"),
        zone=zone,
        today=now.astimezone(zone).date(),
    )


def push_next_schedule() -> bool:
    """Push one schedule that is out of step. Returns False when none is due, or when Cal.com must be left alone."""
    link = _claim(timezone.now())
    if link is None:
        return False
    client = calcom_client(purpose="background")
    try:
        pushed = _push(link, client)
    except CalcomRateLimited as error:
        # It was not the schedule's turn, which is no failure; nor is it any other's.
        CalLink.objects.filter(pk=link.pk).update(next_try_at=timezone.now() + dt.timedelta(seconds=error.retry_after))
        return False
    except CalcomError as error:
        _postpone(link, error.code)
    else:
        _pushed(link, pushed)
    finally:
        client.close()
    return True


def _claim(now: dt.datetime) -> CalLink | None:
    """Take one due link by moving its next try: a worker that dies leaves it to the sweep."""
    with transaction.atomic():
        link = (
            CalLink.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(next_try_at__isnull=True) | Q(next_try_at__lte=now))
            .filter(cal_schedule_id__isnull=False, cal_user_id__isnull=False, wanted_hash__isnull=False)
            .filter(Q(pushed_hash__isnull=True) | ~Q(pushed_hash=F("wanted_hash")))
            .order_by("next_try_at", "pk")
            .first()
        )
        if link is not None:
            CalLink.objects.filter(pk=link.pk).update(next_try_at=now + FIRST_RETRY)
    return link


def _push(link: CalLink, client: CalcomClient) -> str | None:
    """Send the whole schedule and read it back. Returns its hash, or None if Cal.com shows something else."""
    wanted = desired_schedule(link.doctor_id)
    if wanted is None or link.cal_user_id is None or link.cal_schedule_id is None:
        return None
    client.update_user_schedule(link.cal_user_id, link.cal_schedule_id, wanted)
    shown = client.get_user_schedule(link.cal_user_id, link.cal_schedule_id)
    return schedule_hash(wanted) if schedule_hash(shown) == schedule_hash(wanted) else None


def _pushed(link: CalLink, pushed_hash: str | None) -> None:
    if pushed_hash is None:
        _postpone(link, "read_back_differs")
        return
    # `wanted_hash` stays as it is: an edit made meanwhile is the next push. But what was pushed is what is wanted
    # where only the calendar's day moved on (time off that ended is left out).
    CalLink.objects.filter(pk=link.pk, wanted_hash=link.wanted_hash).update(wanted_hash=pushed_hash)
    CalLink.objects.filter(pk=link.pk).update(
        pushed_hash=pushed_hash, pushed_at=timezone.now(), failures=0, last_error=None, next_try_at=None
    )
    log.info("calcom.schedule_pushed", doctor=str(link.pk))


def _postpone(link: CalLink, code: str) -> None:
    pause = min(FIRST_RETRY * 2 ** min(link.failures, 10), LONGEST_RETRY)
    CalLink.objects.filter(pk=link.pk).update(
        failures=F("failures") + 1, last_error=code, next_try_at=timezone.now() + pause
    )
    log.warning("calcom.schedule_not_pushed", doctor=str(link.pk), error=code)
