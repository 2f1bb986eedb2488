"""Looks once a day whether Cal.com still holds what the links say: schedule, user, event type. Changes nothing there.

There is no webhook for a change of any of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from core.wake_ups import wake
from integrations.calcom.api.client import CalcomClient
from integrations.calcom.api.errors import CalcomError, CalcomRefused
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.api.responses import EventType, Schedule
from integrations.calcom.schedules.event_types import pushed_values
from integrations.calcom.schedules.plan import shape_from_json, shape_of
from integrations.calcom.schedules.publisher import CalcomSchedules, desired_schedule, problem_of, require_to_publish
from integrations.models import CalLink

log = structlog.get_logger(__name__)

# Looked at every ten minutes: each has its turn within a day, also after a time without calls.
EVERY = dt.timedelta(hours=20)
# So few are asked for one by one; more, by the list of the whole organisation.
ONE_BY_ONE = 3
PER_PAGE = 250
MOST_PAGES = 40


@dataclass(slots=True)
class Look:
    """One look at Cal.com: what was listed is not asked for again."""

    client: CalcomClient
    schedules: dict[int, Schedule] = field(default_factory=dict)
    event_types: dict[int, Mapping[int, EventType]] = field(default_factory=dict)

    def list_schedules(self) -> None:
        for page in range(MOST_PAGES):
            rows = self.client.list_org_schedules(take=PER_PAGE, skip=page * PER_PAGE)
            fresh = {row.id: row for row in rows if row.id not in self.schedules}
            self.schedules |= fresh
            # A list that ignored `skip` would begin again for ever.
            if len(rows) < PER_PAGE or not fresh:
                return

    def schedule(self, link: CalLink) -> Schedule:
        """Asked for by its number where the list had not this user's. Raises: CalcomError."""
        assert link.cal_user_id is not None
        assert link.cal_schedule_id is not None
        listed = self.schedules.get(link.cal_schedule_id)
        if listed is not None and listed.owner_id in {None, link.cal_user_id}:
            return listed
        return self.client.get_user_schedule(link.cal_user_id, link.cal_schedule_id)

    def types_of(self, team_id: int) -> Mapping[int, EventType]:
        if team_id not in self.event_types:
            try:
                rows = self.client.list_team_event_types(team_id)
            except CalcomRefused as refusal:
                if not refusal.is_not_found:
                    raise
                rows = []
            self.event_types[team_id] = {row.id: row for row in rows}
        return self.event_types[team_id]


def ask_for_check(link: CalLink, *, by: User | None) -> None:
    """Have this link looked at soon. Raises: NotPermitted."""
    require_to_publish(by, link.doctor.hospital_id)
    CalLink.objects.filter(pk=link.pk).update(checked_at=None)
    wake("check_links")


def check_links(*, at: dt.datetime) -> int:
    """Look at every link whose turn has come. Returns how many were looked at; those left are due still."""
    links = list(_due(at))
    if not links:
        return 0
    client = calcom_client(purpose="background")
    looked = 0
    try:
        look = Look(client)
        if len(links) > ONE_BY_ONE:
            look.list_schedules()
        for link in links:
            _check(link, look, at=at)
            looked += 1
    except CalcomError as error:
        log.warning("calcom.links_not_checked", left=len(links) - looked, error=error.code)
    finally:
        client.close()
    return looked


def _due(at: dt.datetime) -> QuerySet[CalLink]:
    rows = CalLink.objects.select_related("doctor__hospital").filter(
        # A time ahead of now is that of a clock which was set back.
        Q(checked_at__isnull=True) | Q(checked_at__lte=at - EVERY) | Q(checked_at__gt=at),
        cal_schedule_id__isnull=False,
        cal_user_id__isnull=False,
    )
    return rows.order_by("checked_at", "pk")


def _check(link: CalLink, look: Look, *, at: dt.datetime) -> None:
    schedule, problem = None, None
    try:
        schedule = look.schedule(link)
    except CalcomRefused as refusal:
        problem = problem_of(refusal)
        if problem is None:
            raise
    event_type = None
    team_id = link.doctor.hospital.cal_team_id
    if problem is None and link.cal_event_type_id is not None and team_id is not None:
        event_type = look.types_of(team_id).get(link.cal_event_type_id)
        problem = _problem_with(event_type, link)
    _note(link, schedule, event_type, problem, at=at)


def _problem_with(event_type: EventType | None, link: CalLink) -> CalLink.Problem | None:
    if event_type is None:
        return CalLink.Problem.EVENT_TYPE_GONE
    if [host.user_id for host in event_type.hosts] != [link.cal_user_id]:
        return CalLink.Problem.OTHER_HOST
    if event_type.schedule_id not in {None, link.cal_schedule_id}:
        return CalLink.Problem.OTHER_SCHEDULE
    return None


@transaction.atomic
def _note(
    link: CalLink,
    schedule: Schedule | None,
    event_type: EventType | None,
    problem: CalLink.Problem | None,
    *,
    at: dt.datetime,
) -> None:
    """Keep what was seen, unless the link was pushed or changed meanwhile: then it was seen too early."""
    now = CalLink.objects.select_for_update().get(pk=link.pk)
    seen_of = ("cal_user_id", "cal_schedule_id", "cal_event_type_id", "wanted_hash", "pushed_hash", "pushed_at")
    if any(getattr(now, name) != getattr(link, name) for name in seen_of):
        return
    if problem != now.problem:
        log.warning("calcom.link_problem", doctor=str(link.pk), problem=problem)
    now.problem, now.checked_at = problem, at
    if event_type is not None:
        for name, value in pushed_values(event_type).items():
            setattr(now, name, value)
    if schedule is not None:
        _compare(now, schedule, at=at)
    now.save()


def _compare(link: CalLink, schedule: Schedule, *, at: dt.datetime) -> None:
    wanted = desired_schedule(link.doctor_id)
    before, theirs = shape_from_json(link.shown_schedule), shape_of(schedule)
    link.shown_schedule, link.read_at = theirs.json(), at
    if wanted is None or not link.is_sent:
        return
    today = at.astimezone(ZoneInfo(wanted.time_zone)).date()
    ours, theirs = shape_of(wanted).since(today), theirs.since(today)
    is_as_before = before is not None and before.since(today) == theirs
    if ours == theirs:
        link.drift = link.differs_since = None
    elif link.drift is None and is_as_before:
        # Nobody touched Cal.com: another program changed our hours without a word.
        CalcomSchedules().want(link.doctor_id)
        link.refresh_from_db(fields=["wanted_hash", "next_try_at", "failures", "last_error"])
    elif link.drift is None or not is_as_before:
        link.drift, link.differs_since = CalLink.Drift.EDITED, at
        log.warning("calcom.schedule_edited_there", doctor=str(link.pk))
