"""The queue of doctors to be connected: asked for by a person, done by a worker."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils import timezone

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from core.wake_ups import wake
from hospitals.models import Doctor
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRateLimited, CalcomRefused
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.responses import EventType, OrgUser, Schedule
from integrations.calcom.schedules.plan import SCHEDULE_NAME
from integrations.calcom.schedules.publisher import require_to_publish, require_to_type_ids
from integrations.calcom.setup.connect_doctor import (
    CannotConnect,
    Place,
    Step,
    connect_doctor,
    refuse_taken,
    requirements,
    say_nothing,
    store_link,
)
from integrations.models import CalConnection, CalLink

log = structlog.get_logger(__name__)
USERS_PER_PAGE = 1000
State = CalConnection.State
# Longer than the slowest connection: seven calls of 8 s. Then it is taken up again.
CLAIMED_FOR = dt.timedelta(seconds=90)
FIRST_RETRY = dt.timedelta(seconds=10)
MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class GivenIds:
    user_id: int
    schedule_id: int
    event_type_id: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The link that was kept; `has_other_email` is to be told: the Cal.com user may be somebody else's."""

    link: CalLink
    has_other_email: bool


def connect_with_ids(
    doctor_id: uuid.UUID, given: GivenIds, client: CalcomClient, *, began: Callable[[Step], None] = say_nothing
) -> Checked:
    """Check the three against each other and keep them. Makes 3 to 5 calls, none of which writes.

    Raises: CannotConnect with what does not fit, and whatever the client raises.
    """
    doctor, team_id, wanted = requirements(doctor_id)
    refuse_taken(doctor.pk, given.user_id, given.event_type_id)
    began(Step.USER)
    user = _user(doctor, given.user_id, client)
    began(Step.SCHEDULE)
    schedule = _schedule(given, client)
    began(Step.EVENT_TYPE)
    event_type = _event_type(team_id, given, schedule, client)
    began(Step.STORE)
    is_ours = schedule.name == SCHEDULE_NAME
    link = store_link(doctor, Place(user, schedule, event_type, is_ours), wanted)
    return Checked(link, has_other_email=user.email.lower() != (doctor.user.email or "").lower())


def _user(doctor: Doctor, user_id: int, client: CalcomClient) -> OrgUser:
    """By the doctor's email first, which is one row; else among all."""
    for user in client.list_org_users(emails=[doctor.user.email or ""]):
        if user.id == user_id:
            return user
    skip = 0
    while rows := client.list_org_users(take=USERS_PER_PAGE, skip=skip):
        found = next((row for row in rows if row.id == user_id), None)
        if found is not None:
            return found
        skip += USERS_PER_PAGE
        if len(rows) < USERS_PER_PAGE:
            break
    raise CannotConnect("user_unknown")


def _schedule(given: GivenIds, client: CalcomClient) -> Schedule:
    try:
        schedule = client.get_user_schedule(given.user_id, given.schedule_id)
    except CalcomRefused as refusal:
        if refusal.is_not_found:
            raise CannotConnect("schedule_unknown") from None
        if refusal.is_stranger:
            raise CannotConnect("schedule_of_another") from None
        raise
    if schedule.owner_id not in {None, given.user_id}:
        raise CannotConnect("schedule_of_another")
    return schedule


def _event_type(team_id: int, given: GivenIds, schedule: Schedule, client: CalcomClient) -> EventType:
    rows = client.list_team_event_types(team_id)
    found = next((row for row in rows if row.id == given.event_type_id), None)
    if found is None:
        raise CannotConnect("event_type_unknown")
    if found.scheduling_type == "managed":
        raise CannotConnect("event_type_managed")
    if [host.user_id for host in found.hosts] != [given.user_id]:
        raise CannotConnect("event_type_hosts")
    # Without a schedule of its own it reads the host's default.
    reads_it = found.schedule_id == schedule.id or (found.schedule_id is None and schedule.is_default)
    if not reads_it:
        raise CannotConnect("event_type_schedule")
    return found


@transaction.atomic
def ask_to_connect(*, doctor: Doctor, given: GivenIds | None = None, by: User | None, at: dt.datetime) -> CalConnection:
    """Have a worker connect the doctor, again if need be.

    Raises: NotPermitted, CannotConnect for an id that another doctor has.
    """
    require_to_publish(by, doctor.hospital_id)
    if given is not None:
        require_to_type_ids(by)
        refuse_taken(doctor.pk, given.user_id, given.event_type_id)
    connection, _ = CalConnection.objects.update_or_create(
        doctor=doctor,
        defaults={
            "state": State.ASKED,
            "step": None,
            "reason": None,
            "given_user_id": given.user_id if given else None,
            "given_schedule_id": given.schedule_id if given else None,
            "given_event_type_id": given.event_type_id if given else None,
            "has_other_email": False,
            "tries": 0,
            "asked_at": at,
            "next_try_at": at,
            "finished_at": None,
        },
    )
    record_access(
        by=by,
        action=AccessAction.CONNECTED_DOCTOR,
        object_kind="doctor",
        object_id=doctor.pk,
        hospital_id=doctor.hospital_id,
        reason="ids" if given else "",
    )
    wake("connect_doctors")
    return connection


@transaction.atomic
def ask_to_connect_all(*, doctors: Iterable[Doctor], by: User | None, at: dt.datetime) -> int:
    """Have all of these connected; those who wait already keep their place. Returns how many were asked for.

    Raises: NotPermitted.
    """
    waiting = set(
        CalConnection.objects.filter(state__in=[State.ASKED, State.WORKING]).values_list("doctor_id", flat=True)
    )
    asked = [doctor for doctor in doctors if doctor.pk not in waiting]
    for doctor in asked:
        ask_to_connect(doctor=doctor, by=by, at=at)
    return len(asked)


def connect_next_doctor() -> bool:
    """Connect one doctor who waits. Returns False when nobody is due, or when Cal.com must be left alone."""
    connection = _claim(timezone.now())
    if connection is None:
        return False
    client = calcom_client(purpose="background")
    try:
        has_other_email = _connect(connection, client)
    except CannotConnect as refusal:
        _finish(connection, State.FAILED, reason=refusal.code)
    except CalcomRateLimited as error:
        # Not a failure of this doctor's: it costs no try.
        _again(connection, dt.timedelta(seconds=error.retry_after), reason=error.code, tries=F("tries") - 1)
        return False
    except CalcomError as error:
        _failed(connection, error)
    else:
        _finish(connection, State.DONE, has_other_email=has_other_email)
    finally:
        client.close()
    return True


def _claim(now: dt.datetime) -> CalConnection | None:
    """The oldest first. One who is at work and silent for long is taken up again: that worker died."""
    with transaction.atomic():
        row = (
            CalConnection.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(next_try_at__isnull=True) | Q(next_try_at__lte=now), state__in=[State.ASKED, State.WORKING])
            .order_by("asked_at", "pk")
            .first()
        )
        if row is not None:
            row.state, row.next_try_at, row.tries = State.WORKING, now + CLAIMED_FOR, row.tries + 1
            row.save(update_fields=["state", "next_try_at", "tries"])
    return row


def _connect(connection: CalConnection, client: CalcomClient) -> bool:
    began = _telling(connection.pk)
    if connection.given_user_id is None:
        connect_doctor(connection.pk, client, began=began)
        return False
    assert connection.given_schedule_id is not None
    assert connection.given_event_type_id is not None
    given = GivenIds(connection.given_user_id, connection.given_schedule_id, connection.given_event_type_id)
    return connect_with_ids(connection.pk, given, client, began=began).has_other_email


def _telling(doctor_id: uuid.UUID) -> Callable[[CalConnection.Step], None]:
    def began(step: CalConnection.Step) -> None:
        CalConnection.objects.filter(pk=doctor_id).update(step=step)

    return began


def _failed(connection: CalConnection, error: CalcomError) -> None:
    """Each step finds what an earlier try made, so a lost answer is simply tried again."""
    log.warning("calcom.doctor_not_connected", doctor=str(connection.pk), error=error.code)
    if isinstance(error, CalcomRefused):
        _finish(connection, State.FAILED, reason=error.code)
        return
    if connection.tries < MOST_TRIES:
        _again(connection, FIRST_RETRY * 2 ** (connection.tries - 1), reason="calcom_unavailable", tries=F("tries"))
    else:
        _finish(connection, State.FAILED, reason="calcom_unavailable")


def _again(connection: CalConnection, pause: dt.timedelta, *, reason: str, tries: Combinable) -> None:
    _mine(connection).update(state=State.ASKED, next_try_at=timezone.now() + pause, reason=reason, tries=tries)


def _finish(
    connection: CalConnection, state: State, *, reason: str | None = None, has_other_email: bool = False
) -> None:
    step = {"step": None} if state == State.DONE else {}
    _mine(connection).update(
        state=state,
        reason=reason,
        has_other_email=has_other_email,
        next_try_at=None,
        finished_at=timezone.now(),
        **step,
    )
    log.info("calcom.connection_finished", doctor=str(connection.pk), state=str(state), reason=reason)


def _mine(connection: CalConnection) -> QuerySet[CalConnection]:
    """The row, unless somebody asked anew meanwhile: then that is still to do."""
    return CalConnection.objects.filter(pk=connection.pk, asked_at=connection.asked_at, state=State.WORKING)
