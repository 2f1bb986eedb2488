from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.models import StaffMail, User
from accounts.staff_sign_in.password import staff_with_email
from accounts.staff_sign_in.password_links import user_of_link
from accounts.staff_sign_in.tries import RESET_REQUEST, hashed_email, spend
from core.refusals import Invalid
from core.wake_ups import wake


class LinkNotValid(Invalid):
    """Wrong, too old, used already: never said which."""

    code = "link_not_valid"


def change_own_password(*, by: User, password: str, at: dt.datetime) -> User:
    """Set one's own password, which ends what made it temporary, and by its hash every other session."""
    encoded = make_password(password)  # before the row is locked
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=by.pk)
        _set(user, encoded, at=at)
        record_access(by=by, action=AccessAction.CHANGED_PASSWORD, object_kind="user", object_id=user.pk)
    return user


def set_password_by_link(*, token: str, password: str, at: dt.datetime) -> User:
    """Set a password by a mailed link, once. It ends every session and lockout; a second factor stays.

    Raises: LinkNotValid.
    """
    encoded = make_password(password)
    with transaction.atomic():
        user = user_of_link(token, lock=True)
        if user is None:
            raise LinkNotValid
        user.login_attempts, user.lockout_until = 0, None
        user.save(update_fields=["login_attempts", "lockout_until"])
        _set(user, encoded, at=at)
        record_access(
            by=user, action=AccessAction.CHANGED_PASSWORD, object_kind="user", object_id=user.pk, reason="by link"
        )
    return user


@transaction.atomic
def request_password_reset(*, email: str, at: dt.datetime) -> None:
    """Queue a link for whoever signs in with the email. The same work for an email that nobody has."""
    user = staff_with_email(email)
    limit = settings.PASSWORD_RESETS_A_DAY
    # By the email on file: PostgreSQL folds some letters that Python keeps apart, each a fresh count otherwise.
    if spend(kind=RESET_REQUEST, subject=hashed_email((user and user.email) or email), most=limit, at=at):
        StaffMail.objects.create(kind=StaffMail.Kind.RESET, user=user, created_at=at, status_at=at)
        wake("send_mail")


def _set(user: User, encoded: str, *, at: dt.datetime) -> None:
    user.password = encoded
    user.password_temp = user.force_password_change = False
    user.password_changed_at, user.temporary_password_expires_at = at, None
    user.save(
        update_fields=[
            "password",
            "password_temp",
            "force_password_change",
            "password_changed_at",
            "temporary_password_expires_at",
        ]
    )
