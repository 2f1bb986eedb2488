from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.audit import Surface, current_surface
from accounts.client_address import client_address
from accounts.models import User
from config import health, metrics
from integrations.calcom import webhooks as calcom_webhooks

Handler = Callable[[HttpRequest], HttpResponse]

_SURFACES = {"/api/": "api", "/staff/": "staff", "/admin/": "admin", "/webhooks/": "webhook"}
# What a person with a temporary password may still open.
_OPEN_WHILE_PASSWORD_IS_TEMPORARY = ("/staff/password/", "/staff/logout/", "/static/")


class HealthMiddleware:
    """Answers what needs nothing of the rest, before any of it runs.

    The operators' addresses must work when the rest does not. A vendor's webhook has no session, language or form,
    and passing it by what pages need would cost as much as storing it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.views: dict[str, Handler] = {
            "/healthz": health.healthz,
            "/readyz": health.readyz,
            "/metrics": metrics.metrics,
            "/webhooks/calcom/": calcom_webhooks.receive,
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = self.views.get(request.path, self.get_response)
        return view(request)


class RequestContextMiddleware:
    """Gives each request an id for the logs, and the access log the surface and address it came from."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = next((name for prefix, name in _SURFACES.items() if request.path.startswith(prefix)), "web")
        surface = Surface(name, client_address(request, trusted_proxies=settings.TRUSTED_PROXY_COUNT))
        token = current_surface.set(surface)
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        try:
            return self.get_response(request)
        finally:
            structlog.contextvars.clear_contextvars()
            current_surface.reset(token)


class PasswordChangeMiddleware:
    """A temporary password opens nothing but the page that replaces it, in dashboards and admin alike."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(("/staff/", "/admin/")):
            return self.get_response(request)
        user = request.user
        blocked = (
            isinstance(user, User)
            and user.must_change_password
            and not request.path.startswith(_OPEN_WHILE_PASSWORD_IS_TEMPORARY)
        )
        return redirect(reverse("staff:password")) if blocked else self.get_response(request)


class AdminPortalMiddleware:
    """On `/admin/` alone: times are the hospital's, and the policy allows what the portal's scripts need."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return self.get_response(request)
        with timezone.override(_hospital_zone(request)):
            response = self.get_response(request)
        response._csp_update = settings.ADMIN_CSP_UPDATE  # type: ignore[attr-defined]  # read by django-csp
        return response


def _hospital_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    user = request.user
    hospital = user.hospital if isinstance(user, User) else None
    try:
        return zoneinfo.ZoneInfo(hospital.time_zone or "UTC" if hospital else "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        # Other programs write this column too.
        return zoneinfo.ZoneInfo("UTC")
