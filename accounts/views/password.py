from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.actions.passwords import change_own_password
from accounts.forms import NewPasswordForm
from accounts.models import User


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
