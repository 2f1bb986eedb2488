from __future__ import annotations

from functools import partial
from typing import Any

from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


class WardbookAdminSite(UnfoldAdminSite):
    """The hospital admins' portal. Sign-in is the staff's one form."""

    site_header = _("Wardbook")
    site_title = _("Wardbook")
    index_title = _("Today")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from clinical.admin.recorded_admin import find_page
        from hospitals.access_log.operator_pages import (
            break_glass_page,
            end_break_glass_page,
            erasure_page,
            erasures_page,
        )
        from hospitals.emergencies.forms import emergencies_page
        from hospitals.staff.import_pages import StaffFilePages
        from integrations.admin.sms_figures import sms_figures_page

        open_page = self.admin_view(partial(break_glass_page, site=self))
        return [
            path("break-glass/", open_page, name="break_glass"),
            path("break-glass/<uuid:pk>/end/", self.admin_view(end_break_glass_page), name="break_glass_end"),
            path("emergencies/", self.admin_view(partial(emergencies_page, site=self)), name="emergencies"),
            path("erasures/", self.admin_view(partial(erasures_page, site=self)), name="erasures"),
            path("erasures/<uuid:pk>/", self.admin_view(partial(erasure_page, site=self)), name="erasure"),
            path("find/", self.admin_view(partial(find_page, site=self)), name="find"),
            *StaffFilePages(self).urls,
            path("text-messages/", self.admin_view(partial(sms_figures_page, site=self)), name="sms_figures"),
            *super().get_urls(),
        ]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        query = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
        return redirect(f"{reverse('staff:login')}?{query}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from django.contrib.auth import logout

        if request.method == "POST":
            logout(request)
        return redirect("staff:login")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("staff:password")

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # The package's view takes any page number for granted.
        try:
            answer: HttpResponse = super().search(request, extra_context)
        except (ValueError, InvalidPage) as error:
            raise Http404 from error
        return answer

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        # Each page would ask for it, and for every permission of every model; the side bar has a list of its own.
        return super().get_app_list(request, app_label) if app_label else []

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from accounts.access_log.break_glass import open_grants
        from accounts.models import User
        from clinical.visits.attention import remembered_count

        user = request.user if isinstance(request.user, User) else None
        hospital = getattr(request.user, "hospital", None)
        return {
            **super().each_context(request),
            "site_subheader": hospital.name if hospital else _("Platform"),
            "open_break_glass": open_grants(user) if user else [],
            "attention_count": remembered_count(user) if user else 0,
            "page_zone": timezone.get_current_timezone_name(),
        }
