"""The access log as one reader may see it: names for its ids, whom words stand for, and when glass was broken."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from accounts.access_log.break_glass import GRANT_LIFETIME, opened_hospitals
from accounts.access_log.record import AccessAction
from accounts.access_log.sentences import Named
from accounts.models import AccessEvent, Role, User
from accounts.roles import STAFF_KINDS
from core.db.name_search import beginning_with, name_words
from core.phone_numbers import InvalidPhone, parse_phone

# More people than this fit what was typed: more of the name is asked for.
MOST_PEOPLE = 100
GLASS_SHOWN = 5
GLASS_SHOWN_FOR = dt.timedelta(days=90)
# Objects of the log that are members of staff, by their user's id.
_STAFF_OBJECTS = {"user", *(kind.object_kind for kind in STAFF_KINDS)}


class TooManyPeople(Exception):
    """Too many fit to look for each."""


def name_lines(events: Sequence[AccessEvent], *, reader: User) -> None:
    """Give each event `named`, in one query. An operator reads a patient's name only where they broke the glass."""
    people = {person for event in events for person in (event.actor_id, event.patient_id, _member(event)) if person}
    rows = User.objects.filter(pk__in=people).values_list("pk", "profile__full_name", "email")
    names: dict[uuid.UUID | None, str] = {pk: name or email or "" for pk, name, email in rows}
    opened = opened_hospitals(reader) if reader.is_operator else {}
    for event in events:
        may_name = not reader.is_operator or event.hospital_id in opened
        is_patient = event.actor_role == Role.PATIENT
        event.named = Named(  # type: ignore[attr-defined]
            actor=names.get(event.actor_id, "") if may_name or not is_patient else "",
            patient=names.get(event.patient_id, "") if may_name else "",
            other=names.get(_member(event), ""),
        )


def _member(event: AccessEvent) -> uuid.UUID | None:
    return uuid_of(event.object_id) if event.object_kind in _STAFF_OBJECTS else None


def uuid_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def staff_for(text: str, *, hospital_id: uuid.UUID | None) -> list[uuid.UUID]:
    """Members of a hospital's staff, and operators, by id, email or the beginnings of a name.

    Raises: TooManyPeople.
    """
    among = Q(hospital=hospital_id) if hospital_id else Q(hospital__isnull=True)
    staff = User.objects.filter(among | Q(is_superuser=True)).exclude(role=Role.PATIENT)
    return _people(staff, text, Q(email__iexact=text.strip()))


def patients_for(text: str) -> list[uuid.UUID]:
    """Patients by id, phone number or the beginnings of a name.

    Raises: TooManyPeople.
    """
    try:
        phone = Q(phone=parse_phone(text, countries=settings.SMS_COUNTRIES))
    except InvalidPhone:
        phone = Q(pk__in=[])
    return _people(User.objects.filter(role=Role.PATIENT), text, phone)


def _people(among: QuerySet[User], text: str, exactly: Q) -> list[uuid.UUID]:
    pk = uuid_of(text)
    if pk is not None:
        return [pk]
    found = list(among.filter(exactly).values_list("pk", flat=True)[:1])
    words = beginning_with(text)
    if found or words is None:
        return found
    named = among.annotate(words=name_words("profile__full_name")).filter(words=words).order_by("pk")
    people = list(named.values_list("pk", flat=True)[: MOST_PEOPLE + 1])
    if len(people) > MOST_PEOPLE:
        raise TooManyPeople
    return people


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """One time an operator opened the hospital's records: why, until when, and how much they looked at."""

    at: dt.datetime
    operator: str
    reason: str
    looked_at: int
    is_open: bool


def broken_glass(reader: User, *, hospital_id: uuid.UUID, at: dt.datetime) -> list[BrokenGlass]:
    """The latest times, newest first. Three queries, each by an index of the log."""
    log = AccessEvent.objects.for_user(reader).filter(hospital_id=hospital_id)
    breaks = log.filter(action=AccessAction.BROKE_GLASS, at__gt=at - GLASS_SHOWN_FOR).order_by("-at", "-id")
    events = list(breaks[:GLASS_SHOWN])
    if not events:
        return []
    name_lines(events, reader=reader)
    since = events[-1].at
    done = log.filter(actor_id__in={event.actor_id for event in events}, at__gte=since)
    looked_at = _counted(done.filter(reason__startswith="break_glass:").values_list("reason"))
    ended = set(done.filter(action=AccessAction.ENDED_BREAK_GLASS).values_list("object_id", flat=True))
    return [
        BrokenGlass(
            at=event.at,
            operator=_named(event).actor,
            reason=event.reason,
            looked_at=looked_at.get(f"break_glass:{event.object_id}", 0),
            is_open=event.object_id not in ended and at < event.at + GRANT_LIFETIME,
        )
        for event in events
    ]


def _named(event: Any) -> Named:
    named: Named = event.named
    return named


def _counted(rows: Iterable[Any]) -> dict[str, int]:
    assert isinstance(rows, QuerySet)
    return dict(rows.annotate(count=Count("pk")).order_by())
