"""What became of text messages, in figures that name nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from accounts.models import SmsMessage

Status = SmsMessage.Status
# Longest last: what is counted for it holds the shorter ones.
PERIODS = (dt.timedelta(hours=24), dt.timedelta(days=7), dt.timedelta(days=30))
REASONS_SHOWN = 8


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
