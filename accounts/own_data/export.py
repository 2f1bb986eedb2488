from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import IO, Any

import orjson
from django.conf import settings
from django.db import transaction

from accounts.access_log.record import AccessAction, record_access
from accounts.guessing.counters import count_hit
from accounts.models import User
from accounts.own_data.registry import holders
from core.rate_windows import Limit

EXPORTS = "export"
EXPORT_WINDOW = dt.timedelta(days=1)
# Of the document's shape.
FORMAT = 1


@transaction.atomic
def begin_export(*, by: User, at: dt.datetime) -> None:
    """Count and record one export of a person's own data. Raises: TooOften."""
    limit = Limit(settings.EXPORTS_A_DAY, EXPORT_WINDOW)
    count_hit(kind=EXPORTS, subject=str(by.pk), limit=limit, at=at)
    record_access(by=by, action=AccessAction.EXPORTED, patient_id=by.pk, object_kind="patient", object_id=by.pk)


def write_export(to: IO[bytes], *, by: User, at: dt.datetime) -> None:
    """All there is about the person as one JSON object, written piece by piece: a long record is never in memory."""
    to.write(b'{"format":%d,"made_at":%s' % (FORMAT, orjson.dumps(at)))
    for holder in holders():
        for name, rows in holder.sections(by):
            to.write(b",%s:[" % orjson.dumps(name))
            to.writelines(_joined(iter(rows)))
            to.write(b"]")
    to.write(b"}")


def _joined(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for number, row in enumerate(rows):
        yield (b"," if number else b"") + orjson.dumps(row, default=str)
