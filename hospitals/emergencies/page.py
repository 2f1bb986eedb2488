"""The hospital's own page of what patients are told in an emergency. An operator has it on the hospital's page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import Permission, has_permission
from hospitals.admin.base import acting_user
from hospitals.emergencies.actions import save_emergency_answer
from hospitals.emergencies.forms import EmergencyForm
from hospitals.models import Hospital


def emergencies_page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    user = acting_user(request)
    if user.hospital_id is None or not has_permission(user, Permission.MANAGE_EMERGENCIES, hospital=user.hospital_id):
        raise PermissionDenied
    hospital = Hospital.objects.for_user(user).get(pk=user.hospital_id)
    before = {"text": hospital.emergency_text or "", "words": hospital.emergency_words or ""}
    form = EmergencyForm(request.POST if request.method == "POST" else None, initial=before)
    if form.is_valid():
        save_emergency_answer(hospital_id=hospital.pk, by=user, at=timezone.now(), **form.cleaned_data)
        messages.success(request, _("Saved. It holds for the next message."))
        return redirect("admin:emergencies")
    context = {**site.each_context(request), "form": form, "hospital": hospital, "title": _("Emergencies")}
    return TemplateResponse(request, "admin/hospitals/emergencies.html", context)
