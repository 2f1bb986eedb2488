from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from clinical.agenda.doctor_day import doctor_day
from clinical.agenda.doctor_week import DAYS, doctor_week
from clinical.dashboard.access import StaffRequest, doctor_page
from clinical.dashboard.live import live_page
from core.times import shifted


@doctor_page
@require_GET
def day(request: StaffRequest, date: dt.date | None = None) -> HttpResponse:
    now = timezone.now()
    today = timezone.localdate(now)
    shown = date or today
    context = {
        "day": doctor_day(user=request.user, date=shown, at=now),
        "today": today,
        "day_before": shifted(shown, -1),
        "day_after": shifted(shown, 1),
        "live_url": reverse("staff:doctor-day", kwargs={"date": shown}),
    }
    return live_page(request, page="clinical/doctor_day.html", part="clinical/_doctor_day.html", context=context)


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
