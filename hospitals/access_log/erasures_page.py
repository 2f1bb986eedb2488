"""Where an operator sees who asked to be erased, by no name, and has it carried out."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import ErasureRequest, User
from accounts.own_data.erasure import NotAsked, NotYet, approve_erasure, waits_of
from accounts.own_data.registry import holders
from accounts.permissions import Permission, has_permission
from hospitals.admin.base import acting_user

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


def erasures_page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    _operator(request)
    rows = ErasureRequest.objects.order_by("-asked_at", "-pk")[:SHOWN]
    shown = [{"request": row, "state": STATES[row.state]} for row in rows]
    return _page(request, site, "admin/erasures.html", {"rows": shown, "title": _("Erasure requests")})


def erasure_page(request: HttpRequest, pk: uuid.UUID, *, site: AdminSite) -> HttpResponse:
    """What will happen, what is in the way, and, once the word is typed, what was done."""
    user = _operator(request)
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


def _operator(request: HttpRequest) -> User:
    user = acting_user(request)
    if not has_permission(user, Permission.ERASE_PATIENTS):
        raise PermissionDenied
    return user


def _page(request: HttpRequest, site: AdminSite, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**site.each_context(request), **context})
