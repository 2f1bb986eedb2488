"""How large a request's body may be, said by the request's own length before anything of it is read or parsed."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse

from config import error_pages

Handler = Callable[[HttpRequest], HttpResponse]
STAFF_FILE_PATH = "/admin/staff-import/"


class LimitRequestBodyMiddleware:
    """Refuses bodies that are too large (413), or that do not tell their length (411).

    It comes first. Django's check against forged forms parses a form, with its files, before anybody is signed in.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length, coding = request.META.get("CONTENT_LENGTH"), request.META.get("HTTP_TRANSFER_ENCODING")
        status = body_refusal(request.path_info, length, coding)
        if not status and is_large(length) and not is_signed_in(request.COOKIES):
            status = 413
        return error_pages.refuse_body(request, status) if status else self.get_response(request)


def body_refusal(path: str, content_length: str | None, transfer_encoding: str | None) -> int | None:
    """The status that a request's body is refused with, whoever sends it; None where it may be read."""
    if transfer_encoding:
        return 411
    is_staff_file = path == STAFF_FILE_PATH
    limit = settings.STAFF_FILE_BODY_LIMIT_BYTES if is_staff_file else settings.REQUEST_BODY_LIMIT_BYTES
    return 413 if _length(content_length) > limit else None


def is_large(content_length: str | None) -> bool:
    """Whether only people who are signed in may send a body of this length."""
    return _length(content_length) > settings.REQUEST_BODY_LIMIT_BYTES


def is_signed_in(cookies: dict[str, str]) -> bool:
    """Whether a session of staff comes with these cookies. One query."""
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    return bool(key) and SESSION_KEY in SessionStore(key)


def _length(content_length: str | None) -> int:
    """In bytes. A length that is no number counts as none, as Django has it: nothing is read then."""
    return int(content_length) if content_length and content_length.isascii() and content_length.isdigit() else 0
