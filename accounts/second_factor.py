"""The second factor of staff: who needs one, and what a session remembers of it.

The session names the enrolment it was checked against (`User.second_factor_since`), so that one made, reset or made
anew elsewhere asks again, and no request needs a query to know. That is why the package's middleware is not used.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User

_CHECKED = "second_factor"
_PENDING = "second_factor_pending"


def needs_second_factor(user: User) -> bool:
    """Operators where the settings say so, and everyone of a hospital that asks for it."""
    if user.is_operator:
        return bool(settings.OPERATORS_NEED_SECOND_FACTOR)
    return user.hospital is not None and user.hospital.second_factor_required


def mark_checked(session: SessionBase, user: User) -> None:
    session[_CHECKED] = _mark(user)


def is_checked(session: SessionBase, user: User) -> bool:
    return session.get(_CHECKED) == _mark(user)


def _mark(user: User) -> str | None:
    return user.second_factor_since.isoformat() if user.second_factor_since else None


@dataclass(frozen=True, slots=True)
class Pending:
    """Someone whose password was right and whose code is awaited; `next` is where they were going."""

    user: User
    next: str


def await_code(session: SessionBase, user: User, *, next_: str, at: dt.datetime) -> None:
    session.cycle_key()
    session[_PENDING] = {
        "user": str(user.pk),
        # A password changed meanwhile ends this as it ends sessions.
        "hash": user.get_session_auth_hash(),
        "until": (at + settings.SECOND_FACTOR_STEP_LIFETIME).isoformat(),
        "next": next_,
    }


def pending_sign_in(session: SessionBase) -> Pending | None:
    facts: dict[str, Any] | None = session.get(_PENDING)
    if facts is None or timezone.now() >= dt.datetime.fromisoformat(facts["until"]):
        return None
    user = User.objects.select_related("profile", "hospital").filter(pk=facts["user"], is_active=True).first()
    if user is None or not constant_time_compare(facts["hash"], user.get_session_auth_hash()):
        return None
    return Pending(user, facts["next"])


def forget_pending(session: SessionBase) -> None:
    session.pop(_PENDING, None)
