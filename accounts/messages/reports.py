"""What became of messages: what the provider reports, doubled, late and out of order; and figures that name nobody."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from accounts.messages.send_sms import NOTICES
from accounts.models import SmsMessage
from accounts.ports import COUNTRY_NOT_SERVED, STOPPED

Status = SmsMessage.Status
# A report only ever takes a message further; that it arrived is the last word.
_FURTHER = (Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.SENT, Status.FAILED, Status.DELIVERED)
_NEVER_SENT = ("too_late", COUNTRY_NOT_SERVED)
# Longest last: what is counted for it holds the shorter ones.
PERIODS = (dt.timedelta(hours=24), dt.timedelta(days=7), dt.timedelta(days=30))
REASONS_SHOWN = 8


@transaction.atomic
def record_sms_report(
    *, reference: uuid.UUID | None, provider_id: str, status: SmsMessage.Status, error_code: str | None, at: dt.datetime
) -> bool:
    """Take the report in; whether it told anything new.

    `reference` finds a message whose sending was not answered in time, or not yet: it had no provider's id then.
    """
    ours = Q(provider_id=provider_id)
    if reference is not None:
        ours |= Q(pk=reference, provider_id=None)
    earlier = _FURTHER[: _FURTHER.index(status)]
    message = SmsMessage.objects.select_for_update().filter(ours, status__in=earlier).first()
    if message is None:
        return False
    message.status, message.status_at = status, at
    message.provider_id, message.error_code = provider_id, error_code
    message.save(update_fields=["status", "status_at", "provider_id", "error_code"])
    return True


def has_stopped_sms(number: str | None) -> bool:
    """Whether the number's owner has told the provider to send no codes, as far as our last message knows.

    Reminders have a sender of their own, and notices may have, so a STOP to them says nothing here.
    """
    if not number:
        return False
    tried = SmsMessage.objects.filter(number=number, status__in=["sent", "delivered", "failed"])
    # Not those that we gave up ourselves: they never reached the provider.
    others = [SmsMessage.Kind.REMINDER, *(NOTICES if settings.SMS_NOTICES_APART else ())]
    told = tried.exclude(error_code__in=_NEVER_SENT).exclude(kind__in=others).order_by("-created_at", "-id")
    return told.values_list("error_code", flat=True).first() == STOPPED


@dataclass(frozen=True, slots=True)
class KindFigures:
    """Of one kind of message in one period. Under way: waiting, being sent, or sent and not yet reported on."""

    kind: str
    asked: int = 0
    delivered: int = 0
    under_way: int = 0
    failed: int = 0
    unknown: int = 0

    def __add__(self, other: KindFigures) -> KindFigures:
        return KindFigures(
            "",
            self.asked + other.asked,
            self.delivered + other.delivered,
            self.under_way + other.under_way,
            self.failed + other.failed,
            self.unknown + other.unknown,
        )

    @property
    def delivered_percent(self) -> int | None:
        """Of those that are settled; None where none is."""
        settled = self.delivered + self.failed + self.unknown
        return round(100 * self.delivered / settled) if settled else None


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    period: dt.timedelta
    kinds: list[KindFigures]
    total: KindFigures


def sms_figures(*, at: dt.datetime) -> list[PeriodFigures]:
    """By period and kind; kinds without a message are left out. One query, of the index alone."""
    counts = {f"n{number}": Count("pk", filter=Q(created_at__gt=at - span)) for number, span in enumerate(PERIODS)}
    rows: Iterable[Any] = list(
        SmsMessage.objects.filter(created_at__gt=at - PERIODS[-1])
        .values("kind", "status")
        .annotate(**counts)
        .order_by("kind", "status")
    )
    return [
        _period(span, {(row["kind"], row["status"]): row[f"n{number}"] for row in rows})
        for number, span in enumerate(PERIODS)
    ]


def failure_reasons(*, at: dt.datetime) -> list[tuple[str, int]]:
    """Why messages of the longest period failed, the commonest first: the provider's code or ours."""
    failed = SmsMessage.objects.filter(created_at__gt=at - PERIODS[-1], status=Status.FAILED)
    counted = failed.values_list("error_code").annotate(count=Count("pk")).order_by("-count", "error_code")
    return [(code or "", count) for code, count in counted[:REASONS_SHOWN]]


def _period(span: dt.timedelta, counted: dict[tuple[str, str], int]) -> PeriodFigures:
    kinds = [_kind(kind, counted) for kind in SmsMessage.Kind.values]
    kinds = [figures for figures in kinds if figures.asked]
    return PeriodFigures(span, kinds, sum(kinds, start=KindFigures("")))


def _kind(kind: str, counted: dict[tuple[str, str], int]) -> KindFigures:
    by_status = {status: counted.get((kind, status), 0) for status in Status.values}
    return KindFigures(
        kind=kind,
        asked=sum(by_status.values()),
        delivered=by_status[Status.DELIVERED],
        under_way=by_status[Status.QUEUED] + by_status[Status.SENDING] + by_status[Status.SENT],
        failed=by_status[Status.FAILED],
        unknown=by_status[Status.UNKNOWN],
    )
