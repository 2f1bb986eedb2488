"""Links by which a member of staff sets a password. Nothing is stored: the link is signed, and names what the row held
when it was made, so that it ends with the first password set, the next sign-in, or another email."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import StaffMail, User

LIFETIMES: dict[str, dt.timedelta] = {
    StaffMail.Kind.INVITATION: settings.INVITATION_LIFETIME,
    StaffMail.Kind.RESET: settings.PASSWORD_RESET_LIFETIME,
}


def password_link(user: User, kind: str) -> str:
    """The address to mail. The token is in the query, which no server writes to its log."""
    token = signing.dumps([str(user.pk), _state_of(user)], salt=_salt(kind))
    return f"{settings.PUBLIC_BASE_URL}{reverse('staff:set-password')}?{urlencode({'token': token})}"


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


def _salt(kind: str) -> str:
    return f"accounts.staff_sign_in.password_links.{kind}"


def _state_of(user: User) -> str:
    last_login = user.last_login.isoformat() if user.last_login else ""
    state = f"{user.pk}|{user.email}|{user.password}|{last_login}"
    return salted_hmac("accounts.password_links", state, algorithm="sha256").hexdigest()
