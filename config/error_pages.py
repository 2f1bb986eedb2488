"""Django's own error answers: problem documents under `/api/`, plain pages elsewhere. Never a stack trace."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.api.errors import PROBLEM_CONTENT_TYPE, problem_document


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "bad_request", _("This request cannot be understood."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "forbidden", _("You may not open this page."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "not_found", _("There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, "server_error", _("Something went wrong on our side. It has been logged."))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Most often the person signed in anew in another tab while this page was open."""
    text = _("Nothing was saved: this page was opened before you signed in. Open it again and check what you typed.")
    return _answer(request, 403, "forbidden", text, again=request.get_full_path())


def _answer(request: HttpRequest, status: int, code: str, text: str, *, again: str = "") -> HttpResponse:
    if request.path.startswith("/api/"):
        document = problem_document(status, code, text)
        return JsonResponse(document, status=status, content_type=PROBLEM_CONTENT_TYPE)
    return render(request, "error.html", {"status": status, "text": text, "again": again}, status=status)
