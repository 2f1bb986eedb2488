"""Every error of the API is a problem document (RFC 9457) with a stable `code`."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, TypedDict

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, status
from rest_framework.response import Response

from core.api.problems import PROBLEMS
from core.api.rate_limits import Quota, add_rate_limits
from core.rate_windows import whole_seconds
from core.refusals import Conflict, Contradiction, Forbidden, Invalid, NotFound, Refused, TooOften, Unavailable

PROBLEM_CONTENT_TYPE = "application/problem+json"

_REFUSAL_STATUS: dict[type[Refused], int] = {
    Invalid: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Contradiction: 422,
    TooOften: 429,
    Unavailable: 503,
}
# The framework's own refusals. A status that is not here cannot come from it.
_CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


class FieldError(TypedDict):
    """`field` is a path such as `medications.0.name`; empty for the body as a whole."""

    field: str
    code: str
    detail: str


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body is too large.")


class InvalidCursor(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid_cursor"
    default_detail = _("This page address is not one of ours.")


class ApiConflict(exceptions.APIException):
    """A conflict whose code was found elsewhere, as by a worker."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, code: str) -> None:
        super().__init__(PROBLEMS[code].detail, code)


def problem_document(
    status_code: int, code: str, detail: str | Promise, errors: list[FieldError] | None = None
) -> dict[str, Any]:
    problem = PROBLEMS.get(code)
    return {
        # Of what has no page, the status says all there is to say (RFC 9457, section 4.2.1).
        "type": problem.page if problem else "about:blank",
        "title": problem.title if problem else HTTPStatus(status_code).phrase,
        "status": status_code,
        "detail": str(detail),
        "code": code,
        "errors": errors or [],
        # As in our logs: what a person reads out when they call for help.
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler. None leaves the rest to Django's own error page."""
    if isinstance(exc, Refused):
        return _refusal_response(exc)
    if isinstance(exc, Http404):
        return _refusal_response(NotFound())
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if isinstance(exc, exceptions.ValidationError):
        errors = list(_field_errors(exc.detail))
        return _problem(400, "invalid", _("Some fields are not valid."), errors)
    if isinstance(exc, exceptions.APIException):
        return _problem(exc.status_code, _code_of(exc), str(exc.detail), headers=_headers(exc))
    return None


def _refusal_response(refusal: Refused) -> Response:
    status_code = next(code for kind, code in _REFUSAL_STATUS.items() if isinstance(refusal, kind))
    wait = refusal.retry_after_seconds
    headers = {} if wait is None else {"Retry-After": str(wait)}
    if isinstance(refusal, TooOften) and refusal.limit is not None:
        limit = refusal.limit
        add_rate_limits(headers, [Quota(refusal.policy, limit.most, whole_seconds(limit.period), 0, wait or 0)])
    return _problem(status_code, refusal.code, refusal.message, headers=headers)


def _problem(
    status_code: int,
    code: str,
    detail: str | Promise,
    errors: list[FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    document = problem_document(status_code, code, detail, errors)
    return Response(document, status=status_code, headers=headers, content_type=PROBLEM_CONTENT_TYPE)


def _code_of(exc: exceptions.APIException) -> str:
    if isinstance(exc, exceptions.AuthenticationFailed):
        return "invalid_token"
    if isinstance(exc, InvalidCursor | ApiConflict):
        return str(exc.get_codes())
    return _CODES.get(exc.status_code, "server_error")


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        is_refused = isinstance(exc, exceptions.AuthenticationFailed)
        headers["WWW-Authenticate"] = f'{challenge} error="invalid_token"' if is_refused else str(challenge)
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    return headers


def _field_errors(detail: Any, path: str = "") -> Iterator[FieldError]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _field_errors(value, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            inner = f"{path}.{index}" if isinstance(value, dict | list) else path
            yield from _field_errors(value, inner)
    else:
        yield FieldError(field=path, code=getattr(detail, "code", None) or "invalid", detail=str(detail))
