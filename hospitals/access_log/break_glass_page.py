"""Where an operator opens a hospital's records with a stated reason, and closes them again."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.access_log.break_glass import AlreadyOpen, NotOpen, break_the_glass, end_break_glass
from accounts.models import BreakGlassGrant, User
from accounts.models.access import MIN_REASON_LENGTH
from accounts.permissions import Permission, has_permission
from hospitals.admin.base import acting_user
from hospitals.models import Hospital

MAX_REASON_LENGTH = 500


class BreakGlassForm(forms.Form):
    hospital = forms.ModelChoiceField(
        Hospital.objects.none(), label=gettext_lazy("Hospital"), widget=UnfoldAdminSelectWidget()
    )
    reason = forms.CharField(
        label=gettext_lazy("Why it is needed"),
        help_text=gettext_lazy("Name no patient. The hospital's access log keeps it."),
        min_length=MIN_REASON_LENGTH,
        max_length=MAX_REASON_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hospital"].queryset = Hospital.objects.for_user(user).order_by("name", "pk")  # type: ignore[attr-defined]

    def clean_reason(self) -> str:
        """Spaces do not make a reason longer."""
        reason = " ".join(str(self.cleaned_data["reason"]).split())
        if len(reason) < MIN_REASON_LENGTH:
            raise forms.ValidationError(_("Say in at least 10 characters why this is needed."), code="reason_too_short")
        return reason


def break_glass_page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    """The form, then what it would do, then, once confirmed, the records."""
    user = _operator(request)
    form = BreakGlassForm(request.POST if request.method == "POST" else None, user=user)
    if not form.is_valid():
        return _page(request, site, "admin/break_glass.html", {"form": form, "title": _("Break the glass")})
    hospital, reason = form.cleaned_data["hospital"], form.cleaned_data["reason"]
    if "confirmed" not in request.POST:
        context = {"hospital": hospital, "reason": reason, "title": _("Open this hospital's records?")}
        return _page(request, site, "admin/break_glass_confirm.html", context)
    try:
        break_the_glass(by=user, hospital_id=hospital.pk, reason=reason, at=timezone.now())
    except AlreadyOpen as refusal:
        messages.warning(request, str(refusal.message))
    return redirect("admin:index")


def end_break_glass_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = _operator(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        end_break_glass(by=user, grant_id=pk, at=timezone.now())
    except BreakGlassGrant.DoesNotExist:
        raise Http404 from None
    except NotOpen as refusal:
        messages.warning(request, str(refusal.message))
    else:
        messages.success(request, _("The records are closed to you again."))
    return redirect("admin:index")


def _operator(request: HttpRequest) -> User:
    user = acting_user(request)
    if not has_permission(user, Permission.BREAK_GLASS):
        raise PermissionDenied
    return user


def _page(request: HttpRequest, site: AdminSite, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**site.each_context(request), **context})
