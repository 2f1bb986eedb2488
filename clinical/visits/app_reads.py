"""A patient's own visits, as the app shows them: the reads that every phone makes again and again."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Role, User
from clinical.models import Appointment
from clinical.visits.document import VisitRow, visit_rows
from core.api.pages import CursorPages
from core.db.prepared import Parameter, PreparedRead

ORDER = ("-start_ts", "-id")


def own_visit(appointment_id: uuid.UUID, *, by: User) -> VisitRow:
    """The visit of this id, or of which this id is an alias.

    Raises: Appointment.DoesNotExist.
    """
    at = timezone.now()
    rows = _ONE.rows(patient=by.pk, at=at, id=appointment_id) or list(
        own_visits(by, at=at).filter(aliases__pk=appointment_id)[:1]
    )
    if not rows:
        raise Appointment.DoesNotExist
    return cast(VisitRow, rows[0])


def own_visits(by: User, *, at: dt.datetime) -> QuerySet[Any, Any]:
    return visit_rows(Appointment.objects.for_user(by), at=at).order_by(*ORDER)


class NewestVisits:
    """The first page of `own_visits`, for a paginator that only slices from the beginning."""

    def __init__(self, by: User) -> None:
        self._patient = by.pk

    def order_by(self, *_: str) -> NewestVisits:
        return self

    def __getitem__(self, part: slice) -> list[dict[str, Any]]:
        return _NEWEST.rows(patient=self._patient, at=timezone.now())[part]


# Stands for whichever patient asks: the scope is still `for_user`'s.
_ANYBODY = User(pk=cast(Any, Parameter("patient")), role=Role.PATIENT, is_active=True)
_THEN = cast(Any, Parameter("at"))
_ONE = PreparedRead(lambda: own_visits(_ANYBODY, at=_THEN).filter(pk=Parameter("id")).order_by())
_NEWEST = PreparedRead(lambda: own_visits(_ANYBODY, at=_THEN)[: CursorPages.page_size + 1])
