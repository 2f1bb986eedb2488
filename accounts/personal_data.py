"""What this app holds about a patient, and how long it keeps its rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.access_log.seals import SEALER_LOCK, last_cut, make_cut
from accounts.guessing.counters import forget
from accounts.models import (
    AccessEvent,
    AuditSeal,
    DeviceToken,
    ErasureRequest,
    LoginDevice,
    OneTimeCode,
    Patient,
    Profile,
    SmsMessage,
    User,
)
from accounts.own_data.numbers import number_taken_at, remember_number
from accounts.own_data.registry import Held, NothingMore, Section
from accounts.own_data.retention import RowRule, Rows
from core.phone_numbers import shown_phone

CHUNK = 500
_WAITING = (SmsMessage.Status.QUEUED, SmsMessage.Status.SENDING)
_SECURITY = Held(because="how guessing is limited: numbers and times of tries, gone after a day")
_AUDIT = Held(because="keyed hashes over the access log, of nobody")
SEALS_AT_ONCE = 2000


class AccountsData(NothingMore):
    held: ClassVar = {
        "users": Held("profile"),
        "profiles": Held("profile"),
        "patients": Held("profile"),
        "device_tokens": Held("devices"),
        "login_devices": Held("devices"),
        "sms_messages": Held("text_messages"),
        "erasure_requests": Held("erasure_requests"),
        "access_events": Held("access_log"),
        "otps": Held(because="codes, unreadable and gone after a day; the messages that brought them are in"),
        "guess_counters": _SECURITY,
        "erased_numbers": Held(because="keyed hashes of numbers of people who are erased"),
        "audit_seals": _AUDIT,
        "audit_cuts": _AUDIT,
        "break_glass_grants": Held(because="an operator's reason, which names no patient; what was opened is in"),
        "staff_mails": Held(because="mails to staff"),
    }

    def sections(self, user: User) -> Iterator[Section]:
        patient = Patient.objects.select_related("user").get(pk=user.pk)
        yield "profile", [_profile(patient)]
        yield "consents", [{"kind": "reminders", "given": patient.reminders_enabled}]
        yield "devices", _devices(user)
        yield "text_messages", _messages(user)
        yield "erasure_requests", _requests(user)

    def erase_at_once(self, user: User, *, at: dt.datetime) -> dict[str, int]:
        counts = {
            "text_messages": _erase_messages(user, at),
            "codes": OneTimeCode.objects.filter(_codes_of(user)).delete()[0],
            "devices": DeviceToken.objects.filter(user=user).delete()[0],
            "known_devices": _forget_devices(user),
            "names": Profile.objects.filter(user=user).delete()[0],
        }
        if user.phone:
            remember_number(user.phone, at=at)
        _empty(user, at)
        return counts


_PROOFS = (SmsMessage.Kind.SIGN_IN_CODE, SmsMessage.Kind.PHONE_CODE)


def own_messages(user: User) -> QuerySet[SmsMessage]:
    """Messages to the number since it is this person's: it may have been another's before.

    With the code that made it so, which was sent before.
    """
    if not user.phone:
        return SmsMessage.objects.none()
    since = number_taken_at(user.pk) or user.created_at
    proof = Q(kind__in=_PROOFS, created_at__gte=since - settings.OTP_LIFETIME)
    rows: QuerySet[SmsMessage] = SmsMessage.objects.filter(Q(created_at__gte=since) | proof, number=user.phone)
    return rows


def _profile(patient: Patient) -> dict[str, Any]:
    user = patient.user
    profile = Profile.objects.filter(user=user).first()
    return {
        "id": user.pk,
        "phone": shown_phone(user.phone) if user.phone else None,
        "email": user.email,
        "full_name": profile.full_name if profile else None,
        "profile_image_url": profile.profile_image_url if profile else None,
        "date_of_birth": patient.date_of_birth,
        "time_zone": patient.time_zone,
        "created_at": user.created_at,
        "last_login": user.last_login,
    }


def _devices(user: User) -> Iterator[dict[str, Any]]:
    for token in DeviceToken.objects.filter(user=user).order_by("created", "digest"):
        yield {"name": token.device_name, "signed_in_at": token.created, "last_used_at": token.last_used_at}
    for device in LoginDevice.objects.filter(user=user).order_by("created_at", "pk"):
        yield {"name": device.name, "first_seen_at": device.created_at, "last_seen_at": device.last_seen_at}


def _messages(user: User) -> Iterator[dict[str, Any]]:
    for message in own_messages(user).order_by("created_at", "pk").iterator(chunk_size=CHUNK):
        yield {"kind": message.kind, "at": message.created_at, "status": message.status}


def _requests(user: User) -> Iterator[dict[str, Any]]:
    for one in ErasureRequest.objects.filter(patient=user.pk).order_by("asked_at", "pk"):
        yield {"asked_at": one.asked_at, "state": one.state, "withdrawn_at": one.withdrawn_at}


def _erase_messages(user: User, at: dt.datetime) -> int:
    """Those to its last owner too: a number names whoever has it, and nothing else is in them."""
    if not user.phone:
        return 0
    own = SmsMessage.objects.filter(number=user.phone)
    own.filter(status__in=_WAITING).update(status=SmsMessage.Status.FAILED, error_code="erased", status_at=at)
    return own.update(number="")


def _codes_of(user: User) -> Q:
    return Q(asked_by=user) | (Q(number=user.phone) if user.phone else Q(pk__in=[]))


def _forget_devices(user: User) -> int:
    devices = LoginDevice.objects.filter(user=user)
    subjects = [str(user.pk), *([user.phone] if user.phone else [])]
    subjects += [f"device:{pk}" for pk in devices.values_list("pk", flat=True)]
    forget(subjects=subjects)
    return devices.delete()[0]


def _empty(user: User, at: dt.datetime) -> None:
    patients = Patient.objects.filter(pk=user.pk)
    patients.update(date_of_birth=None, time_zone=None, reminders_enabled=False, erased_at=at)
    User.objects.filter(pk=user.pk).update(
        phone=None, email=None, password=None, auth_user_id=None, last_login=None, is_active=False
    )


def _codes(before: dt.datetime) -> Rows:
    return OneTimeCode.objects.filter(created_at__lte=before).order_by("created_at", "pk")


def _old_messages(before: dt.datetime) -> Rows:
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
    RowRule("sms_messages", SmsMessage, _old_messages),
    AccessEventRule(),
)
