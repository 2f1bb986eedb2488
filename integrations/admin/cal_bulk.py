"""Connecting all of a hospital's doctors who are not in Cal.com yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from accounts.permissions import Permission, has_permission
from hospitals.admin.base import ReadOnlyAdmin, acting_user
from hospitals.models import Doctor, Hospital
from integrations.admin.cal_pages import ConnectAllForm, connection_text
from integrations.calcom.setup.connect_queue import ask_to_connect_all


@dataclass(frozen=True, slots=True)
class Waiting:
    name: str
    address: str
    text: str
    is_open: bool


def not_connected(hospital: Hospital) -> QuerySet[Any]:
    """Active doctors who cannot be booked: no link, or one that leads nowhere any more."""
    missing = Q(cal_link__isnull=True) | Q(cal_link__cal_event_type_id__isnull=True)
    rows = Doctor.objects.filter(missing | Q(cal_link__problem__isnull=False), hospital=hospital)
    return rows.active().with_names().select_related("cal_connection").order_by("user__profile__full_name", "pk")


class CalBulkPages(ReadOnlyAdmin):
    actions_list = ("connect_all",)

    def has_connect_permission(self, request: HttpRequest) -> bool:
        user = acting_user(request)
        return any(has_permission(user, one) for one in (Permission.MANAGE_HOURS, Permission.MANAGE_INTEGRATIONS))

    @action(description=gettext_lazy("Connect doctors"), permissions=["connect"], url_path="connect")
    def connect_all(self, request: HttpRequest) -> HttpResponse:
        if not self.has_connect_permission(request):
            raise PermissionDenied
        user = acting_user(request)
        given = request.POST if request.method == "POST" else request.GET
        form = ConnectAllForm(given if "hospital" in given else None, user=user)
        hospital = _own(user.hospital) if not user.is_operator else None
        if hospital is None and form.is_bound and form.is_valid():
            hospital = form.cleaned_data["hospital"]
        if request.method == "POST" and hospital is not None:
            self._ask(request, hospital)
            return HttpResponseRedirect(f"{request.path}?hospital={hospital.pk}")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Connect doctors to Cal.com"),
            "opts": self.opts,
            "form": form if user.is_operator else None,
            "hospital": hospital,
            "waiting": [_row(doctor) for doctor in not_connected(hospital)] if hospital else [],
        }
        return TemplateResponse(request, "admin/integrations/cal_connect_all.html", context)

    def _ask(self, request: HttpRequest, hospital: Hospital) -> None:
        user = acting_user(request)
        count = ask_to_connect_all(doctors=not_connected(hospital), by=user, at=timezone.now())
        text = ngettext("%(count)d doctor is being connected.", "%(count)d doctors are being connected.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


def _own(hospital: Any) -> Hospital:
    if not isinstance(hospital, Hospital):
        raise PermissionDenied
    return hospital


def _row(doctor: Doctor) -> Waiting:
    connection = getattr(doctor, "cal_connection", None)
    return Waiting(
        name=doctor.full_name,
        address=reverse("admin:integrations_callink_doctor", args=[doctor.pk]),
        text=connection_text(connection) or _("Not connected."),
        is_open=connection is not None and connection.is_open,
    )
