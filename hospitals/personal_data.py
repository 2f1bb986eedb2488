"""What this app holds about a patient: nothing of its own. It names the hospitals in the access log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from accounts.models import AccessEvent, User
from accounts.own_data.registry import Held, NothingMore, Section
from hospitals.access_log.api import AccessEventSerializer, log_context

CHUNK = 500
_STAFF = Held(because="about staff and their hospitals")


class HospitalsData(NothingMore):
    held: ClassVar = {
        "hospitals": _STAFF,
        "doctors": _STAFF,
        "pharmacists": _STAFF,
        "hospital_admins": _STAFF,
        "doctor_availability": _STAFF,
        "doctor_time_off": _STAFF,
        "staff_imports": _STAFF,
    }

    def sections(self, user: User) -> Iterator[Section]:
        yield "access_log", _access_log(user)


def _access_log(user: User) -> Iterator[dict[str, Any]]:
    """As the app shows it: who and what, not from which address, which is staff's."""
    after = 0
    events = AccessEvent.objects.for_user(user).order_by("id")
    while page := list(events.filter(id__gt=after)[:CHUNK]):
        serializer = AccessEventSerializer(context=log_context(page))
        yield from (serializer.to_representation(event) for event in page)
        after = page[-1].pk
