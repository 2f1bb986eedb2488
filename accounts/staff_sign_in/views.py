from __future__ import annotations

import base64
import secrets
from typing import cast

from django.contrib import messages
from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.people.actions import change_own_name, recent_sign_ins
from accounts.roles import STAFF_KINDS
from accounts.staff_sign_in.forms import (
    AddSecondFactorForm,
    ChosenPasswordForm,
    CodeForm,
    EmailForm,
    LinkForm,
    NewPasswordForm,
    OwnNameForm,
    OwnPasswordForm,
    SignInForm,
)
from accounts.staff_sign_in.password import HospitalNotInUse, remember_device, start_session
from accounts.staff_sign_in.passwords import (
    LinkNotValid,
    change_own_password,
    open_link,
    request_password_reset,
    set_password_by_link,
    user_of_link,
)
from accounts.staff_sign_in.second_factor import (
    WrongCode,
    add_second_factor,
    await_code,
    check_second_factor,
    forget_pending,
    mark_checked,
    needs_second_factor,
    pending_sign_in,
    recovery_codes_left,
    remove_second_factor,
    renew_recovery_codes,
)
from accounts.staff_sign_in.sessions import device_secret, prolong, set_device_cookie, time_left, to_sign_in

_LINK = "password_link"
_KEY = "second_factor_key"
KEY_BYTES = 20  # what authenticator apps expect, and as long as the hash they use


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):
        # Signed in in another tab meanwhile.
        return redirect(_destination(request, request.user, request.GET.get("next", "")))
    if request.method == "GET":
        form = SignInForm(initial={"next": request.GET.get("next", "")})
        return render(request, "accounts/sign_in.html", {"form": form})
    form = SignInForm(request.POST)
    user = None
    if form.is_valid():
        facts = form.cleaned_data
        try:
            user = authenticate(request, email=facts["email"], password=facts["password"])
        except HospitalNotInUse as refusal:
            form.add_error(None, refusal.message)
        else:
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


@never_cache
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """How long the session lasts. Sent by POST, it lasts from now on."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    now = timezone.now()
    if request.method == "POST":
        prolong(request.session, at=now)
    left = time_left(request.session, at=now)
    return JsonResponse({"seconds": int(left.seconds), "is_final": left.is_final})


@require_http_methods(["GET", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("staff:home")
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
    """Where the person was going, if that is on this site and not of another role; else home."""
    is_safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    own_home = resolve_url(user.staff_kind.home) if user.staff_kind else reverse("admin:index")
    homes = {resolve_url(kind.home) for kind in STAFF_KINDS}
    is_anothers = any(wanted.startswith(home) for home in homes - {own_home})
    return wanted if is_safe and not is_anothers else resolve_url("staff:home")


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


@sensitive_post_parameters("link", "new_password", "new_password_again")
@never_cache
@require_http_methods(["GET", "POST"])
def set_password(request: HttpRequest) -> HttpResponse:
    """Where a mailed link leads. The page hands its token over, and the session keeps it."""
    if "link" in request.POST:
        return _open_link(request)
    token = request.session.get(_LINK, "")
    # `?open`: a link was followed, which need not be the one that the session keeps.
    if not token or (request.method == "GET" and "open" in request.GET):
        return render(request, "accounts/open_link.html", {"form": LinkForm()})
    user = user_of_link(token)
    if user is None:
        del request.session[_LINK]
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


def _open_link(request: HttpRequest) -> HttpResponse:
    form = LinkForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/open_link.html", {"form": form}, status=422)
    token = form.cleaned_data["link"]
    try:
        # Who opened it goes back to it.
        if request.session.get(_LINK) != token:
            open_link(token, at=timezone.now())
    except LinkNotValid:
        return render(request, "accounts/link_not_valid.html", status=410)
    request.session[_LINK] = token
    return redirect("staff:set-password")


@sensitive_post_parameters("current_password", "code")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Add one; or what there is, with ways to renew its recovery codes and to remove it."""
    user = cast(User, request.user)
    if user.has_second_factor:
        return _overview(request, user, OwnPasswordForm(user=user))
    form = AddSecondFactorForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        try:
            codes = add_second_factor(
                by=user, key=_shown_key(request), code=form.cleaned_data["code"], at=timezone.now()
            )
        except WrongCode:
            form.add_error("code", _("This is not the code the app shows for this key. Is the phone's clock right?"))
        else:
            del request.session[_KEY]
            request.session.cycle_key()
            mark_checked(request.session, user)
            return render(request, "accounts/recovery_codes.html", {"codes": codes})
    context = {"form": form, "is_needed": needs_second_factor(user), **_key_facts(user, _shown_key(request))}
    return render(request, "accounts/second_factor_add.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters("current_password")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("staff:second-factor")
    user = cast(User, request.user)
    form = OwnPasswordForm(request.POST, user=user)
    if not user.has_second_factor:
        return redirect("staff:second-factor")
    if not form.is_valid():
        return _overview(request, user, form)
    codes = renew_recovery_codes(by=user, at=timezone.now())
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


@sensitive_post_parameters("current_password")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return redirect("staff:second-factor")
    user = cast(User, request.user)
    form = OwnPasswordForm(request.POST, user=user)
    if not user.has_second_factor or needs_second_factor(user):
        return redirect("staff:second-factor")
    if not form.is_valid():
        return _overview(request, user, form)
    remove_second_factor(by=user, at=timezone.now())
    messages.success(request, _("Your second factor is removed. Your password alone signs you in."))
    return redirect("staff:second-factor")


def _overview(request: HttpRequest, user: User, form: OwnPasswordForm) -> HttpResponse:
    context = {
        "form": form,
        "since": user.second_factor_since,
        "codes_left": recovery_codes_left(user),
        "is_needed": needs_second_factor(user),
    }
    return render(request, "accounts/second_factor.html", context, status=422 if form.is_bound else 200)


def _shown_key(request: HttpRequest) -> str:
    """The hex key this session is shown until one is confirmed: reloading the page does not change it."""
    key: str = request.session.setdefault(_KEY, secrets.token_hex(KEY_BYTES))
    return key


def _key_facts(user: User, key: str) -> dict[str, str]:
    # Here: each web process would hold it for the few who ever see this page.
    import segno

    link = TOTPDevice(user=user, key=key).config_url
    typed = base64.b32encode(bytes.fromhex(key)).decode()
    return {
        "link": link,
        "typed_key": " ".join(typed[start : start + 4] for start in range(0, len(typed), 4)),
        "picture": segno.make(link, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff"),
    }


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Who one is here: the name to change, and how one signs in."""
    user = cast(User, request.user)
    form = OwnNameForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_valid():
        change_own_name(by=user, full_name=form.cleaned_data["full_name"], at=timezone.now())
        messages.success(request, _("Your name is changed."))
        return redirect("staff:profile")
    zone = user.hospital_zone()
    context = {"form": form, "sign_ins": recent_sign_ins(user), "zone": zone}
    with timezone.override(zone):
        return render(request, "accounts/profile.html", context, status=422 if form.is_bound else 200)
