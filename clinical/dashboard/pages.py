"""What every page of the dashboards stands on: who may open it, where each begins, and how it keeps itself up to date.

A read that is on record is not put there again by the page's own polls and fragments. That it is one of these it
proves by a value that the page was given for this person and address: a header alone anybody's tools can send.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.permissions import Permission, has_permission
from accounts.staff_sign_in.sessions import to_sign_in
from clinical.refusals import AlreadyClaimed
from core.refusals import NotFound, NotPermitted, Refused

P = ParamSpec("P")
AnyView = Callable[Concatenate[HttpRequest, P], HttpResponse]


class StaffRequest(HttpRequest):
    """What a view behind `staff_page` gets."""

    user: User
    htmx: HtmxDetails


StaffView = Callable[Concatenate[StaffRequest, P], HttpResponse]


def staff_page(permission: Permission) -> Callable[[StaffView[P]], AnyView[P]]:
    """Lets in who holds the permission at a hospital, in the hospital's time zone; nothing is stored by browsers."""

    def decorate(view: StaffView[P]) -> AnyView[P]:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            user = request.user
            if not isinstance(user, User):
                return to_sign_in(request)
            if user.hospital_id is None or not has_permission(user, permission, hospital=user.hospital_id):
                raise PermissionDenied
            with timezone.override(user.hospital_zone()):
                return view(request, *args, **kwargs)  # type: ignore[arg-type]  # proven above

        return guarded  # type: ignore[return-value]  # `wraps` keeps the view's own first argument

    return decorate


def sent_to(page: str, *, of_record: bool = True) -> Callable[[StaffView[P]], StaffView[P]]:
    """For an address that only forms are sent to. A GET of it, such as a reload, is led to the form's page."""

    def decorate(view: StaffView[P]) -> StaffView[P]:
        @require_http_methods(["GET", "POST"])
        @wraps(view)
        def guarded(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            return redirect(reverse(page, kwargs=kwargs if of_record else None))

        return guarded  # type: ignore[return-value]  # `wraps` keeps the view's own first argument

    return decorate


doctor_page = staff_page(Permission.TREAT_PATIENTS)
pharmacist_page = staff_page(Permission.DISPENSE)


@contextmanager
def outcome_told(request: HttpRequest, done: str, *, undo: str = "") -> Iterator[None]:
    """Say that the action inside is done, or why it was refused. `undo` is where the message's button takes it back."""
    try:
        yield
    except Refused as refused:
        tell(request, refused)
    else:
        messages.success(request, done, extra_tags=undo)


def tell(request: HttpRequest, refused: Refused) -> None:
    """Say why something was refused. What a person may not see is not there, and what they may not do has no page."""
    if isinstance(refused, NotFound | NotPermitted):
        raise refused
    if isinstance(refused, AlreadyClaimed) and refused.holder:
        messages.warning(request, _("%(name)s already has this prescription.") % {"name": refused.holder})
    else:
        messages.warning(request, str(refused.message))


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Where each role works."""
    user = request.user
    if isinstance(user, User):
        if user.staff_kind:
            return redirect(user.staff_kind.home)
        if user.is_operator:
            return redirect("admin:index")
    raise PermissionDenied


@login_required
@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """How each job is done, for the person's role."""
    return render(request, "clinical/help.html")


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
