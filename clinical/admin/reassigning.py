"""The page on which an admin gives a doctor's visits to colleagues: one visit, a day, or a period."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.permissions import Permission, has_permission
from clinical.admin.recorded_admin import RecordedAdmin
from clinical.models import Appointment
from clinical.visits.decisions import REASON_LENGTH
from clinical.visits.reassigning import ColleagueNotFree, free_colleagues, reassign_visits
from clinical.visits.shown import VisitHeading, heading_of
from hospitals.admin.base import acting_user
from hospitals.models import Doctor

# More on one page nobody reads; a longer period is done in parts.
MOST_SHOWN = 200
MOST_DAYS = 62


@dataclass(frozen=True, slots=True)
class Row:
    heading: VisitHeading
    name: str
    colleagues: list[Doctor]
    chosen: str


@dataclass(frozen=True, slots=True)
class Days:
    """From the first day to the last, in the zone of the page."""

    first: dt.date
    last: dt.date

    @property
    def start(self) -> dt.datetime:
        return _midnight(self.first)

    @property
    def end(self) -> dt.datetime:
        return _midnight(self.last + dt.timedelta(days=1))


class ReassignPages(RecordedAdmin):
    def reassign_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """`pk` is the doctor's; `visit` in the address narrows the page to one visit."""
        user, at = _manager(request), timezone.now()
        doctor = Doctor.objects.for_user(user).with_names().filter(pk=pk).first()
        if doctor is None:
            return self.not_found(request, str(pk))
        given = request.POST if request.method == "POST" else request.GET
        days = _days(given)
        one = _uuid(given.get("visit"))
        visits = _visits(user, doctor, days, one, at)
        back = self.address("change", one) if one else reverse("admin:hospitals_doctor_hours", args=[doctor.pk])
        if request.method == "POST" and (asked := self._give(request, visits, at)):
            text = ngettext(
                "%(count)d appointment is on its way to a colleague. The patient is told once it is booked.",
                "%(count)d appointments are on their way to colleagues. The patients are told once they are booked.",
                asked,
            )
            self.message_user(request, text % {"count": asked}, messages.SUCCESS)
            return HttpResponseRedirect(back)
        rows = _rows(visits, given, by=user, at=at)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Give to a colleague") if one else _("Give appointments to colleagues"),
            "doctor": doctor,
            "days": days,
            "visit": one or "",
            "rows": rows,
            "can_give": any(row.colleagues for row in rows),
            "back": back,
            "reason": given.get("reason", ""),
            "reason_length": REASON_LENGTH,
            "most": MOST_SHOWN if len(visits) == MOST_SHOWN else 0,
        }
        return TemplateResponse(request, "admin/clinical/appointment/reassign.html", context)

    def _give(self, request: HttpRequest, visits: list[Appointment], at: dt.datetime) -> int:
        """How many were asked for; 0 where nothing was, and why is said."""
        colleagues = {visit.pk: chosen for visit in visits if (chosen := _chosen(request.POST, visit))}
        if not colleagues:
            self.message_user(request, _("Choose a colleague for at least one appointment."), messages.ERROR)
            return 0
        reason = request.POST.get("reason", "").strip()[:REASON_LENGTH]
        try:
            asked = len(reassign_visits(colleagues=colleagues, reason=reason, by=acting_user(request), at=at))
        except ColleagueNotFree as refused:
            self.message_user(request, str(refused.message), messages.ERROR)
            return 0
        if not asked:
            text = _(
                "Nothing was changed: these appointments have been cancelled, have begun, or are already being"
                " cancelled or given to a colleague."
            )
            self.message_user(request, text, messages.ERROR)
        return asked


def _manager(request: HttpRequest) -> User:
    user = acting_user(request)
    if user.hospital_id is None or not has_permission(user, Permission.MANAGE_HOURS, hospital=user.hospital_id):
        raise PermissionDenied
    return user


def _visits(user: User, doctor: Doctor, days: Days, one: uuid.UUID | None, at: dt.datetime) -> list[Appointment]:
    own = Appointment.objects.for_user(user).filter(doctor=doctor, status=Appointment.Status.SCHEDULED, start_ts__gt=at)
    rows = own.filter(pk=one) if one else own.between(days.start, days.end)
    return list(rows.with_people().order_by("start_ts", "pk")[:MOST_SHOWN])


def _rows(visits: list[Appointment], given: QueryDict, *, by: User, at: dt.datetime) -> list[Row]:
    free = free_colleagues(visits, by=by)
    return [
        Row(heading_of(visit, at=at), f"to-{visit.pk}", free[visit.pk], str(_chosen(given, visit) or ""))
        for visit in visits
    ]


def _chosen(given: QueryDict, visit: Appointment) -> uuid.UUID | None:
    return _uuid(given.get(f"to-{visit.pk}"))


def _days(given: QueryDict) -> Days:
    today = timezone.localdate()
    first = max(_day(given.get("from")) or today, today)
    last = _day(given.get("to")) or first
    return Days(first, min(max(first, last), first + dt.timedelta(days=MOST_DAYS)))


def _day(text: str | None) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_current_timezone())


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
