"""An operator's own pages: opening a hospital's records with a stated reason, and carrying out erasures by no name."""

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
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.access_log.break_glass import AlreadyOpen, NotOpen, break_the_glass, end_break_glass
from accounts.models import BreakGlassGrant, ErasureRequest, User
from accounts.models.access import MIN_REASON_LENGTH
from accounts.own_data.erasure import NotAsked, NotYet, approve_erasure, waits_of
from accounts.own_data.registry import holders
from accounts.permissions import Permission, has_permission
from hospitals.admin.base import acting_user
from hospitals.models import Hospital

MAX_REASON_LENGTH = 500
SHOWN = 200
State = ErasureRequest.State
STATES: dict[str, Any] = {
    State.ASKED: lazy("asked"),
    State.WITHDRAWN: lazy("withdrawn"),
    State.APPROVED: lazy("being carried out"),
    State.DONE: lazy("done"),
}
WAITS: dict[str, Any] = {
    "open_visits": lazy("visits to come"),
    "undispensed_prescriptions": lazy("prescriptions not dispensed yet"),
    "open_requests": lazy("bookings that the calendar has not answered"),
}
COUNTS: dict[str, Any] = {
    "names": lazy("names and pictures"),
    "devices": lazy("signed-in devices"),
    "known_devices": lazy("known devices"),
    "codes": lazy("codes"),
    "text_messages": lazy("text messages' numbers"),
    "idempotency_keys": lazy("the app's request keys"),
    "guest_visits": lazy("past visits as a guest"),
    "bookings_without_visit": lazy("bookings not yet known well enough for a visit"),
    "guest_webhook_bodies": lazy("webhooks about those"),
    "visits_left_to_guests": lazy("unconfirmed visits left to a guest"),
    "visits": lazy("visits"),
    "prescription_notes": lazy("notes on prescriptions"),
    "prescription_messages": lazy("messages about prescriptions"),
    "talks": lazy("talks with the assistant"),
    "booking_reasons": lazy("reasons given with bookings"),
    "webhook_bodies": lazy("webhooks"),
    "calls": lazy("reports of calls"),
    "calls_by_number": lazy("messages about calls from the number"),
}


class BreakGlassForm(forms.Form):
    hospital = forms.ModelChoiceField(
        Hospital.objects.none(),
        label=gettext_lazy("Hospital"),
        empty_label=gettext_lazy("Choose one"),
        widget=UnfoldAdminSelectWidget(),
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
    came_from = _came_from(request)
    if not form.is_valid():
        context = {"form": form, "came_from": came_from, "title": _("Break the glass")}
        return _page(request, site, "admin/break_glass.html", context)
    hospital, reason = form.cleaned_data["hospital"], form.cleaned_data["reason"]
    if "confirmed" not in request.POST:
        title = _("Open this hospital's records?")
        context = {"hospital": hospital, "reason": reason, "came_from": came_from, "title": title}
        return _page(request, site, "admin/break_glass_confirm.html", context)
    try:
        break_the_glass(by=user, hospital_id=hospital.pk, reason=reason, at=timezone.now())
    except AlreadyOpen as refusal:
        messages.warning(request, str(refusal.message))
    return redirect(came_from or "admin:clinical_appointment_changelist")


def _came_from(request: HttpRequest) -> str:
    """The page with records that the operator was about to open; empty for any other."""
    address = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_ours and address.startswith(reverse("admin:app_list", args=["clinical"])) else ""


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


def erasures_page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    _eraser(request)
    rows = ErasureRequest.objects.order_by("-asked_at", "-pk")[:SHOWN]
    shown = [{"request": row, "state": STATES[row.state]} for row in rows]
    return _page(request, site, "admin/erasures.html", {"rows": shown, "title": _("Erasure requests")})


def erasure_page(request: HttpRequest, pk: uuid.UUID, *, site: AdminSite) -> HttpResponse:
    """What will happen, what is in the way, and, once the word is typed, what was done."""
    user = _eraser(request)
    asked = ErasureRequest.objects.filter(pk=pk).first()
    if asked is None:
        raise Http404
    error = ""
    if request.method == "POST":
        if request.POST.get("word", "").strip().upper() == str(_word()).upper():
            return _approve(request, asked, by=user)
        error = _("Type the word as it stands there.")
    waits = waits_of(asked.patient_id, at=timezone.now()) if asked.state == State.ASKED else []
    context = {
        "asked": asked,
        "state": STATES[asked.state],
        "waits": [(WAITS.get(one.code, one.code), one.count) for one in waits],
        "report": [(COUNTS.get(name, name), count) for name, count in asked.report.items()],
        "elsewhere": [number for holder in holders() for number in holder.elsewhere(asked.patient_id)],
        "word": _word(),
        "error": error,
        "title": _("Erasure request"),
    }
    return _page(request, site, "admin/erasure.html", context)


def _approve(request: HttpRequest, asked: ErasureRequest, *, by: User) -> HttpResponse:
    try:
        approve_erasure(by=by, request_id=asked.pk, at=timezone.now())
    except (NotYet, NotAsked) as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("The person is erased. What was said and sent about them follows within minutes."))
    return redirect("admin:erasure", pk=asked.pk)


def _word() -> str:
    return _("ERASE")


def _eraser(request: HttpRequest) -> User:
    user = acting_user(request)
    if not has_permission(user, Permission.ERASE_PATIENTS):
        raise PermissionDenied
    return user
