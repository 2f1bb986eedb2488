from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.audit import AccessAction, record_access
from accounts.forms import SignInForm
from accounts.models import User
from accounts.sign_in import start_session


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
    start_session(request, user=user)
    return redirect(_destination(request, user, form.cleaned_data["next"]))


def _destination(request: HttpRequest, user: User, wanted: str) -> str:
    """Where the person was going, if that is on this site and for their role; else home."""
    is_safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    is_admins = wanted.startswith(reverse("admin:index"))
    return wanted if is_safe and is_admins == user.is_staff else resolve_url("staff:home")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        record_access(by=request.user, action=AccessAction.SIGNED_OUT, object_kind="user", object_id=request.user.pk)
    logout(request)
    messages.info(request, _("You are signed out."))
    return redirect("staff:login")
