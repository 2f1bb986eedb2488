"""What this app holds about a patient: bookings asked for, and what vendors told us."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Max, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import User
from accounts.own_data.registry import Held, NothingMore, Section, Step, Wait
from accounts.own_data.retention import RowRule, Rows
from clinical.models import AiSession, AppointmentBooking
from clinical.patients.erasing import guest_visit_ids, loose_bookings
from core.times import in_zone
from integrations.calcom.inbound.replay import scrub_bodies
from integrations.models import (
    BookingLookup,
    BookingRequest,
    CalWebhook,
    ContractCheck,
    SubscriptionCheck,
    SyncRun,
    VapiEvent,
)
from integrations.vapi.inbound.processing import forget, forget_caller

CHUNK = 500
_SYNC = Held(because="ids of bookings that are being compared, of nobody by themselves")
_OPEN = (BookingRequest.State.QUEUED, BookingRequest.State.SENT, BookingRequest.State.UNKNOWN)
PENDING = CalWebhook.Status.PENDING


@transaction.atomic
def erase_reasons(patient_id: uuid.UUID, at: dt.datetime, limit: int) -> int:
    own = BookingRequest.objects.filter(Q(patient=patient_id) | Q(appointment__patient=patient_id))
    ids = list(own.filter(reason__isnull=False).order_by("pk").values_list("pk", flat=True)[:limit])
    BookingRequest.objects.filter(pk__in=ids).update(reason=None)
    return len(ids)


@transaction.atomic
def erase_bodies(patient_id: uuid.UUID, at: dt.datetime, limit: int) -> int:
    """One that still waits is scrubbed by who applies it."""
    uids = AppointmentBooking.objects.filter(appointment__patient=patient_id).values("uid")
    return _scrub(CalWebhook.objects.filter(booking_uid__in=uids), at, limit)


@transaction.atomic
def erase_calls(patient_id: uuid.UUID, at: dt.datetime, limit: int) -> int:
    calls = AiSession.objects.filter(patient=patient_id, vapi_session_id__isnull=False).values("vapi_session_id")
    return forget(VapiEvent.objects.filter(call_id__in=calls), at=at, limit=limit)


def _failed_with(phone: str | None) -> QuerySet[CalWebhook]:
    """What could not be applied is tied to nobody: the number is looked for in the words."""
    failed = CalWebhook.objects.filter(status=CalWebhook.Status.FAILED)
    if not phone:
        return failed.none()
    return failed.annotate(text=Cast("raw_webhook_body", TextField())).filter(text__contains=phone)


def _scrub(rows: Any, at: dt.datetime, limit: int | None) -> int:
    left = rows.filter(scrubbed_at__isnull=True).exclude(status=CalWebhook.Status.PENDING).order_by("pk")
    ids = list(left.values_list("pk", flat=True)[:limit])
    scrub_bodies(ids, at=at)
    return len(ids)


class IntegrationsData(NothingMore):
    held: ClassVar = {
        "booking_requests": Held("booking_requests"),
        "cal_webhooks": Held(because="what Cal.com told of the visits, which are in; ids and times after 180 days"),
        "vapi_events": Held(because="what Vapi told of the talks, which are in; gone after 30 days"),
        "booking_lookups": _SYNC,
        "sync_drifts": _SYNC,
        "sync_runs": Held(because="figures"),
        "cal_links": Held(because="about doctors"),
        "cal_connections": Held(because="about doctors"),
        "calcom_subscription_checks": Held(because="about our own set-up"),
        "calcom_contract_checks": Held(because="about Cal.com and our own set-up"),
    }
    steps: ClassVar = (
        Step("booking_reasons", erase_reasons),
        Step("webhook_bodies", erase_bodies),
        Step("calls", erase_calls),
    )

    def sections(self, user: User) -> Iterator[Section]:
        yield "booking_requests", _requests(user)

    def waits(self, patient_id: uuid.UUID, *, at: dt.datetime) -> list[Wait]:
        return [Wait("open_requests", BookingRequest.objects.filter(patient=patient_id, state__in=_OPEN).count())]

    def erase_at_once(self, user: User, *, at: dt.datetime) -> dict[str, int]:
        guests = AppointmentBooking.objects.filter(appointment__in=guest_visit_ids(user.phone, at=at))
        uids = [*guests.values_list("uid", flat=True), *loose_bookings(user, at=at).values_list("uid", flat=True)]
        return {
            "guest_webhook_bodies": _scrub(CalWebhook.objects.filter(booking_uid__in=uids), at, None)
            + _scrub(_failed_with(user.phone), at, None),
            "calls_by_number": forget_caller(user.phone, at=at) if user.phone else 0,
        }

    def elsewhere(self, patient_id: uuid.UUID) -> list[str]:
        """Cal.com's numbers of the bookings: name, phone and email stay there, and its API erases no booking."""
        rows = AppointmentBooking.objects.filter(appointment__patient=patient_id, booking_id__isnull=False)
        return [str(number) for number in rows.order_by("booking_id").values_list("booking_id", flat=True)]


def _requests(user: User) -> Iterator[dict[str, Any]]:
    rows = BookingRequest.objects.filter(patient=user.pk).select_related("doctor__user__profile", "doctor__hospital")
    for one in rows.order_by("created_at", "pk").iterator(chunk_size=CHUNK):
        zone = one.doctor.hospital.time_zone
        yield {
            "id": one.pk,
            "kind": one.kind,
            "doctor": one.doctor.full_name,
            "start": in_zone(one.start_ts, zone) if one.start_ts else None,
            "reason": one.reason,
            "state": one.state,
            "code": one.outcome_code,
            "appointment": one.appointment_id,
            "asked_at": one.created_at,
        }


def _bodies(before: dt.datetime) -> Rows:
    """One that still waits is work."""
    rows = CalWebhook.objects.filter(scrubbed_at__isnull=True, received_at__lte=before)
    return rows.exclude(status=PENDING).order_by("received_at", "pk")


def _scrub_bodies(ids: Sequence[Any]) -> None:
    scrub_bodies(ids, at=timezone.now())


def _vapi_events(before: dt.datetime) -> Rows:
    rows = VapiEvent.objects.filter(received_at__lte=before).exclude(status=PENDING)
    return rows.order_by("received_at", "pk")


def _lookups(before: dt.datetime) -> Rows:
    """Those that were given up."""
    return BookingLookup.objects.filter(due_at__isnull=True, queued_at__lte=before).order_by("queued_at", "pk")


def _runs(before: dt.datetime) -> Rows:
    """The last run of a kind says where the next begins, however old it is."""
    last = SyncRun.objects.values("kind").annotate(last=Max("pk"))
    reached = last.filter(reached_at__isnull=False)
    rows = SyncRun.objects.filter(started_at__lte=before)
    kept = {row["last"] for row in (*last, *reached)}
    return rows.exclude(pk__in=kept).order_by("pk")


def _checks(before: dt.datetime) -> Rows:
    last = SubscriptionCheck.objects.aggregate(last=Max("pk"))["last"]
    return SubscriptionCheck.objects.filter(checked_at__lte=before).exclude(pk=last).order_by("pk")


def _contract_checks(before: dt.datetime) -> Rows:
    last = ContractCheck.objects.aggregate(last=Max("pk"))["last"]
    return ContractCheck.objects.filter(checked_at__lte=before).exclude(pk=last).order_by("pk")


RULES = (
    RowRule("webhook_bodies", CalWebhook, _bodies, _scrub_bodies),
    RowRule("vapi_events", VapiEvent, _vapi_events),
    RowRule("booking_lookups", BookingLookup, _lookups),
    RowRule("sync_runs", SyncRun, _runs),
    RowRule("subscription_checks", SubscriptionCheck, _checks),
    RowRule("contract_checks", ContractCheck, _contract_checks),
)
