from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.access_log.record import AccessAction, record_access
from accounts.actions.staff_tries import BUDGET_WINDOW, DEVICE, OWN_PASSWORD, SECOND_FACTOR, SECOND_FACTOR_DAY
from accounts.models import GuessCounter, LoginDevice, User
from accounts.permissions import require_for_staff


@transaction.atomic
def release_lockout(*, user: User, by: User | None, at: dt.datetime) -> None:
    """Let the person try again at once, wherever they failed: password, known devices, second factor.

    Raises: NotPermitted.
    """
    require_for_staff(by, user)
    User.objects.filter(pk=user.pk).update(login_attempts=0, lockout_until=None)
    GuessCounter.objects.filter(_counters_of(user)).delete()
    record_access(
        by=by,
        action=AccessAction.RELEASED_LOCKOUT,
        object_kind="user",
        object_id=user.pk,
        hospital_id=user.hospital_id,
    )


def is_locked_out(user: User, *, at: dt.datetime) -> bool:
    """Whether anything is closed to the person for now."""
    if user.lockout_until is not None and at < user.lockout_until:
        return True
    return any(_is_closed(row, at) for row in GuessCounter.objects.filter(_counters_of(user)))


def _is_closed(row: GuessCounter, at: dt.datetime) -> bool:
    if row.kind == SECOND_FACTOR_DAY:
        return len([hit for hit in row.hits if hit > at - BUDGET_WINDOW]) >= settings.SECOND_FACTOR_TRIES_A_DAY
    return len(row.hits) >= settings.SIGN_IN_MAX_FAILURES and at < row.hits[-1] + settings.SIGN_IN_LOCKOUT


def _counters_of(user: User) -> Q:
    devices = [str(pk) for pk in LoginDevice.objects.filter(user=user).values_list("pk", flat=True)]
    own = Q(kind__in=(SECOND_FACTOR, SECOND_FACTOR_DAY, OWN_PASSWORD), subject=str(user.pk))
    return own | Q(kind=DEVICE, subject__in=devices)
