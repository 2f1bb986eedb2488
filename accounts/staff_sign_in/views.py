from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.staff_sign_in.browser_cookie import device_secret, set_device_cookie
from accounts.staff_sign_in.forms import CodeForm, SignInForm
from accounts.staff_sign_in.password import remember_device, start_session
from accounts.staff_sign_in.second_factor import (
    await_code,
    check_second_factor,
    forget_pending,
    mark_checked,
    pending_sign_in,
)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("staff:home")
    if request.method == "GET":
        form = SignInForm(initial={"next": request.GET.get("next", "")})
        return render(request, "accounts/sign_in.html", {"form": form})
    form = SignInForm(request.POST)
    user = None
    if form.is_valid():
        facts = form.cleaned_data
        user = authenticate(request, email=facts["email"], password=facts["password"])
        if user is None:
            form.add_error(None, _("Email and password do not match an account that may sign in here."))
    if not isinstance(user, User):
        return render(request, "accounts/sign_in.html", {"form": form}, status=422)
    wanted = form.cleaned_data["next"]
    if user.has_second_factor:
        await_code(request.session, user, next_=wanted, at=timezone.now())
        return redirect("staff:login-code")
    return _signed_in(request, user, wanted)


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step, for who has a second factor."""
    pending = pending_sign_in(request.session)
    if pending is None:
        forget_pending(request.session)
        messages.info(request, _("Please sign in again."))
        return redirect("staff:login")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if check_second_factor(user=pending.user, code=form.cleaned_data["code"], at=timezone.now()):
            forget_pending(request.session)
            return _signed_in(request, pending.user, pending.next)
        form.add_error("code", _("This code is wrong or was used before. After 5 of those, wait 15 minutes."))
    status = 422 if form.is_bound else 200
    return render(request, "accounts/sign_in_code.html", {"form": form}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        record_access(by=request.user, action=AccessAction.SIGNED_OUT, object_kind="user", object_id=request.user.pk)
    logout(request)
    messages.info(request, _("You are signed out."))
    return redirect("staff:login")


def _signed_in(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    start_session(request, user=user)
    mark_checked(request.session, user)
    response = redirect(_destination(request, user, wanted))
    set_device_cookie(response, remember_device(user=user, secret=device_secret(request), at=timezone.now()))
    return response


def _destination(request: HttpRequest, user: User, wanted: str) -> str:
    """Where the person was going, if that is on this site and for their role; else home."""
    is_safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    is_admins = wanted.startswith(reverse("admin:index"))
    return wanted if is_safe and is_admins == user.is_staff else resolve_url("staff:home")
