from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.people.actions import change_own_name, recent_sign_ins
from accounts.staff_sign_in.forms import OwnNameForm


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
