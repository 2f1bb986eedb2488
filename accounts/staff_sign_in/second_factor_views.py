from __future__ import annotations

import base64
import secrets
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.staff_sign_in.forms import AddSecondFactorForm, OwnPasswordForm
from accounts.staff_sign_in.second_factor import (
    WrongCode,
    add_second_factor,
    mark_checked,
    needs_second_factor,
    recovery_codes_left,
    remove_second_factor,
    renew_recovery_codes,
)

_KEY = "second_factor_key"
KEY_BYTES = 20  # what authenticator apps expect, and as long as the hash they use


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
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
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
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
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
