"""Pages with a part that keeps itself up to date by polling, or that ask for fragments of themselves.

A read that is on record is not put there again by the page's own polls and fragments. That it is one of these it
proves by a value that the page was given for this person and address: a header alone anybody's tools can send.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.safestring import mark_safe

POLL_HEADER = "X-Poll"
# As long as a session lasts.
PROVES_FOR_SECONDS = 12 * 60 * 60


def is_poll(request: HttpRequest) -> bool:
    return POLL_HEADER in request.headers


def is_poll_of_shown_page(request: HttpRequest) -> bool:
    """Whether the page that polls was shown to this person, and what it shows put on record then."""
    return proves_shown(request, request.get_full_path(), request.headers.get(POLL_HEADER, ""))


def proof_of_page(request: HttpRequest, address: str) -> str:
    """For a page that is being shown to this person, and on record."""
    return _proof(request, address, int(timezone.now().timestamp()))


def proves_shown(request: HttpRequest, address: str, proof: str) -> bool:
    """Whether the page at this address gave the proof to this person not long ago."""
    begun, _dot, _rest = proof.partition(".")
    if not (begun.isascii() and begun.isdigit() and len(begun) < 12):
        return False
    is_recent = 0 <= timezone.now().timestamp() - int(begun) <= PROVES_FOR_SECONDS
    return is_recent and constant_time_compare(proof, _proof(request, address, int(begun)))


def _proof(request: HttpRequest, address: str, begun: int) -> str:
    signed = salted_hmac("clinical.views.live", f"{begun} {request.user.pk} {address}", algorithm="sha256")
    return f"{begun}.{signed.hexdigest()}"


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
        proof = proof_of_page(request, context["live_url"])
        response = render(request, page, {**context, "live": live, "live_etag": etag, "live_proof": proof})
    patch_vary_headers(response, [POLL_HEADER])
    return response
