"""Breaking the glass: an operator opens one hospital's records for a while, with a reason; and what is open now."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.models import BreakGlassGrant, User
from accounts.models.access import MIN_REASON_LENGTH
from accounts.permissions import Permission, require
from core.refusals import Conflict, Invalid

# A page of the admin asks some twenty times; the answer is kept with the request's own user, with its end.
_MEMO = "_open_break_glass"
GRANT_LIFETIME = dt.timedelta(minutes=30)


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


class ReasonTooShort(Invalid):
    code = "reason_too_short"
    message = _("Say in at least 10 characters why this is needed.")


class AlreadyOpen(Conflict):
    code = "already_open"
    message = _("You have this hospital's records open already.")


class NotOpen(Conflict):
    code = "not_open"
    message = _("This has ended already.")


@transaction.atomic
def break_the_glass(*, by: User, hospital_id: uuid.UUID, reason: str, at: dt.datetime) -> BreakGlassGrant:
    """Open a hospital's visits, prescriptions and talks to an operator, to read, for 30 minutes. On record.

    Raises: NotPermitted, ReasonTooShort, AlreadyOpen.
    """
    # The lock on the person keeps two tries from opening twice.
    operator = User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    require(operator, Permission.BREAK_GLASS)
    reason = " ".join(reason.split())
    if len(reason) < MIN_REASON_LENGTH:
        raise ReasonTooShort
    grants = BreakGlassGrant.objects.filter(operator=operator, hospital=hospital_id, ended_at__isnull=True)
    if grants.active(at=at).exists():
        raise AlreadyOpen
    for ran_out in grants:
        ran_out.ended_at = ran_out.expires_at
        ran_out.save(update_fields=["ended_at"])
    grant = BreakGlassGrant.objects.create(
        operator=operator, hospital_id=hospital_id, reason=reason, started_at=at, expires_at=at + GRANT_LIFETIME
    )
    _record(grant, AccessAction.BROKE_GLASS, by=by, reason=reason)
    forget(by)
    return grant


@transaction.atomic
def end_break_glass(*, by: User, grant_id: uuid.UUID, at: dt.datetime) -> BreakGlassGrant:
    """Close the records before the 30 minutes are over.

    Raises: BreakGlassGrant.DoesNotExist for one that is not theirs, NotOpen.
    """
    grant: BreakGlassGrant = BreakGlassGrant.objects.for_user(by).select_for_update().get(pk=grant_id)
    if grant.ended_at or grant.expires_at <= at:
        raise NotOpen
    grant.ended_at = at
    grant.save(update_fields=["ended_at"])
    _record(grant, AccessAction.ENDED_BREAK_GLASS, by=by)
    forget(by)
    return grant


def _record(grant: BreakGlassGrant, action: AccessAction, *, by: User, reason: str = "") -> None:
    record_access(
        by=by,
        action=action,
        object_kind="break_glass",
        object_id=grant.pk,
        hospital_id=grant.hospital_id,
        reason=reason,
    )
