"""A doctor's week and time off: pages below the doctor's address in the portal."""

from __future__ import annotations

import datetime as dt
import re
import uuid
import zoneinfo
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.permissions import Permission, has_permission
from hospitals.actions.hours import replace_weekly_hours
from hospitals.actions.time_off import add_time_off, cancel_time_off
from hospitals.admin.base import HospitalScopedAdmin, acting_user
from hospitals.forms import TimeOffForm
from hospitals.hours import DAYS, Window, join_shifts
from hospitals.models import Doctor, DoctorTimeOff
from hospitals.ports import schedule_publisher
from hospitals.week_form import (
    Rows,
    WeekForm,
    rows_of,
    typed_rows,
    with_blank_row,
    with_copied_day,
    without_row,
)

_ADD = re.compile(r"add-([1-7])")
_REMOVE = re.compile(r"remove-([1-7])-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class TimeOffRow:
    pk: uuid.UUID
    text: str
    reason: str


class HoursPages(HospitalScopedAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("<uuid:pk>/hours/", wrap(self.hours_view), name=f"{name}_hours"),
            path("<uuid:pk>/time-off/", wrap(self.time_off_view), name=f"{name}_time_off"),
            path(
                "<uuid:pk>/time-off/<uuid:time_off_pk>/cancel/",
                wrap(self.cancel_time_off_view),
                name=f"{name}_cancel_time_off",
            ),
            *super().get_urls(),
        ]

    def has_hours_permission(self, request: HttpRequest, doctor: Doctor | None = None) -> bool:
        hospital = doctor.hospital_id if doctor else None
        return has_permission(acting_user(request), Permission.MANAGE_HOURS, hospital=hospital)

    @display(description=gettext_lazy("hours"))
    def hours_link(self, doctor: Doctor) -> SafeString:
        return format_html('<a class="text-link" href="{}">{}</a>', self.address("hours", doctor.pk), _("Weekly hours"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"can_change_hours": self.has_hours_permission(request), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def hours_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        doctor = self._doctor(request, pk)
        if doctor is None:
            return self.not_found(request, str(pk))
        if request.method != "POST":
            return self._hours_page(request, doctor)
        rows, what = typed_rows(request.POST), request.POST.get("do", "")
        if what != "save":
            return self._hours_page(request, doctor, week=_edited(request, rows, what))
        week = WeekForm(rows, is_bound=True)
        if not week.is_valid():
            return self._hours_page(request, doctor, week=week)
        replace_weekly_hours(doctor=doctor, windows=week.windows, by=acting_user(request), at=timezone.now())
        self.message_user(request, _("Hours saved."), messages.SUCCESS)
        return HttpResponseRedirect(self.address("hours", pk))

    def time_off_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        doctor = self._doctor(request, pk)
        if doctor is None:
            return self.not_found(request, str(pk))
        if request.method != "POST":
            return HttpResponseRedirect(self.address("hours", pk))
        form = TimeOffForm(request.POST, zone=zone_of(doctor))
        if not form.is_valid():
            return self._hours_page(request, doctor, time_off_form=form)
        facts = {name: form.cleaned_data[name] for name in ("starts_at", "ends_at", "is_whole_days", "reason")}
        add_time_off(doctor=doctor, **facts, by=acting_user(request), at=timezone.now())
        self.message_user(request, _("Time off saved."), messages.SUCCESS)
        return HttpResponseRedirect(self.address("hours", pk))

    def cancel_time_off_view(self, request: HttpRequest, pk: uuid.UUID, time_off_pk: uuid.UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        doctor = self._doctor(request, pk)
        if doctor is None:
            return self.not_found(request, str(pk))
        time_off = DoctorTimeOff.objects.select_related("doctor").filter(doctor=doctor, pk=time_off_pk).first()
        if time_off:
            cancel_time_off(time_off=time_off, by=acting_user(request), at=timezone.now())
        self.message_user(request, _("Time off cancelled."), messages.SUCCESS)
        return HttpResponseRedirect(self.address("hours", pk))

    def _doctor(self, request: HttpRequest, pk: uuid.UUID) -> Doctor | None:
        doctor: Doctor | None = self.own_object(request, str(pk))
        if doctor is not None and not self.has_hours_permission(request, doctor):
            raise PermissionDenied
        return doctor

    def _hours_page(
        self,
        request: HttpRequest,
        doctor: Doctor,
        *,
        week: WeekForm | None = None,
        time_off_form: TimeOffForm | None = None,
    ) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Hours of %(name)s") % {"name": self.name_of(doctor)},
            "opts": self.opts,
            "doctor": doctor,
            "week": week or WeekForm(rows_of(join_shifts(windows_of(doctor))), is_bound=False),
            "is_unsaved": week is not None,
            "state": schedule_publisher().state(doctor.pk),
            "zone": zone_of(doctor),
            "time_off": _time_off_rows(doctor, at=timezone.now()),
            "time_off_form": time_off_form or TimeOffForm(zone=zone_of(doctor)),
        }
        return TemplateResponse(request, "admin/hospitals/doctor/hours.html", context)


def windows_of(doctor: Doctor) -> list[Window]:
    return [Window(row.day_of_week, row.start_time, row.end_time) for row in doctor.availability.all()]


def zone_of(doctor: Doctor) -> zoneinfo.ZoneInfo | None:
    name = doctor.hospital.time_zone
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        # Other programs write this column too.
        return None


def _time_off_rows(doctor: Doctor, *, at: dt.datetime) -> list[TimeOffRow]:
    rows = doctor.time_off.filter(ends_at__gt=at)
    return [TimeOffRow(off.pk, _span_text(off, zone_of(doctor)), off.reason) for off in rows]


def _span_text(off: DoctorTimeOff, zone: zoneinfo.ZoneInfo | None) -> str:
    start, end = localtime(off.starts_at, zone), localtime(off.ends_at, zone)
    if not off.is_whole_days:
        return f"{date_format(start, 'j M Y, H:i')} - {date_format(end, 'j M Y, H:i')}"
    # It ends at the midnight after its last day.
    first, last = start.date(), (end - dt.timedelta(seconds=1)).date()
    days = [first] if first == last else [first, last]
    return " - ".join(date_format(day, "j M Y") for day in days)


def _edited(request: HttpRequest, rows: Rows, what: str) -> WeekForm:
    """The week with a row added or removed or a day copied: shown again, not saved."""
    if match := _ADD.fullmatch(what):
        day = int(match[1])
        return WeekForm(with_blank_row(rows, day), is_bound=False, focus_on=day)
    if match := _REMOVE.fullmatch(what):
        day = int(match[1])
        return WeekForm(without_row(rows, day, int(match[2])), is_bound=False, focus_on=day)
    if what == "copy":
        source, *_rest = _days(request.POST.getlist("copy_from")) or [0]
        rows = with_copied_day(rows, source, _days(request.POST.getlist("copy_to"))) if source else rows
    return WeekForm(rows, is_bound=False)


def _days(values: list[str]) -> list[int]:
    return [day for day in DAYS if str(day) in values]
