"""How long a session of the staff lives, and the cookie by which its browser is known.

The cookie is a signed random secret that signs nobody in. One browser has one secret, whoever signs in there;
`LoginDevice` says for whom it is known.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

_SALT = "accounts.device"
STARTED, ACTIVE = "started_at", "active_at"
# Activity is noted no finer than this, so that not every request writes.
NOTED_EVERY = dt.timedelta(minutes=1)
Handler = Callable[[HttpRequest], HttpResponse]


def device_secret(request: HttpRequest | None) -> str | None:
    """The browser's secret; None where there is none, or one that we did not sign."""
    if request is None:
        return None
    age = settings.DEVICE_COOKIE_AGE
    return request.get_signed_cookie(settings.DEVICE_COOKIE_NAME, default=None, salt=_SALT, max_age=age)


def make_device_secret() -> str:
    return secrets.token_urlsafe(32)


def hash_device_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def set_device_cookie(response: HttpResponse, secret: str) -> None:
    response.set_signed_cookie(
        settings.DEVICE_COOKIE_NAME,
        secret,
        salt=_SALT,
        max_age=settings.DEVICE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class SessionLimitsMiddleware:
    """Ends a session after 30 minutes without activity, and after 12 hours. A poll (`X-Poll`) is no activity."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Only a request that carries a session is worth a look, and none to the API does.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            at = timezone.now()
            if has_ended(request.session, at=at):
                logout(request)
                if is_fragment(request):
                    return to_sign_in()
            elif "X-Poll" not in request.headers:
                _note_activity(request.session, at=at)
        return self.get_response(request)


def has_ended(session: SessionBase, *, at: dt.datetime) -> bool:
    """A session without its times was not started by signing in, and counts as ended."""
    started, active = _time(session, STARTED), _time(session, ACTIVE)
    if started is None or active is None:
        return True
    return at >= started + settings.SESSION_LIMIT or at >= active + settings.SESSION_IDLE_LIMIT


def is_fragment(request: HttpRequest) -> bool:
    """Asked for by a page's script, which would show a redirect's page inside its own."""
    return "HX-Request" in request.headers or "X-Poll" in request.headers


def to_sign_in() -> HttpResponse:
    """htmx obeys `HX-Redirect` whatever the status, and turns the whole page."""
    response = HttpResponse(status=401, headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
    add_never_cache_headers(response)
    return response


def stamp_session(request: HttpRequest, **_: Any) -> None:
    now = timezone.now().isoformat()
    request.session[STARTED] = request.session[ACTIVE] = now


def _note_activity(session: SessionBase, *, at: dt.datetime) -> None:
    active = _time(session, ACTIVE)
    if active is None or at - active >= NOTED_EVERY:
        session[ACTIVE] = at.isoformat()


def _time(session: SessionBase, name: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(session[name])
    except (KeyError, TypeError, ValueError):
        return None
