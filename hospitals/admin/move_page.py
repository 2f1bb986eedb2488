"""Where an operator moves a doctor to another hospital."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.permissions import Permission, has_permission
from hospitals.actions.move_doctor import DoctorHasOpenRecords, move_doctor
from hospitals.admin.base import HospitalScopedAdmin, acting_user
from hospitals.models import Doctor, Hospital

# A mixin beside `HospitalScopedAdmin`, whose methods it uses.
if TYPE_CHECKING:
    _Base = HospitalScopedAdmin
else:
    _Base = ModelAdmin


class MoveForm(forms.Form):
    hospital = forms.ModelChoiceField(
        Hospital.objects.none(), label=gettext_lazy("New hospital"), widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, *args: Any, doctor: Doctor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Hospital.objects.filter(is_active=True).exclude(pk=doctor.hospital_id)
        self.fields["hospital"].queryset = others.order_by("name", "pk")  # type: ignore[attr-defined]


class MovePage(_Base):
    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_move"
        return [path("<uuid:pk>/move/", self.admin_site.admin_view(self.move_view), name=name), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"can_move": _may_move(request), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def move_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        if not _may_move(request):
            raise PermissionDenied
        doctor: Doctor | None = self.own_object(request, str(pk))
        if doctor is None:
            return self.not_found(request, str(pk))
        form = MoveForm(request.POST if request.method == "POST" else None, doctor=doctor)
        if form.is_valid():
            hospital: Hospital = form.cleaned_data["hospital"]
            try:
                move_doctor(doctor=doctor, hospital=hospital, by=acting_user(request), at=timezone.now())
            except DoctorHasOpenRecords as refusal:
                form.add_error(None, forms.ValidationError(_open_records_text(), code=refusal.code))
            else:
                return self._moved(request, doctor, hospital)
        context = {
            "form": form,
            "doctor": doctor,
            "name": self.name_of(doctor),
            "title": _("Move to another hospital"),
            "opts": self.opts,
            "back": self.address("change", doctor.pk),
        }
        each = self.admin_site.each_context(request)
        return TemplateResponse(request, "admin/hospitals/staff_move.html", {**each, **context})

    def _moved(self, request: HttpRequest, doctor: Doctor, hospital: Hospital) -> HttpResponse:
        text = _("%(name)s works at %(hospital)s now. Their weekly hours went along: the hospital should look at them.")
        self.message_user(request, text % {"name": self.name_of(doctor), "hospital": hospital.name})
        return HttpResponseRedirect(self.address("change", doctor.pk))


def _may_move(request: HttpRequest) -> bool:
    return has_permission(acting_user(request), Permission.MANAGE_HOSPITALS)


def _open_records_text() -> str:
    return _(
        "This doctor still has booked visits here, or prescriptions that are not dispensed yet. Hold or cancel the"
        " visits, and have the prescriptions dispensed or withdrawn; then move the doctor. Nothing was changed."
    )
