"""The page behind the portal's search box."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinical.patients.find import MOST, find_people, read_typed
from hospitals.admin.base import acting_user

MAX_TYPED = 100


def find_page(request: HttpRequest, *, site: AdminSite) -> HttpResponse:
    user = acting_user(request)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET"])
    text = request.GET.get("q", "")[:MAX_TYPED]
    typed = read_typed(text)
    context = {
        "text": text,
        "typed": typed,
        "found": find_people(typed, by=user, at=timezone.now()) if typed.says_enough else None,
        "most": MOST,
        "title": _("Find a person"),
    }
    return TemplateResponse(request, "admin/clinical/find.html", {**site.each_context(request), **context})
