"""Who may open a page of the dashboards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.permissions import Permission, has_permission
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
                return _to_sign_in(request)
            if user.hospital_id is None or not has_permission(user, permission, hospital=user.hospital_id):
                raise PermissionDenied
            with timezone.override(user.hospital_zone()):
                return view(request, *args, **kwargs)  # type: ignore[arg-type]  # proven above

        return guarded  # type: ignore[return-value]  # `wraps` keeps the view's own first argument

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A page to come back to after signing in; a poll or a fragment turns the whole page there."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url("staff:login")})
    back_to = request.get_full_path() if request.method == "GET" else ""
    return redirect_to_login(back_to, login_url=resolve_url("staff:login"))


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
def page(request: HttpRequest) -> HttpResponse:
    """How each job is done, for the person's role."""
    return render(request, "clinical/help.html")
