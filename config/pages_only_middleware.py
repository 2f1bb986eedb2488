"""Middleware that only pages need. The patient app's calls have no session, form, message or policy, and pass it by."""

from __future__ import annotations

from typing import Any

from csp.middleware import CSPMiddleware as PolicyMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware as UserMiddleware
from django.contrib.messages.middleware import MessageMiddleware as FlashMiddleware
from django.contrib.sessions.middleware import SessionMiddleware as CookieMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware as LanguageMiddleware

from accounts.staff_sign_in.sessions import SessionLimitsMiddleware as LimitsMiddleware

API = "/api/v1/"


class _PagesOnly:
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
