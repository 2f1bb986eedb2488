from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.staff_sign_in.forms import ChosenPasswordForm, EmailForm, NewPasswordForm
from accounts.staff_sign_in.password_links import user_of_link
from accounts.staff_sign_in.passwords import (
    LinkNotValid,
    change_own_password,
    request_password_reset,
    set_password_by_link,
)

_LINK = "password_link"


@sensitive_post_parameters("current_password", "new_password", "new_password_again")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = NewPasswordForm(request.POST if request.method == "POST" else None, user=user)
    if not form.is_valid():
        context = {"form": form, "is_forced": user.must_change_password}
        return render(request, "accounts/password.html", context, status=422 if form.is_bound else 200)
    changed = change_own_password(by=user, password=form.cleaned_data["new_password"], at=timezone.now())
    # A new key for this session; the others ended with the old hash.
    update_session_auth_hash(request, changed)
    messages.success(request, _("Your password is changed."))
    return redirect("staff:home")


@never_cache
@require_http_methods(["GET", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """The same answer, for the same work, whether anybody has the email or not."""
    form = EmailForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "accounts/forgot_password.html", {"form": form}, status=422 if form.is_bound else 200)
    request_password_reset(email=form.cleaned_data["email"], at=timezone.now())
    return render(request, "accounts/forgot_password_sent.html")


@sensitive_post_parameters("new_password", "new_password_again")
@never_cache
@require_http_methods(["GET", "POST"])
def set_password(request: HttpRequest) -> HttpResponse:
    """Where a mailed link leads. The token moves to the session at once, out of the address."""
    if "token" in request.GET:
        request.session[_LINK] = request.GET["token"]
        return redirect("staff:set-password")
    token = request.session.get(_LINK, "")
    user = user_of_link(token)
    if user is None:
        return render(request, "accounts/link_not_valid.html", status=410)
    form = ChosenPasswordForm(request.POST if request.method == "POST" else None, user=user)
    if not form.is_valid():
        context = {"form": form, "email": user.email}
        return render(request, "accounts/set_password.html", context, status=422 if form.is_bound else 200)
    try:
        set_password_by_link(token=token, password=form.cleaned_data["new_password"], at=timezone.now())
    except LinkNotValid:
        return render(request, "accounts/link_not_valid.html", status=410)
    # Whoever was signed in here, signs in anew.
    logout(request)
    messages.success(request, _("Your password is set. Sign in with it."))
    return redirect("staff:login")
