"""Pages on the API's problems, which documents of errors name as their `type`. In English, for who builds an app."""

from __future__ import annotations

import json
import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core.api.problems import PROBLEMS
from core.api.schema import problem_example

_CODE = re.compile(r"`([^`]+)`")


@require_safe
@cache_control(public=True, max_age=3600)
def problems(request: HttpRequest) -> HttpResponse:
    return render(request, "api/problems.html", {"problems": PROBLEMS.values()})


@require_safe
@cache_control(public=True, max_age=3600)
def problem(request: HttpRequest, code: str) -> HttpResponse:
    found = PROBLEMS.get(code)
    if found is None:
        raise Http404
    example = json.dumps(problem_example(code), indent=2, ensure_ascii=False)
    texts = {"means": _with_code(found.means), "do": _with_code(found.do), "example": example}
    return render(request, "api/problem.html", {"problem": found, **texts})


def _with_code(text: str) -> SafeString:
    """What stands between backticks as code."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(text)))
