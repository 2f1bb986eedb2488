"""A doctor's days and weeks; the own hours and time off, and what becomes of the visits these hit."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinical.agenda.doctor_day import doctor_day
from clinical.agenda.doctor_week import DAYS, doctor_week
from clinical.dashboard.pages import StaffRequest, doctor_page, is_poll, live_page, sent_to
from core.refusals import NotPermitted, Refused
from core.times import known_zone, shifted
from hospitals.hours.actions import VisitsHit, add_time_off, cancel_time_off, replace_weekly_hours
from hospitals.hours.forms import TimeOffForm, WeekForm, edited_week, typed_rows
from hospitals.hours.hit_visits_step import given_answers, goes_back, visit_step
from hospitals.hours.page import hours_context, span_text, week_text
from hospitals.models import Doctor, DoctorTimeOff

VIEWS = ("timeline", "list")
VIEW_KEPT_FOR = dt.timedelta(days=365)


@doctor_page
@require_GET
def day(request: StaffRequest, date: dt.date | None = None) -> HttpResponse:
    now = timezone.now()
    today = timezone.localdate(now)
    shown = date or today
    view = _chosen_view(request)
    context = {
        "day": doctor_day(user=request.user, date=shown, at=now),
        "today": today,
        "view": view,
        "day_before": shifted(shown, -1),
        "day_after": shifted(shown, 1),
        "live_url": f"{reverse('staff:doctor-day', kwargs={'date': shown})}?view={view}",
    }
    response = live_page(request, page="clinical/doctor_day.html", part="clinical/_doctor_day.html", context=context)
    if request.GET.get("view") == view and not is_poll(request):
        response.set_cookie(
            _view_cookie(request), view, max_age=VIEW_KEPT_FOR, path=reverse("staff:doctor-day"),
            secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
        )  # fmt: skip
    return response


def _chosen_view(request: StaffRequest) -> str:
    """As the address says, else as the person chose last in this browser."""
    wished = request.GET.get("view") or request.COOKIES.get(_view_cookie(request))
    return wished if wished in VIEWS else VIEWS[0]


def _view_cookie(request: StaffRequest) -> str:
    return f"day-view-{request.user.pk}"


@doctor_page
@require_GET
def week(request: StaffRequest, date: dt.date | None = None) -> HttpResponse:
    now = timezone.now()
    today = timezone.localdate(now)
    shown = doctor_week(user=request.user, date=date or today, at=now)
    context = {
        "week": shown,
        "today": today,
        "week_before": shifted(shown.first, -DAYS),
        "week_after": shifted(shown.first, DAYS),
        "live_url": reverse("staff:doctor-week", kwargs={"date": shown.first}),
    }
    return live_page(request, page="clinical/doctor_week.html", part="clinical/_doctor_week.html", context=context)


@doctor_page
@require_http_methods(["GET", "POST"])
def own_hours(request: StaffRequest) -> HttpResponse:
    doctor = _own_row(request)
    if request.method == "GET":
        return _page(request, doctor)
    rows = typed_rows(request.POST)
    if request.POST.get("do") != "save":
        return _page(request, doctor, week=edited_week(rows, request.POST))
    typed = WeekForm(rows, is_bound=True)
    is_valid = typed.is_valid()
    if not is_valid or goes_back(request.POST):
        return _page(request, doctor, week=typed, status=200 if is_valid else 422)
    answers = given_answers(request.POST)
    try:
        replace_weekly_hours(doctor=doctor, windows=typed.windows, answers=answers, by=request.user, at=timezone.now())
    except VisitsHit as hit:
        return _visits_page(request, doctor, hit, title=_("New weekly hours"), saves=week_text(typed.windows))
    except NotPermitted:
        raise
    except Refused as refused:
        messages.error(request, str(refused.message))
        return _page(request, doctor, week=typed, status=422)
    messages.success(request, _("Hours saved."))
    return redirect("staff:doctor-hours")


@doctor_page
@require_http_methods(["GET", "POST"])
def time_off(request: StaffRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("staff:doctor-hours")
    doctor = _own_row(request)
    form = TimeOffForm(request.POST, zone=known_zone(doctor.hospital.time_zone))
    is_valid = form.is_valid()
    if not is_valid or goes_back(request.POST):
        return _page(request, doctor, time_off_form=form, status=200 if is_valid else 422)
    facts = {name: form.cleaned_data[name] for name in ("starts_at", "ends_at", "is_whole_days", "reason")}
    answers = given_answers(request.POST)
    try:
        add_time_off(doctor=doctor, **facts, answers=answers, by=request.user, at=timezone.now())
    except VisitsHit as hit:
        saves = span_text(DoctorTimeOff(**facts), form.zone)
        return _visits_page(request, doctor, hit, title=_("Time off"), saves=saves)
    except NotPermitted:
        raise
    except Refused as refused:
        form.add_error("first_day", str(refused.message))
        return _page(request, doctor, time_off_form=form, status=422)
    messages.success(request, _("Time off saved."))
    return redirect("staff:doctor-hours")


@doctor_page
@sent_to("staff:doctor-hours", of_record=False)
def cancel_own_time_off(request: StaffRequest, time_off_pk: uuid.UUID) -> HttpResponse:
    planned = DoctorTimeOff.objects.filter(doctor=request.user.pk).select_related("doctor")
    cancel_time_off(time_off=get_object_or_404(planned, pk=time_off_pk), by=request.user, at=timezone.now())
    messages.success(request, _("Time off removed. Patients can book in it again."))
    return redirect("staff:doctor-hours")


def _own_row(request: StaffRequest) -> Doctor:
    own = Doctor.objects.for_user(request.user).select_related("hospital")
    row: Doctor = get_object_or_404(own, pk=request.user.pk)
    return row


def _page(
    request: StaffRequest,
    doctor: Doctor,
    *,
    week: WeekForm | None = None,
    time_off_form: TimeOffForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = hours_context(doctor, by=request.user, at=timezone.now(), week=week, time_off_form=time_off_form)
    return render(request, "clinical/doctor_hours.html", context, status=status)


def _visits_page(request: StaffRequest, doctor: Doctor, hit: VisitsHit, *, title: str, saves: str) -> HttpResponse:
    step = visit_step(request.POST, hit.visits, by=request.user)
    context = {"title": title, "saves": saves, "zone": known_zone(doctor.hospital.time_zone), "step": step}
    return render(request, "clinical/hours_visits.html", context)
