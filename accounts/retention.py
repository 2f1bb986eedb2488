"""How long this app's rows are kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction

from accounts.access_log.sealing import SEALER_LOCK
from accounts.access_log.seals import last_cut, make_cut
from accounts.models import AccessEvent, AuditSeal, OneTimeCode, SmsMessage
from accounts.own_data.retention import RowRule, Rows

SEALS_AT_ONCE = 2000


def _codes(before: dt.datetime) -> Rows:
    return OneTimeCode.objects.filter(created_at__lte=before).order_by("created_at", "pk")


def _messages(before: dt.datetime) -> Rows:
    return SmsMessage.objects.filter(created_at__lte=before).order_by("created_at", "pk")


@dataclass(frozen=True, slots=True)
class AccessEventRule:
    """Whole seals' rows, where the seal is older: it was made after all of them (`accounts.access_log.seals`)."""

    name: str = "access_events"

    def count(self, *, before: dt.datetime) -> int:
        seal, cut = _seal_to_cut_at(before), last_cut()
        return _rows(max(seal.last_event_id if seal else 0, cut.last_event_id if cut else 0), before).count()

    @transaction.atomic
    def step(self, *, before: dt.datetime, at: dt.datetime, limit: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])
        seal = _seal_to_cut_at(before)
        if seal is not None:
            make_cut(seal, at=at)
        cut = last_cut()
        if cut is None:
            return 0
        ids = list(_rows(cut.last_event_id, before).order_by("id").values_list("id", flat=True)[:limit])
        AccessEvent.objects.filter(id__in=ids).delete()
        return len(ids)


def _seal_to_cut_at(before: dt.datetime) -> AuditSeal | None:
    """The newest seal made before that moment, behind the last cut."""
    cut, newest = last_cut(), None
    seals = AuditSeal.objects.filter(id__gt=cut.last_seal_id if cut else 0).order_by("id")
    # Not by time, which no index has: the oldest come first, and those that are too young end it.
    for seal in seals.iterator(chunk_size=SEALS_AT_ONCE):
        if seal.at > before:
            break
        newest = seal
    return newest


def _rows(up_to: int, before: dt.datetime) -> Rows:
    return AccessEvent.objects.filter(id__lte=up_to, at__lte=before)


RULES = (
    RowRule("one_time_codes", OneTimeCode, _codes),
    RowRule("sms_messages", SmsMessage, _messages),
    AccessEventRule(),
)
