"""The rows that a batch of facts touches: read and locked in a handful of statements, changed in memory, written once.

Two workers may hold batches that touch one visit. Bookings are locked in the order of their uids, and what is new is
inserted last, in the same order; who finds a row there that was not when it looked is `Overtaken` and starts again.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Coalesce

from accounts.models import Patient, Role
from accounts.own_data.numbers import erased_numbers, number_taken
from clinical.mirror.facts import BookingFacts, MergedBooking
from clinical.mirror.tombstones import Tombstones
from clinical.models import Appointment, AppointmentAlias, AppointmentBooking, VisitDecision
from core.db.bulk import Record, insert_all, update_all
from core.db.fields import TransactionNow

# The two links of a row are unnested rather than selected one by one: the planner would push "IS NOT NULL" down to
# them and, as long as its statistics know no links, scan every link there is for each uid (measured: 2.7 ms a uid).
_LINKED = """
WITH RECURSIVE linked (uid) AS (
    SELECT unnest(%s::text[])
    UNION
    SELECT other.uid FROM linked CROSS JOIN LATERAL (
        SELECT unnest(ARRAY[rescheduled_from, rescheduled_to]) FROM appointment_bookings WHERE uid = linked.uid
        UNION ALL SELECT uid FROM appointment_bookings WHERE rescheduled_from = linked.uid
        UNION ALL SELECT uid FROM appointment_bookings WHERE rescheduled_to = linked.uid
    ) AS other (uid) WHERE other.uid IS NOT NULL
) SELECT uid FROM linked
"""

# What the mirror derives; the rest of a visit is for those who mark, confirm and talk about it.
_VISIT_COLUMNS = [
    "cal_booking_id",
    "patient_id",
    "doctor_id",
    "hospital_id",
    "start_ts",
    "end_ts",
    "status",
    "last_synced_at",
    "cal_status",
    "no_show",
    "cancellation_reason",
    "patient_match",
    "guest_name",
]


@dataclass(slots=True)
class HeldBooking(MergedBooking):
    """One row of `appointment_bookings`. `is_new` is one that is not there yet."""

    appointment_id: uuid.UUID | None = None
    erased_at: dt.datetime | None = None
    is_new: bool = True


_BOOKING_COLUMNS = [one.name for one in fields(HeldBooking) if one.name != "is_new"]
# An empty text is no text.
_TEXTS = ("cancellation_reason", "organizer_email", "attendee_name", "attendee_phone")


class Overtaken(Exception):
    """Another worker wrote to the same visits meanwhile: read again."""

    code = "overtaken"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a number is, and since when."""

    patient_id: uuid.UUID
    since: dt.datetime


@dataclass(slots=True)
class MirrorRows:
    """`bookings` has every uid that was asked for and all that are linked to them, `visits` the visits of these.

    A booking that is not in the table yet is empty. `strays` has, by uid, the visits that no booking belongs to:
    another program wrote them. `patients` is by id, `phones` by number; both hold only whom a booking may be tied to.
    """

    bookings: dict[str, HeldBooking]
    visits: dict[uuid.UUID, Appointment]
    strays: dict[str, uuid.UUID]
    patients: dict[str, uuid.UUID]
    phones: dict[str, Owner]
    tombstones: Tombstones
    _named_by: dict[str, set[str]] = field(default_factory=dict)
    _changed_bookings: set[str] = field(default_factory=set)
    _changed_visits: dict[uuid.UUID, Appointment] = field(default_factory=dict)
    _joined: list[tuple[Appointment, Appointment]] = field(default_factory=list)

    def linked(self, uids: Iterable[str]) -> dict[str, HeldBooking]:
        """The bookings that are linked to one of these, directly or over others."""
        found: dict[str, HeldBooking] = {}
        wanted = set(uids)
        while wanted:
            uid = wanted.pop()
            booking = found[uid] = self.bookings[uid]
            near = {booking.rescheduled_from, booking.rescheduled_to}
            near |= {other for other in self._named_by.get(uid, ()) if uid in _named(self.bookings[other])}
            wanted |= {other for other in near if other and other not in found}
        return found

    def visit_of(self, bookings: Collection[HeldBooking]) -> Appointment | None:
        """The visit's row; where two rows turn out to be one visit, the older, which takes over from the other."""
        ids = {booking.appointment_id for booking in bookings} | {self.strays.get(one.uid) for one in bookings}
        visits = sorted((self.visits[pk] for pk in ids if pk in self.visits), key=_age)
        for other in visits[1:]:
            self._join(other, visits[0])
        return visits[0] if visits else None

    def restore(self, bookings: Mapping[str, HeldBooking]) -> None:
        """Put these back as they were before something was merged into them."""
        self.bookings.update(bookings)

    def keep_bookings(self, bookings: Iterable[HeldBooking]) -> None:
        for booking in bookings:
            self._changed_bookings.add(booking.uid)
            for uid in _named(booking):
                self._named_by.setdefault(uid, set()).add(booking.uid)

    def keep_visit(self, visit: Appointment) -> None:
        self.visits[visit.pk] = self._changed_visits[visit.pk] = visit

    def write(self, *, at: dt.datetime) -> None:
        """Raises: Overtaken."""
        for other, survivor in self._joined:
            _take_over(other, survivor)
        _write_visits(self._changed_visits.values())
        _write_bookings([self.bookings[uid] for uid in self._changed_bookings], at)

    def _join(self, other: Appointment, survivor: Appointment) -> None:
        del self.visits[other.pk]
        self._changed_visits.pop(other.pk, None)
        for booking in self.bookings.values():
            if booking.appointment_id == other.pk:
                booking.appointment_id = survivor.pk
                self._changed_bookings.add(booking.uid)
        if not other._state.adding:
            self._joined.append((other, survivor))


def read_rows(facts: Sequence[BookingFacts]) -> MirrorRows:
    """Read and lock what these facts touch. Raises: Overtaken."""
    bookings = _locked_bookings({uid for one in facts for uid in (one.uid, *_named(one))})
    ids = {booking.appointment_id for booking in bookings.values() if booking.appointment_id}
    visits = _locked_visits(ids, bookings)
    patients = _patients({one.patient_id for one in facts}, {one.reference for one in bookings.values()})
    rows = MirrorRows(
        bookings,
        visits,
        strays={visit.cal_booking_id: visit.pk for visit in visits.values() if visit.pk not in ids},
        patients={str(pk): pk for pk in patients},
        phones=_phones({one.phone for one in facts} | {one.attendee_phone for one in bookings.values()}),
        tombstones=Tombstones(
            frozenset(str(pk) for pk, erased_at in patients.items() if erased_at),
            erased_numbers({one.phone for one in facts if one.phone and bookings[one.uid].is_new}),
        ),
    )
    for booking in bookings.values():
        for uid in _named(booking):
            rows._named_by.setdefault(uid, set()).add(booking.uid)
    return rows


def _named(one: BookingFacts | HeldBooking) -> list[str]:
    return [uid for uid in (one.rescheduled_from, one.rescheduled_to) if uid]


def _age(visit: Appointment) -> tuple[bool, dt.datetime, str]:
    return visit._state.adding, visit.created_at, str(visit.pk)


def _locked_bookings(uids: set[str]) -> dict[str, HeldBooking]:
    wanted = _linked_uids(uids)
    rows = AppointmentBooking.objects.select_for_update().filter(uid__in=wanted).order_by("uid")
    # Of those told of before it was kept, our own row is the oldest sign.
    first_told_at = Coalesce("first_told_at", "created_at")
    columns = [first_told_at if name == "first_told_at" else name for name in _BOOKING_COLUMNS]
    bookings = {row[0]: _held(row) for row in rows.values_list(*columns)}
    # What links these now has been linked before the locks were ours.
    if _linked_uids(wanted) != wanted:
        raise Overtaken
    return {uid: bookings.get(uid) or HeldBooking(uid) for uid in sorted(wanted)}


def _held(row: Sequence[Any]) -> HeldBooking:
    booking = HeldBooking(*row)
    booking.is_new = False
    return booking


def _linked_uids(uids: set[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_LINKED, [sorted(uids)])
        return {uid for (uid,) in cursor.fetchall()}


def _locked_visits(ids: Collection[uuid.UUID], uids: Collection[str]) -> dict[uuid.UUID, Appointment]:
    rows = Appointment.objects.select_for_update().defer("cal_raw_payload")
    return {row.pk: row for row in rows.filter(Q(pk__in=ids) | Q(cal_booking_id__in=uids)).order_by("pk")}


def _patients(ids: set[uuid.UUID | None], references: set[str | None]) -> dict[uuid.UUID, dt.datetime | None]:
    """Those of them that there are, and when they were erased."""
    asked = {pk for pk in ids if pk} | {uuid.UUID(reference) for reference in references if reference}
    return dict(Patient.objects.filter(pk__in=asked).values_list("pk", "erased_at"))


def _phones(numbers: Collection[str | None]) -> dict[str, Owner]:
    known = Patient.objects.filter(
        user__phone__in=[number for number in numbers if number], user__role=Role.PATIENT, user__is_active=True
    )
    rows = known.values_list("user__phone", "pk", Coalesce(number_taken(), "user__created_at"))
    return {phone: Owner(pk, since) for phone, pk, since in rows if phone}


def _write_visits(visits: Collection[Appointment]) -> None:
    visits = sorted(visits, key=lambda one: one.cal_booking_id)
    new = [_visit_record(one) | {"created_at": one.created_at} for one in visits if one._state.adding]
    old = [_visit_record(one) for one in visits if not one._state.adding]
    update_all(Appointment, _VISIT_COLUMNS, old, kept_when_null=["cal_raw_payload"])
    if insert_all(Appointment, ["id", *_VISIT_COLUMNS, "cal_raw_payload", "created_at"], new) != len(new):
        raise Overtaken
    for one in visits:
        one._state.adding = False


def _visit_record(visit: Appointment) -> dict[str, Any]:
    held = vars(visit)
    record = {name: held[name] for name in _VISIT_COLUMNS}
    # Where the payload was not read, it has not changed either.
    record |= {"id": visit.pk, "cal_raw_payload": held.get("cal_raw_payload"), "guest_name": visit.guest_name or None}
    return record


def _write_bookings(bookings: Iterable[HeldBooking], at: dt.datetime) -> None:
    ordered = sorted(bookings, key=lambda one: one.uid)
    new = [_booking_record(one, at) for one in ordered if one.is_new]
    old = [_booking_record(one, at) for one in ordered if not one.is_new]
    update_all(AppointmentBooking, [*_BOOKING_COLUMNS[1:], "updated_at"], old)
    if insert_all(AppointmentBooking, [*_BOOKING_COLUMNS, "updated_at"], new) != len(new):
        raise Overtaken


_booking_values = attrgetter(*_BOOKING_COLUMNS)


def _booking_record(booking: HeldBooking, at: dt.datetime) -> Record:
    record: dict[str, Any] = dict(zip(_BOOKING_COLUMNS, _booking_values(booking), strict=True))
    return record | {name: record[name] or None for name in _TEXTS} | {"updated_at": at}


def _take_over(other: Appointment, survivor: Appointment) -> None:
    """Let `survivor` stand for both: what points to the other row points to it, and the other id stays an alias."""
    # Each may have a decision that holds; the survivor's goes on.
    decided = VisitDecision.objects.current()
    if decided.filter(appointment=survivor).exists():
        decided.filter(appointment=other).update(replaced_at=TransactionNow())
    for relation in Appointment._meta.related_objects:
        model, name = relation.field.model, relation.field.name
        if model is not AppointmentAlias and not hasattr(model, "pgh_obj"):
            model._default_manager.filter(**{name: other}).update(**{name: survivor})
    AppointmentAlias.objects.filter(appointment=other).update(appointment=survivor)
    other_id: uuid.UUID = other.pk
    other.delete()
    AppointmentAlias.objects.create(id=other_id, appointment=survivor)
