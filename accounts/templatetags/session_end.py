from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from accounts.staff_sign_in.sessions import WARNED_SECONDS, time_left

register = template.Library()


@register.inclusion_tag("_components/session_end.html", takes_context=True)
def session_end(context: dict[str, Any]) -> dict[str, Any]:
    """What warns before a session ends, and says to the scripts whose it is."""
    request = context["request"]
    left = time_left(request.session, at=timezone.now())
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "person": request.user.pk,
        "seconds": int(left.seconds),
        "warned_seconds": WARNED_SECONDS,
        "button": "portal-button" if request.path.startswith("/admin/") else "btn btn-small",
    }
