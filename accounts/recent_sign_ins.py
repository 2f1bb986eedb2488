"""When and from where somebody signed in lately, for that person: a stranger's would be among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.access_log.record import AccessAction
from accounts.models import AccessEvent, User

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SignIn:
    at: dt.datetime
    address: str


def recent_sign_ins(user: User) -> Sequence[SignIn]:
    """The newest first; the first is most likely the one that is going on."""
    own = AccessEvent.objects.filter(actor_id=user.pk, action=AccessAction.SIGNED_IN)
    rows = own.order_by("-at", "-pk").values_list("at", "address")[:MOST_SHOWN]
    return [SignIn(at, address or "") for at, address in rows]
