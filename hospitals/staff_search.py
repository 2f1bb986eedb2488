"""Finding staff in a list by the beginning of any part of the name, or of the email; each by its index."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.models import Profile, Role, User
from core.db.name_search import beginning_with, name_words

STAFF_ROLES = [Role.DOCTOR, Role.PHARMACIST, Role.HOSPITAL_ADMIN]


def found_staff(rows: QuerySet[Any], text: str, *, path: str) -> QuerySet[Any]:
    """Those of the rows that the text finds; `path` leads to the user. An empty text narrows nothing."""
    text = " ".join(text.split())
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
