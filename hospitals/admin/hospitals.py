from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from hospitals.admin.base import Badge, HospitalScopedAdmin, acting_user
from hospitals.hours.actions import save_hospital
from hospitals.models import Hospital
from hospitals.models.hospital import REMINDER_SETTINGS
from hospitals.staff.forms import HospitalForm


@admin.register(Hospital)
class HospitalAdminPage(HospitalScopedAdmin):
    form = HospitalForm
    list_title = _("Hospitals")
    list_display = ("name", "address", "zone", "visit_length", "open")
    search_fields = ("name",)
    search_help_text = _("Part of a name")
    ordering = ("name", "pk")
    fieldsets = (
        (None, {"fields": ("name", "address", "time_zone", "is_active")}),
        (_("Visits"), {"fields": ("visit_length_minutes", "buffer_minutes", "booking_notice_minutes")}),
        (_("Patients"), {"fields": ("reminders_enabled", REMINDER_SETTINGS)}),
        (_("Emergencies"), {"fields": ("emergency_text", "emergency_words")}),
        (_("Sign-in"), {"fields": ("second_factor_required",)}),
        (_("Booking calendar"), {"fields": ("cal_team_id",)}),
    )

    @display(description=_("time zone"), label={"missing": "warning", "set": "default"})
    def zone(self, hospital: Hospital) -> Badge:
        return Badge("set", hospital.time_zone) if hospital.time_zone else Badge("missing", _("not set"))

    @display(description=_("visit length"), ordering="visit_length_minutes")
    def visit_length(self, hospital: Hospital) -> str:
        return gettext("%(minutes)s minutes") % {"minutes": hospital.visit_length_minutes}

    @display(description=_("in use"), boolean=True)
    def open(self, hospital: Hospital) -> bool:
        return hospital.is_active

    def save_model(self, request: HttpRequest, obj: Hospital, form: Any, change: bool) -> None:
        save_hospital(hospital=obj, by=acting_user(request), at=timezone.now())
