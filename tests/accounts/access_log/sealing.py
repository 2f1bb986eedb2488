"""Rows of the access log for the tests of its seals."""

from __future__ import annotations

import datetime as dt
import uuid

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User

AT = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


def record(*, by: User | None = None, count: int = 1) -> None:
    for _ in range(count):
        record_access(by=by, action=AccessAction.OPENED_PATIENT, patient_id=uuid.uuid4(), object_kind="patient")
