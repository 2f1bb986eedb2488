"""Pages with a part that keeps itself up to date by polling."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.safestring import mark_safe

POLL_HEADER = "X-Poll"


def is_poll(request: HttpRequest) -> bool:
    return POLL_HEADER in request.headers


def live_page(request: HttpRequest, *, page: str, part: str, context: dict[str, Any]) -> HttpResponse:
    """The page; or to a poll its living part, as 304 where that is what the browser has.

    The part must render the same from the same facts: no tokens, no messages.
    """
    body = render_to_string(part, context, request=request)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    if is_poll(request):
        answer = HttpResponse(body, headers={"ETag": etag})
        response = get_conditional_response(request, etag=etag, response=answer) or answer
    else:
        # Escaped where it was rendered, just above.
        live = mark_safe(body)
        response = render(request, page, {**context, "live": live, "live_etag": etag})
    patch_vary_headers(response, [POLL_HEADER])
    return response
