"""Django's own error answers: problem documents under `/api/`, plain pages elsewhere. Never a stack trace."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from core.api.errors import PROBLEM_CONTENT_TYPE, problem_document

_TEXTS = {
    400: ("bad_request", _("This request cannot be understood.")),
    403: ("forbidden", _("You may not open this page.")),
    404: ("not_found", _("There is nothing at this address.")),
    411: ("length_required", _("This request does not say how long it is.")),
    413: ("too_large", _("This request is too large.")),
    500: ("server_error", _("Something went wrong on our side. It has been logged.")),
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Most often the person signed in anew in another tab while this page was open."""
    text = _("Nothing was saved: this page was opened before you signed in. Open it again and check what you typed.")
    return _answer(request, 403, text, again=request.get_full_path())


def refuse_body(request: HttpRequest, status: int) -> HttpResponse:
    """Without a page: it comes before sessions and languages."""
    if request.path.startswith("/api/"):
        return problem(status)
    return HttpResponse(str(_TEXTS[status][1]), status=status, content_type="text/plain")


def problem(status: int) -> HttpResponse:
    code, text = _TEXTS.get(status, _TEXTS[400 if status < 500 else 500])
    return JsonResponse(problem_document(status, code, text), status=status, content_type=PROBLEM_CONTENT_TYPE)


def _glass(request: HttpRequest, status: int) -> str:
    """For an operator who was refused patients' records: where they say why they need them."""
    # Who asks is read from the database, which a page for an error of ours must do without.
    if status != 403 or not request.path.startswith(reverse("admin:app_list", args=["clinical"])):
        return ""
    if not getattr(getattr(request, "user", None), "is_operator", False):
        return ""
    return f"{reverse('admin:break_glass')}?{urlencode({'next': request.get_full_path()})}"


def _answer(request: HttpRequest, status: int, text: str | Promise = "", *, again: str = "") -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(status)
    context = {"status": status, "text": text or _TEXTS[status][1], "again": again, "glass": _glass(request, status)}
    return render(request, "error.html", context, status=status)
