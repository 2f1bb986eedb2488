"""Links by which a member of staff sets a password. Nothing is stored: the link is signed, and names what the row held
when it was made, so that it ends with the first password set, the next sign-in, or another email."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.access_log.record import AccessAction, record_access
from accounts.models import StaffMail, User
from accounts.staff_sign_in.password import staff_with_email
from accounts.staff_sign_in.tries import (
    LINK_WINDOW,
    OPENED_LINK,
    RESET_REQUEST,
    hashed_email,
    hashed_token,
    spend,
    unknown_subject,
)
from core.refusals import Invalid
from core.wake_ups import wake

LIFETIMES: dict[str, dt.timedelta] = {
    StaffMail.Kind.INVITATION: settings.INVITATION_LIFETIME,
    StaffMail.Kind.RESET: settings.PASSWORD_RESET_LIFETIME,
}


def password_link(user: User, kind: str) -> str:
    """The address to mail. The token is in the fragment, which browsers send to no server: it is in no log."""
    token = signing.dumps([str(user.pk), _state_of(user)], salt=_salt(kind))
    return f"{settings.PUBLIC_BASE_URL}{reverse('staff:set-password')}?open#{token}"


def user_of_link(token: str, *, lock: bool = False) -> User | None:
    """Whose password the link may set; None for a link that is wrong, too old, used or overtaken."""
    for kind, lifetime in LIFETIMES.items():
        try:
            pk, state = signing.loads(token, salt=_salt(kind), max_age=lifetime)
        except signing.BadSignature:
            continue
        rows = User.objects.select_for_update(no_key=True) if lock else User.objects.all()
        user = rows.filter(pk=pk, is_active=True).exclude(role="PATIENT").first()
        return user if user is not None and constant_time_compare(state, _state_of(user)) else None
    return None


@transaction.atomic
def open_link(token: str, *, at: dt.datetime) -> User:
    """Take the link for the browser that opens it first: whoever finds it later can do nothing with it.

    Raises: LinkNotValid.
    """
    user = user_of_link(token, lock=True)
    if user is None or not spend(kind=OPENED_LINK, subject=hashed_token(token), most=1, at=at, window=LINK_WINDOW):
        raise LinkNotValid
    return user


def _salt(kind: str) -> str:
    return f"accounts.staff_sign_in.passwords.{kind}"


def _state_of(user: User) -> str:
    last_login = user.last_login.isoformat() if user.last_login else ""
    state = f"{user.pk}|{user.email}|{user.password}|{last_login}"
    return salted_hmac("accounts.password_links", state, algorithm="sha256").hexdigest()


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
    subject = hashed_email(user.email or email) if user else unknown_subject(email)
    if spend(kind=RESET_REQUEST, subject=subject, most=limit, at=at):
        StaffMail.objects.create(kind=StaffMail.Kind.RESET, user=user, created_at=at, status_at=at)
        wake("send_staff_mail")


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
