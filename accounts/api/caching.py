"""Answers that the app may keep, and asks about before it shows them again."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from rest_framework.request import Request
from rest_framework.response import Response


def revalidated(request: Request, response: Response) -> Response:
    """Give an answer an ETag over its body; 304 without the body where the app has it already."""
    if response.status_code == 200:
        response["Cache-Control"] = "private, no-cache"
        response.add_post_render_callback(lambda rendered: _with_etag(request, rendered))
    return response


def _with_etag(request: Request, response: HttpResponse) -> Any:
    # Weak: the body is the same, its compressed bytes need not be.
    etag = f'W/"{hashlib.blake2b(response.content, digest_size=16).hexdigest()}"'
    response["ETag"] = etag
    return get_conditional_response(request._request, etag=etag, response=response)
