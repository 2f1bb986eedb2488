"""A doctor's week, time off and the visits these hit: pages below the doctor's address in the portal."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.permissions import Permission, has_permission
from core.refusals import NotPermitted, Refused
from core.times import known_zone
from hospitals.admin.base import HospitalScopedAdmin, acting_user
from hospitals.hours.actions import (
    TimeOffOver,
    TimeOffTaken,
    VisitsHit,
    add_time_off,
    cancel_time_off,
    replace_weekly_hours,
)
from hospitals.hours.forms import TimeOffForm, WeekForm, edited_week, typed_rows
from hospitals.hours.hit_visits_step import (
    CHOICES,
    as_choice,
    given_answers,
    goes_back,
    needs_message,
    typed_reason,
    visit_step,
)
from hospitals.hours.page import colleagues_with_hours, hours_context, rows_of_colleague, span_text, week_text
from hospitals.models import Doctor, DoctorTimeOff
from hospitals.ports import booked_visits, schedule_publisher


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
            path("<uuid:pk>/visits/<uuid:visit_id>/", wrap(self.decide_visit_view), name=f"{name}_decide_visit"),
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
        context = {
            "can_change_hours": self.has_hours_permission(request),
            "calendar_page": schedule_publisher().address(uuid.UUID(object_id)) if _is_uuid(object_id) else "",
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, context)

    def hours_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        doctor = self._doctor(request, pk)
        if doctor is None:
            return self.not_found(request, str(pk))
        if request.method != "POST":
            return self._hours_page(request, doctor)
        rows = typed_rows(request.POST)
        if request.POST.get("do") == "take":
            taken = rows_of_colleague(doctor, request.POST.get("take_from", ""), by=acting_user(request))
            rows = rows if taken is None else taken
        if request.POST.get("do") != "save":
            return self._hours_page(request, doctor, week=edited_week(rows, request.POST))
        week = WeekForm(rows, is_bound=True)
        if not week.is_valid() or goes_back(request.POST):
            return self._hours_page(request, doctor, week=week)
        try:
            replace_weekly_hours(
                doctor=doctor,
                windows=week.windows,
                answers=given_answers(request.POST),
                by=acting_user(request),
                at=timezone.now(),
            )
        except VisitsHit as hit:
            title, saves = _("New weekly hours of %(name)s"), week_text(week.windows) or _("no hours")
            return self._visits_page(request, doctor, hit, title=title, saves=saves)
        self.message_user(request, _("Hours saved."), messages.SUCCESS)
        return HttpResponseRedirect(self.address("hours", pk))

    def time_off_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        doctor = self._doctor(request, pk)
        if doctor is None:
            return self.not_found(request, str(pk))
        if request.method != "POST":
            return HttpResponseRedirect(self.address("hours", pk))
        form = TimeOffForm(request.POST, zone=known_zone(doctor.hospital.time_zone))
        if not form.is_valid() or goes_back(request.POST):
            return self._hours_page(request, doctor, time_off_form=form)
        facts = {name: form.cleaned_data[name] for name in ("starts_at", "ends_at", "is_whole_days", "reason")}
        answers = given_answers(request.POST)
        try:
            add_time_off(doctor=doctor, **facts, answers=answers, by=acting_user(request), at=timezone.now())
        except VisitsHit as hit:
            return self._visits_page(
                request,
                doctor,
                hit,
                title=_("Time off of %(name)s"),
                saves=span_text(DoctorTimeOff(**facts), form.zone),
            )
        except (TimeOffOver, TimeOffTaken) as refused:
            form.add_error("first_day", str(refused.message))
            return self._hours_page(request, doctor, time_off_form=form)
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
        self.message_user(request, _("Time off removed. Patients can book in it again."), messages.SUCCESS)
        return HttpResponseRedirect(self.address("hours", pk))

    def decide_visit_view(self, request: HttpRequest, pk: uuid.UUID, visit_id: uuid.UUID) -> HttpResponse:
        """Another choice about one visit: later than the hours or the time off that hit it."""
        doctor = self._doctor(request, pk)
        if doctor is None:
            return self.not_found(request, str(pk))
        by, back = acting_user(request), self.address("hours", pk)
        shown = booked_visits().shown([visit_id], by=by)
        choice = as_choice(request.POST.get("choice"))
        if not shown:
            self.message_user(request, _("There is no such appointment."), messages.ERROR)
            return HttpResponseRedirect(back)
        # As on the page that lists them: a reason for the patient; what is kept or cancelled is asked once more.
        is_message_missing = needs_message(choice) and not typed_reason(request.POST)
        is_sure = choice == "ask_to_move" or request.POST.get("confirmed") == choice
        if request.method != "POST" or choice is None or is_message_missing or not is_sure:
            context = {
                "visit": shown[0],
                "choices": CHOICES,
                "chosen": choice or shown[0].choice,
                "to_confirm": None if is_message_missing else choice,
                "is_message_missing": is_message_missing,
                "reason": typed_reason(request.POST),
                "back": back,
                "title": _("A booked appointment"),
            }
            return self._page(request, "visit_choice", context)
        try:
            booked_visits().decide_one(visit_id, choice, reason=typed_reason(request.POST), by=by, at=timezone.now())
            self.message_user(request, _("Saved."), messages.SUCCESS)
        except NotPermitted:
            raise
        except Refused as refused:
            self.message_user(request, refused.message, messages.ERROR)
        return HttpResponseRedirect(back)

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
        by, title = acting_user(request), _("Hours of %(name)s") % {"name": self.name_of(doctor)}
        context = hours_context(doctor, by=by, at=timezone.now(), week=week, time_off_form=time_off_form)
        colleagues = colleagues_with_hours(doctor, by=by)
        return self._page(request, "hours", {"title": title, "colleagues": colleagues, **context})

    def _visits_page(
        self, request: HttpRequest, doctor: Doctor, hit: VisitsHit, *, title: str, saves: str
    ) -> HttpResponse:
        context = {
            "saves": saves,
            "title": title % {"name": self.name_of(doctor)},
            "zone": known_zone(doctor.hospital.time_zone),
            "step": visit_step(request.POST, hit.visits, by=acting_user(request)),
        }
        return self._page(request, "visits_hit", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        everywhere = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/hospitals/doctor/{name}.html", {**everywhere, **context})


def _is_uuid(text: str | None) -> bool:
    try:
        uuid.UUID(text)
    except (TypeError, ValueError):
        return False
    return True
