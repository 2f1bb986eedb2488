"""Our middleware, and Django's that only pages need: the app's calls have no session, form, message or policy."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware as PolicyMiddleware
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import AuthenticationMiddleware as UserMiddleware
from django.contrib.messages.middleware import MessageMiddleware as FlashMiddleware
from django.contrib.sessions.middleware import SessionMiddleware as CookieMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware as PackingMiddleware
from django.middleware.locale import LocaleMiddleware as LanguageMiddleware
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from accounts.access_log.record import Surface, current_surface
from accounts.models import User
from accounts.staff_sign_in.second_factor import is_checked, needs_second_factor
from accounts.staff_sign_in.sessions import SessionLimitsMiddleware as LimitsMiddleware
from accounts.staff_sign_in.sessions import is_fragment
from config import error_pages, health, metrics
from core.api.errors import PROBLEM_CONTENT_TYPE
from core.client_address import client_address
from core.times import UTC
from integrations.calcom.inbound import webhook as calcom_webhooks
from integrations.vapi.inbound import webhook as vapi_webhooks

Handler = Callable[[HttpRequest], HttpResponse]
_SURFACES = {"/api/": "api", "/staff/": "staff", "/admin/": "admin", "/webhooks/": "webhook"}
# What a person whose sign-in is unfinished may still open, beside the page that comes first.
_ALWAYS_OPEN = ("/staff/logout/", "/staff/session/")
API = "/api/v1/"
_NO_GZIP = re.compile(r"\bgzip\s*;\s*q\s*=\s*0(\.0*)?\s*(,|$)", re.IGNORECASE)


class StraightThroughMiddleware:
    """Operators' addresses and vendors' webhooks: answered before the rest of the middleware runs.

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
            "/webhooks/vapi/": vapi_webhooks.receive,
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = self.views.get(request.path, self.get_response)
        return view(request)


class RequestContextMiddleware:
    """Gives the access log the surface and address that each request came from."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = next((name for prefix, name in _SURFACES.items() if request.path_info.startswith(prefix)), "web")
        surface = Surface(name, client_address(request, trusted_proxies=settings.TRUSTED_PROXY_COUNT))
        token = current_surface.set(surface)
        try:
            return self.get_response(request)
        finally:
            current_surface.reset(token)


class ApiAnswersMiddleware:
    """Every answer under `/api/` is kept out of shared and private caches unless it says otherwise, and no error is a
    page, not even the debug pages of development: the log has the traceback.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path_info.startswith("/api/"):
            return response
        if response.status_code >= 400 and response.get("Content-Type") != PROBLEM_CONTENT_TYPE:
            response = error_pages.problem(response.status_code)
        response.setdefault("Cache-Control", "private, no-store")
        return response


class GZipMiddleware(PackingMiddleware):
    """Django's, which takes `gzip;q=0`, a refusal, for a wish."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if _NO_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            patch_vary_headers(response, ("Accept-Encoding",))
            return response
        return super().process_response(request, response)


class UnfinishedSignInMiddleware:
    """Who has a temporary password, or lacks a second factor they need, gets no further than the page that mends it.

    In dashboards and admin alike; a page's script is told to turn the whole page there.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(("/staff/", "/admin/")) and isinstance(request.user, User):
            name = _unfinished_step(request, request.user)
            if name is not None and not request.path_info.startswith((reverse(name), *_ALWAYS_OPEN)):
                return _turn_to(request, name)
        return self.get_response(request)


def _unfinished_step(request: HttpRequest, user: User) -> str | None:
    """The name of the page that comes first. A session older than its person's second factor starts again."""
    if user.has_second_factor and not is_checked(request.session, user):
        logout(request)
        return "staff:login"
    if user.must_change_password:
        return "staff:password"
    if needs_second_factor(user) and not user.has_second_factor:
        return "staff:second-factor"
    return None


def _turn_to(request: HttpRequest, name: str) -> HttpResponse:
    if not is_fragment(request):
        return redirect(name)
    response = HttpResponse(status=204, headers={"HX-Redirect": reverse(name)})
    add_never_cache_headers(response)
    return response


class AdminPortalMiddleware:
    """On `/admin/` alone: times are the hospital's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        with timezone.override(_hospital_zone(request)):
            return self.get_response(request)


def _hospital_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    return request.user.hospital_zone() if isinstance(request.user, User) else UTC


class _PagesOnly:
    """Passes the app's calls by. With all of it, one visit is read 8 to 13 % fewer times a second (`make bench`)."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(API):
            return self.get_response(request)  # type: ignore[no-any-return]
        return super().__call__(request)  # type: ignore[misc,no-any-return]


class SessionMiddleware(_PagesOnly, CookieMiddleware):
    pass


class LocaleMiddleware(_PagesOnly, LanguageMiddleware):
    pass


class AuthenticationMiddleware(_PagesOnly, UserMiddleware):
    pass


class MessageMiddleware(_PagesOnly, FlashMiddleware):
    pass


class SessionLimitsMiddleware(_PagesOnly, LimitsMiddleware):
    pass


class CSPMiddleware(_PagesOnly, PolicyMiddleware):
    pass
