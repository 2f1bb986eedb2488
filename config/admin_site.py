from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


class WardbookAdminSite(UnfoldAdminSite):
    """The hospital admins' portal. Sign-in is the staff's one form."""

    site_header = _("Wardbook")
    site_title = _("Wardbook")
    index_title = _("Today")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        query = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
        return redirect(f"{reverse('staff:login')}?{query}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from django.contrib.auth import logout

        if request.method == "POST":
            logout(request)
        return redirect("staff:login")
