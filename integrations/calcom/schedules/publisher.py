"""Keeps Cal.com's schedules as our doctors' hours want them. A schedule whose hashes differ is the work to do.

An edit made in Cal.com stays, and is shown, until our hours are sent again or change.
"""

from __future__ import annotations

import datetime as dt
import uuid

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, has_permission, require
from core.times import known_zone
from core.wake_ups import wake
from hospitals.models import Doctor
from hospitals.ports import PublishState
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRateLimited, CalcomRefused
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.requests import ScheduleInput
from integrations.calcom.api.responses import Schedule
from integrations.calcom.schedules.plan import schedule_hash, shape_of, wanted_schedule
from integrations.calcom.schedules.problem_texts import hours_notes, publish_text
from integrations.models import CalLink

log = structlog.get_logger(__name__)
_EITHER = (Permission.MANAGE_HOURS, Permission.MANAGE_INTEGRATIONS)
FIRST_RETRY = dt.timedelta(seconds=30)
LONGEST_RETRY = dt.timedelta(hours=1)
# What reads back differently after so many pushes stays as it is and is shown: one more would change nothing.
READ_BACK_TRIES = 3
READ_BACK_DIFFERS = "read_back_differs"
# Time off that ended is no longer pushed; a day of grace covers every zone.
PAST_KEPT = dt.timedelta(days=1)


def may_publish(user: User, hospital_id: uuid.UUID) -> bool:
    return any(has_permission(user, one, hospital=hospital_id) for one in _EITHER)


def require_to_publish(by: User | None, hospital_id: uuid.UUID) -> None:
    """Raises: NotPermitted."""
    require(by, *_EITHER, hospital=hospital_id)


def require_to_type_ids(by: User | None) -> None:
    """Ids that somebody typed lead to any user of the organisation. Raises: NotPermitted."""
    require(by, Permission.MANAGE_INTEGRATIONS)


class CalcomSchedules:
    def want(self, doctor_id: uuid.UUID) -> None:
        link = CalLink.objects.select_for_update().filter(doctor_id=doctor_id).first()
        if link is None:
            return
        wanted = desired_schedule(doctor_id)
        was_sent = link.is_sent
        link.wanted_hash = schedule_hash(wanted) if wanted else None
        if was_sent or link.failures:
            # Edits that follow within the delay ride on the same push.
            link.next_try_at = timezone.now() + dt.timedelta(seconds=settings.SCHEDULE_PUSH_DELAY_SECONDS)
        link.failures, link.last_error = 0, None
        link.save(update_fields=["wanted_hash", "next_try_at", "failures", "last_error"])

    def state(self, doctor_id: uuid.UUID) -> PublishState:
        link = CalLink.objects.select_related("doctor__hospital", "doctor__user").filter(doctor_id=doctor_id).first()
        is_in_step = link is not None and link.cal_schedule_id is not None and link.is_in_step
        is_in_step = is_in_step and link is not None and known_zone(link.doctor.hospital.time_zone) is not None
        return PublishState(is_in_step, publish_text(link), self.address(doctor_id), _notes(link))

    def address(self, doctor_id: uuid.UUID) -> str:
        return reverse("admin:integrations_callink_doctor", args=[doctor_id])


def _notes(link: CalLink | None) -> list[str]:
    zone = known_zone(link.doctor.hospital.time_zone) if link else None
    if link is None or zone is None:
        return []
    weekly = link.doctor.availability.values_list("day_of_week", "start_time", "end_time")
    return hours_notes(list(weekly), zone=zone, today=timezone.now().astimezone(zone).date())


def desired_schedule(doctor_id: uuid.UUID) -> ScheduleInput | None:
    """The schedule Cal.com should have; None for a hospital without a zone. A deactivated doctor's is never open."""
    doctor = Doctor.objects.select_related("hospital", "user").get(pk=doctor_id)
    zone, now = known_zone(doctor.hospital.time_zone), timezone.now()
    if zone is None:
        return None
    return wanted_schedule(
        doctor.availability.values_list("day_of_week", "start_time", "end_time") if doctor.user.is_active else (),
        doctor.time_off.filter(ends_at__gt=now - PAST_KEPT).values_list("starts_at", "ends_at"),
        zone=zone,
        today=now.astimezone(zone).date(),
    )


@transaction.atomic
def push_ours(*, doctor: Doctor, by: User | None, at: dt.datetime) -> None:
    """Send the doctor's hours now, over whatever Cal.com holds. Raises: NotPermitted."""
    require_to_publish(by, doctor.hospital_id)
    link = CalLink.objects.select_for_update().get(doctor=doctor)
    wanted = desired_schedule(doctor.pk)
    link.wanted_hash, link.pushed_hash = schedule_hash(wanted) if wanted else None, None
    link.next_try_at, link.failures, link.last_error = at, 0, None
    link.save(update_fields=["wanted_hash", "pushed_hash", "next_try_at", "failures", "last_error"])
    record_access(
        by=by,
        action=AccessAction.PUSHED_HOURS,
        object_kind="doctor",
        object_id=doctor.pk,
        hospital_id=doctor.hospital_id,
    )
    wake("push_schedules")


def push_next_schedule() -> bool:
    """Push one schedule that is out of step. Returns False when none is due, or when Cal.com must be left alone."""
    link = _claim(timezone.now())
    if link is None:
        return False
    client = calcom_client(purpose="background")
    try:
        _push(link, client)
    except CalcomRateLimited as error:
        # It was not the schedule's turn, which is no failure; nor is it any other's.
        CalLink.objects.filter(pk=link.pk).update(next_try_at=timezone.now() + dt.timedelta(seconds=error.retry_after))
        return False
    except CalcomError as error:
        _failed(link, error)
    finally:
        client.close()
    return True


def push_due() -> Q:
    return Q(cal_schedule_id__isnull=False, cal_user_id__isnull=False, wanted_hash__isnull=False) & (
        Q(pushed_hash__isnull=True) | ~Q(pushed_hash=F("wanted_hash"))
    )


def _claim(now: dt.datetime) -> CalLink | None:
    """Take one due link by moving its next try: a worker that dies leaves it to the sweep."""
    with transaction.atomic():
        link = (
            CalLink.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(push_due(), Q(next_try_at__isnull=True) | Q(next_try_at__lte=now))
            .order_by("next_try_at", "pk")
            .first()
        )
        if link is not None:
            CalLink.objects.filter(pk=link.pk).update(next_try_at=now + FIRST_RETRY)
    return link


def _push(link: CalLink, client: CalcomClient) -> None:
    """Send the whole schedule and read it back."""
    wanted = desired_schedule(link.doctor_id)
    if wanted is None or link.cal_user_id is None or link.cal_schedule_id is None:
        # The hospital lost its zone since: what was wanted is not any more.
        CalLink.objects.filter(pk=link.pk, wanted_hash=link.wanted_hash).update(wanted_hash=None)
        return
    client.update_user_schedule(link.cal_user_id, link.cal_schedule_id, wanted)
    shown = client.get_user_schedule(link.cal_user_id, link.cal_schedule_id)
    if schedule_hash(shown) == schedule_hash(wanted):
        _pushed(link, wanted, shown, drift=None)
    elif link.failures + 1 < READ_BACK_TRIES:
        _postpone(link, READ_BACK_DIFFERS)
        _note_drift(link, shown)
    else:
        _pushed(link, wanted, shown, drift=CalLink.Drift.READ_BACK)


def _pushed(link: CalLink, wanted: ScheduleInput, shown: Schedule, *, drift: CalLink.Drift | None) -> None:
    pushed_hash = schedule_hash(wanted)
    # `wanted_hash` stays as it is: an edit made meanwhile is the next push. But what was pushed is what is wanted
    # where only the calendar's day moved on (time off that ended is left out).
    CalLink.objects.filter(pk=link.pk, wanted_hash=link.wanted_hash).update(wanted_hash=pushed_hash)
    now, rows = timezone.now(), CalLink.objects.filter(pk=link.pk)
    rows.update(pushed_hash=pushed_hash, pushed_at=now, failures=0, last_error=None, next_try_at=None)
    rows.filter(problem__in=[CalLink.Problem.USER_GONE, CalLink.Problem.SCHEDULE_GONE]).update(problem=None)
    if drift is None:
        rows.update(shown_schedule=shape_of(shown).json(), read_at=now, drift=None, differs_since=None)
        log.info("calcom.schedule_pushed", doctor=str(link.pk))
    else:
        _note_drift(link, shown)
        log.warning("calcom.schedule_not_as_sent", doctor=str(link.pk))


def _note_drift(link: CalLink, shown: Schedule) -> None:
    now = timezone.now()
    CalLink.objects.filter(pk=link.pk).update(
        shown_schedule=shape_of(shown).json(),
        read_at=now,
        drift=CalLink.Drift.READ_BACK,
        differs_since=link.differs_since if link.drift == CalLink.Drift.READ_BACK else now,
    )


def _failed(link: CalLink, error: CalcomError) -> None:
    problem = problem_of(error)
    if problem is not None:
        CalLink.objects.filter(pk=link.pk).update(problem=problem)
    _postpone(link, error.code)


def problem_of(error: CalcomError) -> CalLink.Problem | None:
    """What a refusal of a schedule's address says: 404 where it is gone, 403 where its user is not of us any more."""
    if not isinstance(error, CalcomRefused):
        return None
    if error.is_not_found:
        return CalLink.Problem.SCHEDULE_GONE
    return CalLink.Problem.USER_GONE if error.is_stranger else None


def _postpone(link: CalLink, code: str) -> None:
    pause = min(FIRST_RETRY * 2 ** min(link.failures, 10), LONGEST_RETRY)
    CalLink.objects.filter(pk=link.pk).update(
        failures=F("failures") + 1, last_error=code, next_try_at=timezone.now() + pause
    )
    log.warning("calcom.schedule_not_pushed", doctor=str(link.pk), error=code)
