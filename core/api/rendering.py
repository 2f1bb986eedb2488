"""JSON in and out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, MutableMapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAcceptable, ParseError
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import PROBLEM_CONTENT_TYPE, TooLarge
from core.json_depth import is_too_deep

# Generated clients name the media types that the description gives an operation: of a 204, problem documents alone.
_USUAL = {"", "*/*", "application/json", "application/json, text/plain, */*"}
_SENT = {"application/json", PROBLEM_CONTENT_TYPE, "application/*", "*/*"}
_REFUSED = re.compile(r"q\s*=\s*0(\.0*)?")
# An escaped NUL, unless its backslash is itself escaped. PostgreSQL's text cannot hold one.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8, always

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: MutableMapping[str, Any] | None = None,  # type: ignore[override]  # it is the answer's own
    ) -> bytes:
        # 204: no body, not `null`.
        body = b"" if data is None else orjson.dumps(data, default=str)
        if renderer_context is not None:
            _let_go(renderer_context)
        return body


def _let_go(context: MutableMapping[str, Any]) -> None:
    """The framework ties view, request and answer into a knot, the page's rows and the body with it.

    Only the garbage collector unties it, and it waits until there is much: 7 MB in a process under load.
    """
    view = context.get("view")
    context.clear()
    for name in ("response", "_paginator") if view is not None else ():
        vars(view).pop(name, None)


class JsonNegotiation(BaseContentNegotiation):
    """JSON for whoever accepts it or a problem document; who names no type accepts any (RFC 9110, section 12.5.1)."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        chosen: BaseParser | None = DefaultContentNegotiation().select_parser(request, parsers)
        return chosen

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accepted = request.META.get("HTTP_ACCEPT", "")
        # What nearly every call says is not taken apart each time.
        is_refused = accepted not in _USUAL and not _is_json_accepted(accepted)
        if is_refused and not answers_without_body(request.parser_context.get("view")):
            raise NotAcceptable(available_renderers=renderers)
        return renderers[0], renderers[0].media_type


def answers_without_body(view: Any) -> bool:
    """Whether all that the view answers is 204 or a problem, so that any `Accept` will do."""
    return getattr(view, "answers_without_body", False)


def _is_json_accepted(accepted: str) -> bool:
    for one in accepted.lower().split(","):
        media_type, *parameters = (part.strip() for part in one.split(";"))
        if (media_type in _SENT or not media_type) and not any(map(_REFUSED.fullmatch, parameters)):
            return True
    return False


class LimitedJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(settings.API_BODY_LIMIT_BYTES + 1)
        if len(body) > settings.API_BODY_LIMIT_BYTES:
            raise TooLarge
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ParseError(_("The body is not JSON.")) from None
        if is_too_deep(parsed, body):
            raise ParseError(_("The body is nested too deeply."))
        if _ESCAPED_NUL.search(body):
            raise ParseError(_("The body holds a null character."))
        return parsed


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
