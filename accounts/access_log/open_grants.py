"""Which hospitals' records an operator has open."""

from __future__ import annotations

import uuid

from django.utils import timezone

from accounts.models import BreakGlassGrant, User

# A page of the admin asks some twenty times; the answer is kept with the request's own user, with its end.
_MEMO = "_open_break_glass"


def open_grants(user: User) -> list[BreakGlassGrant]:
    """The operator's grants that have not ended, the one that ends first first."""
    now = timezone.now()
    known: list[BreakGlassGrant] | None = getattr(user, _MEMO, None)
    if known is None:
        grants = BreakGlassGrant.objects.for_user(user).active(at=now).select_related("hospital")
        known = list(grants.order_by("expires_at", "pk"))
        setattr(user, _MEMO, known)
    return [grant for grant in known if grant.expires_at > now]


def opened_hospitals(user: User) -> dict[uuid.UUID, BreakGlassGrant]:
    return {grant.hospital_id: grant for grant in open_grants(user)}


def grant_text(grant_id: object) -> str:
    """How the access log names the grant that a read happened under."""
    return f"break_glass:{grant_id}"


def forget(user: User) -> None:
    """Ask the database again: a grant of this user began or ended."""
    user.__dict__.pop(_MEMO, None)
