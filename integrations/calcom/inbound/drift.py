"""Where the mirror differs from what Cal.com says, and applying what it says."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from clinical.mirror.apply import UnknownDoctor, apply_booking_facts
from clinical.mirror.facts import effective_status, is_marked_here_only
from clinical.models import AppointmentBooking
from integrations.calcom.api.responses import Booking, BookingStatus
from integrations.calcom.bookings.provider import forget_slots
from integrations.calcom.facts.people import booker_of, booking_name, booking_phone, doctor_of
from integrations.calcom.facts.reference import proven_reference
from integrations.calcom.facts.translate import translate_booking
from integrations.calcom.inbound.lookups import UNKNOWN_DOCTOR
from integrations.calcom.inbound.settle_requests import News, settle_requests
from integrations.models import SyncDrift

log = structlog.get_logger(__name__)

MISSING_VISIT = "missing_visit"
CHANGED_STATUS = "changed_status"
CHANGED_TIMES = "changed_times"
CHANGED_DOCTOR = "changed_doctor"
CHANGED_PATIENT = "changed_patient"
NO_SHOW = "no_show"

# Seen so often, a difference is not a webhook on its way any more.
PERSISTS_AFTER = 2

Rows = Mapping[str, AppointmentBooking]


@dataclass(frozen=True, slots=True)
class Repair:
    """What applying one booking changed, by kind; and what differs even so. `error` is why it could not be applied."""

    kinds: Sequence[str] = ()
    left: Sequence[str] = ()
    error: str | None = None


def mirrored(uids: Collection[str]) -> Rows:
    """What the mirror holds of these uids. One query."""
    rows = AppointmentBooking.objects.select_related("appointment__doctor__cal_link").filter(uid__in=uids)
    return {row.uid: row for row in rows}


def differences(booking: Booking, row: AppointmentBooking | None) -> list[str]:
    """The kinds in which the mirror differs; none where it agrees. Makes no query."""
    visit = row.appointment if row is not None else None
    if row is None or visit is None:
        return [MISSING_VISIT]
    booker = booker_of(booking)
    is_head = visit.cal_booking_id == booking.uid
    is_moved_there = bool(booking.rescheduled_to_uid)
    is_alive_there = booking.status in {BookingStatus.ACCEPTED, BookingStatus.PENDING} and not is_moved_there
    found = {
        # Something once told here has made it part of another visit.
        MISSING_VISIT: is_alive_there and not is_head,
        CHANGED_STATUS: booking.status != BookingStatus.UNKNOWN
        and (effective_status(row) != booking.status or (is_head and visit.cal_status != booking.status)),
        CHANGED_TIMES: (row.start_ts, row.end_ts) != (booking.start, booking.end)
        or (is_head and (visit.start_ts, visit.end_ts) != (booking.start, booking.end))
        or (booking.rescheduled_from_uid or row.rescheduled_from) != row.rescheduled_from
        or (is_moved_there and (is_head or row.rescheduled_to != booking.rescheduled_to_uid)),
        CHANGED_DOCTOR: _has_other_doctor(booking, row, is_head=is_head),
        # Cal.com still names who has been erased here.
        CHANGED_PATIENT: booker is not None
        and row.erased_at is None
        and (row.attendee_phone, row.attendee_name or None) != (booking_phone(booking), booking_name(booking)),
        NO_SHOW: booker is not None
        and not is_marked_here_only(row)
        and (bool(row.no_show) != booker.absent or (is_head and visit.no_show != bool(row.no_show))),
    }
    return [kind for kind, differs in found.items() if differs]


def _has_other_doctor(booking: Booking, row: AppointmentBooking, *, is_head: bool) -> bool:
    host_id = booking.hosts[0].id if booking.hosts else None
    if host_id is None:
        return False
    link = getattr(row.appointment.doctor, "cal_link", None) if row.appointment else None
    is_linked_to_another = link is not None and link.cal_user_id not in {None, host_id}
    return row.organizer_id != host_id or (is_head and is_linked_to_another)


def repair(bookings: Iterable[Booking], *, asked_at: dt.datetime) -> dict[str, Repair]:
    """Apply what Cal.com said at `asked_at` where the mirror differs. By uid; those that agreed are not in it.

    Each booking in a transaction of its own: one that cannot be applied stops no other.
    """
    newest = {booking.uid: booking for booking in bookings}
    before = mirrored(newest)
    differing = {uid: kinds for uid, one in newest.items() if (kinds := differences(one, before.get(uid)))}
    applied = {uid: _apply(newest[uid], asked_at) for uid in differing}
    after = mirrored([uid for uid, error in applied.items() if error is None])
    repairs = {}
    for uid, kinds in differing.items():
        if (error := applied[uid]) is not None:
            repairs[uid] = Repair([UNKNOWN_DOCTOR]) if error == UNKNOWN_DOCTOR else Repair(error=error)
            continue
        left = differences(newest[uid], after.get(uid))
        repairs[uid] = Repair([kind for kind in kinds if kind not in left], left)
    _note(newest, {uid: one.left for uid, one in repairs.items() if one.left}, at=asked_at)
    return repairs


def settled_by(bookings: Iterable[Booking], repairs: Mapping[str, Repair]) -> list[str]:
    """The uids that need not be asked for any more.

    Where the doctor is unknown the look-up stays, for the day the doctor is connected; where the booking could not be
    applied, to be tried again.
    """
    outcomes = {one.uid: repairs.get(one.uid, Repair()) for one in bookings}
    return [uid for uid, one in outcomes.items() if not one.error and UNKNOWN_DOCTOR not in one.kinds]


def _apply(booking: Booking, asked_at: dt.datetime) -> str | None:
    """Returns why it was not applied: the organizer is no doctor of ours, or the name of an error."""
    try:
        _apply_facts(booking, asked_at)
    except UnknownDoctor:
        return UNKNOWN_DOCTOR
    except (OperationalError, InterfaceError):
        raise  # the database is away, or does not answer in time: that is not this booking's doing
    except Exception as error:
        log.warning("calcom.booking_not_applied", booking=booking.id, error=type(error).__name__)
        return type(error).__name__
    return None


@transaction.atomic
def _apply_facts(booking: Booking, asked_at: dt.datetime) -> None:
    """Raises: UnknownDoctor."""
    digest = hashlib.sha256(booking.model_dump_json().encode()).hexdigest()
    facts = translate_booking(booking, digest=digest, fetched_at=asked_at)
    payload = booking.model_dump(mode="json", by_alias=True)
    applied = apply_booking_facts(facts=facts, payload=payload, doctor_of=doctor_of, at=asked_at)
    reference = proven_reference(booking.metadata, booking.event_type.id)
    settle_requests([News(facts, reference.request_id if reference else None, payload)], at=asked_at)
    if applied.appointment is not None:
        transaction.on_commit(partial(forget_slots, applied.appointment.doctor_id))


def _note(seen: Collection[str], left: Mapping[str, Sequence[str]], *, at: dt.datetime) -> None:
    """Keep count of what differs after all, and forget what does not any more."""
    SyncDrift.objects.filter(uid__in=set(seen) - set(left)).delete()
    for uid, kinds in left.items():
        values = {"kinds": list(kinds), "last_seen_at": at}
        if not SyncDrift.objects.filter(uid=uid).update(**values, seen=F("seen") + 1):
            SyncDrift.objects.get_or_create(uid=uid, defaults={**values, "first_seen_at": at})


def persisting_drifts() -> int:
    return SyncDrift.objects.filter(seen__gte=PERSISTS_AFTER).count()
