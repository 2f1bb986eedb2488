"""Booked visits that somebody should look at: of the last days and the next weeks, found by index."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db.models import F, Max, OuterRef, Q, QuerySet, RowRange, Subquery, Window
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from clinical.models import Appointment, AppointmentBooking, VisitDecision
from clinical.querysets import AppointmentQuerySet
from clinical.visits.attendance import SEEN_EARLY_BY, Parties, parties_of
from clinical.visits.shown import VisitHeading, heading_of
from hospitals.models import Doctor, DoctorTimeOff

if TYPE_CHECKING:
    from collections.abc import Callable


# What is further back cannot be mended, what is further ahead can wait.
LOOK_BACK = dt.timedelta(days=2)
LOOK_AHEAD = dt.timedelta(days=42)
# Of each kind; whoever has more starts with the first.
MOST = 100
MOST_TIME_OFF = 200
# The menu shows the number last counted: by the home page, which counts again each half minute while it is open.
REMEMBERED_SECONDS = 15 * 60
# No visit is longer: how far before a moment one that lasts until then can begin.
LONGEST_VISIT = dt.timedelta(days=1)
# By kind: what it is, and what to do about it.
ATTENTION_TEXTS: dict[str, tuple[Any, Any]] = {
    "overlap": (
        _("Overlapping appointments of a doctor"),
        _("Ask one of the two patients to choose another time, or keep both if the doctor can see them together."),
    ),
    "time_off": (
        _("Appointments in a doctor's time off"),
        _(
            "Ask the patient to choose another time, cancel, or keep it if the doctor comes in; a kept one stays listed"
            " until it is over."
        ),
    ),
    "deactivated": (
        _("Appointments of a deactivated doctor"),
        _("Give them to a colleague, ask the patient to choose another time, or cancel."),
    ),
    "guest": (
        _("Guests with the phone number of a patient"),
        _("Link the appointment to the patient with this number. They see it in the app and can confirm it."),
    ),
    "unconfirmed": (
        _("Matched by phone, identity not confirmed"),
        _("Ask the person for name and date of birth. If it is the patient, confirm: the doctor then sees the record."),
    ),
}


@dataclass(slots=True)
class AttentionItem:
    """`other` is the visit before, `time_off` the absence it falls into. `decision` is what staff decided last.

    `attention_lists` adds the decision, the headings, and where an identity is to be confirmed the parties.
    """

    visit: Appointment
    other: Appointment | None = None
    time_off: DoctorTimeOff | None = None
    decision: VisitDecision | None = None
    heading: VisitHeading | None = None
    other_heading: VisitHeading | None = None
    parties: Parties | None = None

    @property
    def is_kept(self) -> bool:
        return self.decision is not None and self.decision.choice == VisitDecision.Choice.KEEP


@dataclass(frozen=True, slots=True)
class AttentionList:
    kind: str
    items: Sequence[AttentionItem] = field(default_factory=list)
    has_more: bool = False


def attention_lists(user: User, *, at: dt.datetime) -> list[AttentionList]:
    """What the user may see of each kind, the next first; an overlap that staff keep is none. Nine queries."""
    found = {kind: find(user, at)[: MOST + 1] for kind, find in _FINDERS.items()}
    decisions = _decisions(item.visit for items in found.values() for item in items)
    parties = parties_of([item.visit for item in found["unconfirmed"]])
    lists = []
    for kind, items in found.items():
        for item in items:
            item.decision = decisions.get((item.visit.pk, item.visit.start_ts))
            item.heading = heading_of(item.visit, at=at)
            item.parties = parties.get(item.visit.pk)
            item.other_heading = heading_of(item.other, at=at) if item.other else None
        open_items = [item for item in items if not is_settled(item, kind)]
        lists.append(AttentionList(kind, open_items[:MOST], has_more=len(items) > MOST))
    _remember(user, lists)
    return lists


def attention_counts(user: User, *, at: dt.datetime) -> dict[str, str]:
    """How many of each kind, "100+" where there are more."""
    lists = attention_lists(user, at=at)
    return {one.kind: f"{len(one.items)}{'+' if one.has_more else ''}" for one in lists}


def _remember(user: User, lists: Sequence[AttentionList]) -> None:
    if user.is_hospital_admin:
        cache.set(_key(user), sum(len(one.items) for one in lists), timeout=REMEMBERED_SECONDS)


def remembered_count(user: User) -> int:
    """As last counted, by whomever of the hospital; 0 where that is too long ago. No query."""
    count: int = (cache.get(_key(user)) or 0) if user.is_hospital_admin else 0
    return count


def _key(user: User) -> str:
    return f"attention:{user.hospital_id}"


def visits_needing_attention(user: User, kind: str, *, at: dt.datetime) -> list[uuid.UUID]:
    """The ids of the visits of one kind, settled ones included."""
    return [pk for one in _FINDERS[kind](user, at) for pk in (one.visit.pk, one.other and one.other.pk) if pk]


def speaks_against(visit: Appointment, user: User) -> bool:
    """Whether the visit cannot take place as it is: deactivated doctor, time off, another visit at that time.

    Two queries. The visit comes with its people.
    """
    if not visit.doctor.user.is_active:
        return True
    within = {"starts_at__lt": visit.end_ts, "ends_at__gt": visit.start_ts}
    if DoctorTimeOff.objects.filter(doctor=visit.doctor_id, **within).exists():
        return True
    others = _going_on(user, [(visit.doctor_id, visit.start_ts, visit.end_ts)])
    return bool(others.filter(no_show=False).exclude(pk=visit.pk).exists())


def is_settled(item: AttentionItem, kind: str) -> bool:
    """A doctor may see two patients together. A visit kept in a time off stays until it is over: its patient comes."""
    return item.is_kept and kind == "overlap"


def overlap_starts(visits: AppointmentQuerySet) -> QuerySet[Any]:
    """Doctor, start and end of each visit that begins before an earlier one of its doctor has ended.

    Reads nothing but the columns of `appointments_hospital_day_idx`.
    """
    before = RowRange(start=None, end=-1)
    busy_until = Window(Max("end_ts"), partition_by=F("doctor_id"), order_by=["start_ts", "end_ts"], frame=before)
    rows: QuerySet[Any] = (
        visits.taking_place()
        .values_list("doctor_id", "start_ts", "end_ts")
        .annotate(busy_until=busy_until)
        .filter(start_ts__lt=F("busy_until"))
        .order_by("start_ts", "doctor_id", "end_ts")
    )
    return rows


def pairs(visits: Iterable[Appointment]) -> list[tuple[Appointment, Appointment]]:
    """Each visit that begins before an earlier one of its doctor has ended, with the one of these that ends last."""
    last: dict[uuid.UUID, Appointment] = {}
    found = []
    for visit in sorted(visits, key=lambda one: (one.start_ts, one.end_ts, one.pk)):
        before = last.get(visit.doctor_id)
        if before is not None and visit.start_ts < before.end_ts:
            found.append((visit, before))
        if before is None or visit.end_ts > before.end_ts:
            last[visit.doctor_id] = visit
    return found


def _overlaps(user: User, at: dt.datetime) -> list[AttentionItem]:
    window = Appointment.objects.for_user(user).between(at - LOOK_BACK, at + LOOK_AHEAD)
    spans = {tuple(row[:3]) for row in overlap_starts(window)[: MOST + 1]}
    if not spans:
        return []
    rows = _going_on(user, spans).filter(no_show=False).with_people().order_by("start_ts", "pk")
    return [AttentionItem(visit, other=before) for visit, before in pairs(rows)]


def _in_time_off(user: User, at: dt.datetime) -> list[AttentionItem]:
    start, end = at, at + LOOK_AHEAD
    absences = list(
        DoctorTimeOff.objects.filter(
            doctor__in=Doctor.objects.for_user(user), ends_at__gt=start, starts_at__lt=end
        ).order_by("starts_at", "pk")[:MOST_TIME_OFF]
    )
    if not absences:
        return []
    spans = {(off.doctor_id, max(off.starts_at, start), min(off.ends_at, end)) for off in absences}
    rows = _going_on(user, spans).filter(status=Appointment.Status.SCHEDULED, start_ts__gt=at)
    return [
        AttentionItem(visit, time_off=next(off for off in absences if _is_in(visit, off)))
        for visit in rows.with_people().order_by("start_ts", "pk")[: MOST + 1]
    ]


def _of_deactivated(user: User, at: dt.datetime) -> list[AttentionItem]:
    ahead = Appointment.objects.for_user(user).between(at, at + LOOK_AHEAD).filter(doctor__user__is_active=False)
    rows = ahead.filter(status=Appointment.Status.SCHEDULED).with_people().order_by("start_ts", "pk")
    return [AttentionItem(visit) for visit in rows[: MOST + 1]]


def _guests(user: User, at: dt.datetime) -> list[AttentionItem]:
    """Guests whose number is now that of a patient: as it is when somebody books first and signs in afterwards."""
    booking = AppointmentBooking.objects.filter(uid=OuterRef("cal_booking_id"))
    account = User.objects.filter(phone=OuterRef("phone"), role=Role.PATIENT, is_active=True)
    rows = (
        Appointment.objects.for_user(user)
        .between(at - LOOK_BACK, at + LOOK_AHEAD)
        .filter(patient__isnull=True)
        .exclude(status=Appointment.Status.CANCELLED)
        .annotate(phone=Subquery(booking.values("attendee_phone")[:1]))
        .annotate(account=Subquery(account.values("pk")[:1]))
        .filter(account__isnull=False)
    )
    return [AttentionItem(visit) for visit in rows.with_people().order_by("start_ts", "pk")[: MOST + 1]]


def _unconfirmed(user: User, at: dt.datetime) -> list[AttentionItem]:
    """Matched by phone, begun, and nobody said yet who sits there."""
    rows = (
        Appointment.objects.for_user(user)
        .between(at - LOOK_BACK, at + SEEN_EARLY_BY)
        .filter(patient_match="phone", identity_confirmed_at__isnull=True, patient__isnull=False)
        .taking_place()
    )
    return [AttentionItem(visit) for visit in rows.with_people().order_by("start_ts", "pk")[: MOST + 1]]


_FINDERS: dict[str, Callable[[User, dt.datetime], list[AttentionItem]]] = {
    "overlap": _overlaps,
    "time_off": _in_time_off,
    "deactivated": _of_deactivated,
    "guest": _guests,
    "unconfirmed": _unconfirmed,
}
KINDS = tuple(_FINDERS)


def _going_on(user: User, spans: Iterable[tuple[Any, ...]]) -> Any:
    """Visits that go on within one of the spans of a doctor; each by the index of doctor and start."""
    within = reduce(
        or_,
        (
            Q(doctor_id=doctor, start_ts__gt=start - LONGEST_VISIT, start_ts__lt=end, end_ts__gt=start)
            for doctor, start, end in sorted(spans)
        ),
    )
    return Appointment.objects.for_user(user).filter(within).exclude(status=Appointment.Status.CANCELLED)


def _is_in(visit: Appointment, off: DoctorTimeOff) -> bool:
    return visit.doctor_id == off.doctor_id and visit.start_ts < off.ends_at and visit.end_ts > off.starts_at


def _decisions(visits: Iterable[Appointment]) -> dict[tuple[uuid.UUID, dt.datetime], VisitDecision]:
    """By visit and the time it was decided for: a visit that moved since then is undecided again."""
    rows = VisitDecision.objects.current().filter(appointment__in={visit.pk for visit in visits})
    return {(row.appointment_id, row.start_ts): row for row in rows}
