"""A doctor's place in Cal.com, with or without a link: both sides of the hours, connecting, ids typed in.

A web process makes no call to Cal.com: each button leaves work for a worker, and the page says how far that is.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission, has_permission
from core.form_fields import WholeNumberField
from hospitals.admin.base import ReadOnlyAdmin, acting_user
from hospitals.hours.forms import DAY_NAMES
from hospitals.models import Doctor, Hospital, Weekday
from integrations.calcom.schedules.plan import Difference, Hours, Shape, both_sides, shape_from_json, shape_of
from integrations.calcom.schedules.problem_texts import STEP_TEXTS, publish_text, reason_text
from integrations.calcom.schedules.publisher import desired_schedule, may_publish, push_ours
from integrations.calcom.setup.connect_doctor import CannotConnect
from integrations.calcom.setup.connect_queue import GivenIds, ask_to_connect
from integrations.calcom.setup.link_check import ask_for_check
from integrations.models import CalConnection, CalLink

# The database's bigint.
LARGEST_ID = 2**63 - 1
MIDNIGHT = "23:59"
Lines = tuple[str, ...]


def _number(label: Any, help_text: Any) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"class": "week-text", "inputmode": "numeric"})
    return WholeNumberField(
        label=label, help_text=help_text, min_value=1, max_value=LARGEST_ID, widget=widget, localize=False
    )


class GivenIdsForm(forms.Form):
    user_id = _number(
        gettext_lazy("User number"), gettext_lazy("The member of the organisation who hosts the appointments.")
    )
    schedule_id = _number(gettext_lazy("Schedule number"), gettext_lazy("A schedule of that user."))
    event_type_id = _number(
        gettext_lazy("Event type number"),
        gettext_lazy("Of the hospital's team, with that user as its only host."),
    )

    @property
    def given(self) -> GivenIds:
        return GivenIds(**self.cleaned_data)


class ConnectAllForm(forms.Form):
    """An operator says which hospital; an admin's is known."""

    hospital = forms.ModelChoiceField(
        queryset=Hospital.objects.none(),
        empty_label=gettext_lazy("Choose one"),
        label=gettext_lazy("Hospital"),
        widget=forms.Select(attrs={"class": "week-text"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["hospital"]
        field.queryset = Hospital.objects.for_user(user).order_by("name", "pk")


@dataclass(frozen=True, slots=True)
class SideRow:
    """Each side in lines: a shift, a zone, a remark."""

    name: str
    ours: Lines
    theirs: Lines
    differs: bool


@dataclass(frozen=True, slots=True)
class Sides:
    week: list[SideRow]
    dates: list[SideRow]
    zone: SideRow

    @property
    def differ(self) -> bool:
        return any(row.differs for row in [*self.week, *self.dates, self.zone])


def sides_of(link: CalLink, *, at: dt.datetime) -> Sides | None:
    """None where there is nothing to compare: no zone here, or Cal.com was not read yet. Reads the doctor's hours."""
    wanted, stored = desired_schedule(link.doctor_id), shape_from_json(link.shown_schedule)
    if wanted is None or stored is None:
        return None
    today = at.astimezone(ZoneInfo(wanted.time_zone)).date()
    ours, theirs = shape_of(wanted).since(today), stored.since(today)
    rows = both_sides(ours, theirs)
    return Sides(
        week=[_day_row(row) for row in rows if row.kind == "day"],
        dates=[_date_row(row, ours, theirs) for row in rows if row.kind == "date"],
        zone=next(
            SideRow(_("Time zone"), (str(r.ours),), (str(r.theirs),), r.differs) for r in rows if r.kind == "zone"
        ),
    )


def _day_row(row: Difference) -> SideRow:
    return SideRow(str(DAY_NAMES[Weekday(int(row.what))]), _hours(row.ours), _hours(row.theirs), row.differs)


def _date_row(row: Difference, ours: Shape, theirs: Shape) -> SideRow:
    date = dt.date.fromisoformat(row.what)
    name = date_format(date, "D j M Y")
    return SideRow(name, _on_date(row.ours, date, ours), _on_date(row.theirs, date, theirs), row.differs)


def _on_date(said: str | Hours | None, date: dt.date, side: Shape) -> Lines:
    if said is None:
        return (*_hours(side.week.get(date.isoweekday(), ())), _("as every week"))
    return _hours(said)


def _hours(hours: str | Hours | None) -> Lines:
    if not hours or isinstance(hours, str):
        return (_("closed"),)
    return tuple(f"{start}\N{EN DASH}{_('midnight') if end == MIDNIGHT else end}" for start, end in hours)


class CalDoctorPages(ReadOnlyAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = {
            "doctor": ("doctor/<uuid:pk>/", self.doctor_view),
            "push": ("doctor/<uuid:pk>/push/", self.push_view),
            "look": ("doctor/<uuid:pk>/look/", self.look_view),
            "connect": ("doctor/<uuid:pk>/connect/", self.connect_view),
            "ids": ("doctor/<uuid:pk>/ids/", self.ids_view),
        }
        own = [path(route, wrap(view), name=f"integrations_callink_{name}") for name, (route, view) in pages.items()]
        return [*own, *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        link = self.get_object(request, object_id) if object_id and request.method == "GET" else None
        if link is not None:
            return self._page(request, link.doctor)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def doctor_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        doctor = self._doctor(request, pk)
        return self.not_found(request, str(pk)) if doctor is None else self._page(request, doctor)

    def push_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        doctor, refusal = self._posted(request, pk)
        if doctor is None:
            return refusal
        if _link_of(doctor) is not None:
            push_ours(doctor=doctor, by=acting_user(request), at=timezone.now())
            self.message_user(request, _("Our hours are on the way to Cal.com."), messages.SUCCESS)
        return HttpResponseRedirect(self.address("doctor", pk))

    def look_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        doctor, refusal = self._posted(request, pk)
        if doctor is None:
            return refusal
        link = _link_of(doctor)
        if link is not None:
            ask_for_check(link, by=acting_user(request))
            self.message_user(request, _("Cal.com is being asked. Reload this page in a moment."), messages.SUCCESS)
        return HttpResponseRedirect(self.address("doctor", pk))

    def connect_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        doctor, refusal = self._posted(request, pk)
        if doctor is None:
            return refusal
        ask_to_connect(doctor=doctor, by=acting_user(request), at=timezone.now())
        self.message_user(request, _("The doctor is being connected."), messages.SUCCESS)
        return HttpResponseRedirect(self.address("doctor", pk))

    def ids_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        if not has_permission(acting_user(request), Permission.MANAGE_INTEGRATIONS):
            raise PermissionDenied
        doctor = self._doctor(request, pk)
        if doctor is None:
            return self.not_found(request, str(pk))
        form = GivenIdsForm(request.POST or None, initial=_ids_of(doctor))
        if request.method == "POST" and form.is_valid():
            try:
                ask_to_connect(doctor=doctor, given=form.given, by=acting_user(request), at=timezone.now())
            except CannotConnect as refusal:
                field = {"user_taken": "user_id", "event_type_taken": "event_type_id"}[refusal.code]
                form.add_error(field, reason_text(refusal.code))
            else:
                self.message_user(request, _("The numbers are being checked in Cal.com."), messages.SUCCESS)
                return HttpResponseRedirect(self.address("doctor", pk))
        title = _("Numbers of %(name)s in Cal.com") % {"name": doctor.full_name}
        context = {**self._context(request, doctor, title), "form": form}
        return TemplateResponse(request, "admin/integrations/cal_ids.html", context)

    def _doctor(self, request: HttpRequest, pk: uuid.UUID) -> Doctor | None:
        user = acting_user(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        doctor: Doctor | None = Doctor.objects.for_user(user).with_names().filter(pk=pk).first()
        return doctor

    def _posted(self, request: HttpRequest, pk: uuid.UUID) -> tuple[Doctor | None, HttpResponse]:
        """The doctor to change; or None and what is answered instead."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return None, HttpResponseNotAllowed(["POST"])
        doctor = self._doctor(request, pk)
        if doctor is None:
            return None, self.not_found(request, str(pk))
        if not may_publish(acting_user(request), doctor.hospital_id):
            raise PermissionDenied
        return doctor, HttpResponse()

    def _page(self, request: HttpRequest, doctor: Doctor) -> HttpResponse:
        user, at = acting_user(request), timezone.now()
        link, connection = _link_of(doctor), CalConnection.objects.filter(pk=doctor.pk).first()
        context = {
            **self._context(request, doctor, _("%(name)s in Cal.com") % {"name": doctor.full_name}),
            "link": link,
            "is_connected": link is not None and link.cal_schedule_id is not None,
            "state_text": publish_text(link),
            "problem": link is not None and link.problem is not None,
            "sides": sides_of(link, at=at) if link is not None else None,
            "connection": connection,
            "connection_text": connection_text(connection),
            "may_publish": may_publish(user, doctor.hospital_id),
            "may_type_ids": has_permission(user, Permission.MANAGE_INTEGRATIONS),
            "may_change_hours": has_permission(user, Permission.MANAGE_HOURS, hospital=doctor.hospital_id),
            "absence_is_ahead": link is not None and link.absence_until is not None and link.absence_until > at,
        }
        return TemplateResponse(request, "admin/integrations/cal_doctor.html", context)

    def _context(self, request: HttpRequest, doctor: Doctor, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "doctor": doctor}


def connection_text(connection: CalConnection | None) -> str:
    """How far the connecting is, or why it failed and what to do; empty where nobody asked."""
    if connection is None:
        return ""
    step = STEP_TEXTS.get(CalConnection.Step(connection.step)) if connection.step else None
    if connection.state == CalConnection.State.ASKED:
        if connection.reason:
            return _("Waits to be tried again: %(reason)s") % {"reason": reason_text(connection.reason)}
        return _("Waiting for its turn.")
    if connection.state == CalConnection.State.WORKING:
        return _("Being connected, now: %(step)s.") % {"step": step} if step else _("Being connected.")
    if connection.state == CalConnection.State.FAILED:
        return _("Not connected. %(reason)s") % {"reason": reason_text(connection.reason)}
    if connection.has_other_email:
        return _("Connected. The user in Cal.com has another email than the doctor here: is it the same person?")
    return _("Connected.")


def _link_of(doctor: Doctor) -> CalLink | None:
    return CalLink.objects.select_related("doctor__hospital").filter(pk=doctor.pk).first()


def _ids_of(doctor: Doctor) -> dict[str, int | None]:
    link = _link_of(doctor)
    if link is None:
        return {}
    return {
        "user_id": link.cal_user_id,
        "schedule_id": link.cal_schedule_id,
        "event_type_id": link.cal_event_type_id,
    }
