"""How long a session of the staff lives, and the cookie by which its browser is known.

The cookie is a signed random secret that signs nobody in. One browser has one secret, whoever signs in there;
`LoginDevice` says for whom it is known.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

_SALT = "accounts.device"
STARTED, ACTIVE = "started_at", "active_at"
# Activity is noted no finer than this, so that not every request writes.
NOTED_EVERY = dt.timedelta(minutes=1)
# Enough to finish a sentence.
WARNED_SECONDS = 120
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
                said = _why_ended(request.session, at=at)
                logout(request)
                messages.warning(request, said)
                if is_fragment(request):
                    return to_sign_in(request)
            elif "X-Poll" not in request.headers:
                _note_activity(request.session, at=at)
        return self.get_response(request)


def has_ended(session: SessionBase, *, at: dt.datetime) -> bool:
    return time_left(session, at=at).seconds <= 0


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How long a session lasts without further activity; where `is_final`, activity does not prolong it."""

    seconds: float
    is_final: bool


def time_left(session: SessionBase, *, at: dt.datetime) -> TimeLeft:
    """A session without its times was not started by signing in, and counts as ended."""
    started, active = _time(session, STARTED), _time(session, ACTIVE)
    if started is None or active is None:
        return TimeLeft(0, is_final=True)
    idle, limit = active + settings.SESSION_IDLE_LIMIT - at, started + settings.SESSION_LIMIT - at
    return TimeLeft(min(idle, limit).total_seconds(), is_final=limit <= idle)


def _why_ended(session: SessionBase, *, at: dt.datetime) -> str:
    if not time_left(session, at=at).is_final:
        minutes = settings.SESSION_IDLE_LIMIT // dt.timedelta(minutes=1)
        return _("You were signed out after %(minutes)s minutes of inactivity.") % {"minutes": minutes}
    hours = settings.SESSION_LIMIT // dt.timedelta(hours=1)
    return _("You were signed out: a sign-in lasts for %(hours)s hours.") % {"hours": hours}


def is_fragment(request: HttpRequest) -> bool:
    """Asked for by a page's script, which would show a redirect's page inside its own."""
    return "HX-Request" in request.headers or "X-Poll" in request.headers


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and from there back to this page; that of a form that was sent answers a GET.

    htmx obeys `HX-Redirect` whatever the status, and turns the whole page.
    """
    if not is_fragment(request):
        return redirect_to_login(request.get_full_path(), login_url=resolve_url(settings.LOGIN_URL))
    address, page = resolve_url(settings.LOGIN_URL), _page_of_fragment(request)
    if page:
        address = redirect_to_login(page, login_url=address).url
    response = HttpResponse(status=401, headers={"HX-Redirect": address})
    add_never_cache_headers(response)
    return response


def _page_of_fragment(request: HttpRequest) -> str:
    """Path and query of the page that htmx says it is on, if that is one of ours."""
    address = request.headers.get("HX-Current-URL", "")
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return ""
    parts = urlsplit(address)
    return urlunsplit(("", "", parts.path, parts.query, ""))


def stamp_session(request: HttpRequest, **_signal: Any) -> None:
    now = timezone.now().isoformat()
    request.session[STARTED] = request.session[ACTIVE] = now


def prolong(session: SessionBase, *, at: dt.datetime) -> None:
    """The person says that they are still there."""
    session[ACTIVE] = at.isoformat()


def _note_activity(session: SessionBase, *, at: dt.datetime) -> None:
    active = _time(session, ACTIVE)
    if active is None or at - active >= NOTED_EVERY:
        session[ACTIVE] = at.isoformat()


def _time(session: SessionBase, name: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(session[name])
    except (KeyError, TypeError, ValueError):
        return None
