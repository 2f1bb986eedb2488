"""Finding staff in a list by the beginning of any part of the name, or of the email; each by its index."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.models import Profile, User
from accounts.roles import STAFF_ROLES
from core.db.name_search import beginning_with, name_words
from core.text.lines import typed_email, typed_line

SHOWN = 10


def found_staff(rows: QuerySet[Any], text: str, *, path: str) -> QuerySet[Any]:
    """Those of the rows that the text finds; `path` leads to the user. An empty text narrows nothing."""
    text = typed_email(text) if "@" in text else typed_line(text)
    if not text:
        return rows
    staff = User.objects.filter(role__in=STAFF_ROLES).order_by()
    found = staff.annotate(folded=Lower("email")).filter(folded__startswith=text.lower()).values("pk")
    words = None if "@" in text else beginning_with(text)
    if words is not None:
        # From the names on: somebody may have none, and an outer join would keep the index out.
        named = Profile.objects.annotate(words=name_words()).filter(words=words, user__role__in=STAFF_ROLES)
        found = found.union(named.values("user_id"))
    return rows.filter(**{f"{path}__in": found})


@dataclass(frozen=True, slots=True)
class LockedMember:
    pk: uuid.UUID
    name: str
    # The name of the address of the person's page in the portal.
    page: str
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class LockedStaff:
    members: tuple[LockedMember, ...]
    has_more: bool


def locked_staff(user: User, *, at: dt.datetime) -> LockedStaff:
    """Of the user's hospital; for an operator, of all. The longest closed first. One query, by its own small index."""
    rows = User.objects.filter(lockout_until__gt=at, is_active=True, role__in=STAFF_ROLES)
    if not user.is_operator:
        rows = rows.filter(hospital=user.hospital_id, hospital__isnull=False)
    found = list(rows.select_related("profile").order_by("-lockout_until", "pk")[: SHOWN + 1])
    return LockedStaff(tuple(_member(row) for row in found[:SHOWN]), has_more=len(found) > SHOWN)


def _member(row: User) -> LockedMember:
    profile = getattr(row, "profile", None)
    kind = row.staff_kind
    assert row.lockout_until is not None
    assert kind is not None
    name = (profile.full_name if profile else "") or row.email or ""
    return LockedMember(row.pk, name, kind.page("access"), row.lockout_until)
