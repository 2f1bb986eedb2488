"""Numbers that were erased patients': kept as keyed hashes, to know them again in old news and nowhere else.

Under the first key of `AUDIT_KEYS`, which have to be kept as long: an old one is put behind a new one, never dropped.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from collections.abc import Collection

from django.conf import settings
from django.db.models import OuterRef, Subquery

from accounts.access_log.record import AccessAction
from accounts.models import AccessEvent, ErasedNumber


def remember_number(number: str, *, at: dt.datetime) -> None:
    digest = _digest(settings.AUDIT_KEYS[0], number)
    ErasedNumber.objects.update_or_create(digest=digest, defaults={"erased_at": at})


def erased_numbers(numbers: Collection[str]) -> dict[str, dt.datetime]:
    """Those of them that were an erased patient's, and until when. One query, or none."""
    by_digest = {_digest(key, number): number for number in numbers for key in settings.AUDIT_KEYS}
    if not by_digest:
        return {}
    found = ErasedNumber.objects.filter(digest__in=by_digest).order_by("erased_at")
    return {by_digest[row.digest]: row.erased_at for row in found}


def _digest(key: str, number: str) -> str:
    return hmac.digest(key.encode(), f"erased number|{number}".encode(), "sha256").hex()


def number_taken(user: str = "user") -> Subquery:
    """`number_taken_at` of the person whom the field `user` of a query's rows names."""
    changes = AccessEvent.objects.filter(patient_id=OuterRef(user), action=AccessAction.CHANGED_PHONE).order_by("-id")
    return Subquery(changes.values("at")[:1])


def number_taken_at(user_id: uuid.UUID) -> dt.datetime | None:
    """When the person changed to the number they have now; None for who never changed it."""
    changes = AccessEvent.objects.filter(patient_id=user_id, action=AccessAction.CHANGED_PHONE).order_by("-id")
    return changes.values_list("at", flat=True).first()
