from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.models import User


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Where each role works."""
    user = request.user
    if isinstance(user, User):
        if user.is_doctor:
            return redirect("staff:doctor-day")
        if user.is_pharmacist:
            return redirect("staff:pharmacy-queue")
        if user.is_staff:
            return redirect("admin:index")
    raise PermissionDenied


@login_required
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """How each job is done, for the person's role."""
    return render(request, "clinical/help.html")
