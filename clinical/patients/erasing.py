"""Taking a patient's name and words out of the record. Visits' times, prescriptions and who wrote them stay."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.apps import apps
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from clinical.mirror.facts import RESCHEDULE_REQUESTED, chain
from clinical.mirror.tombstones import SCRUBBED, scrub_payloads
from clinical.models import AiSession, Appointment, AppointmentBooking, Prescription, PrescriptionMessage, VisitDecision

Match = Appointment.PatientMatch
_REASON_GIVEN = Q(cancellation_reason__isnull=False) & ~Q(cancellation_reason=RESCHEDULE_REQUESTED)


@transaction.atomic
def erase_visits(patient_id: uuid.UUID, at: dt.datetime, limit: int) -> int:
    telling = AppointmentBooking.objects.filter(appointment=OuterRef("pk"), erased_at__isnull=True)
    unbooked = ~Exists(AppointmentBooking.objects.filter(appointment=OuterRef("pk")))
    left = (
        Q(guest_name__isnull=False) | _REASON_GIVEN | ~Q(cal_raw_payload__has_key=SCRUBBED) | Exists(telling) | unbooked
    )
    visits = Appointment.objects.filter(left, patient=patient_id).order_by("pk")
    ids = list(visits.values_list("pk", flat=True)[:limit])
    _erase_these(ids, at)
    return len(ids)


def erase_guest_visits(phone: str | None, *, at: dt.datetime) -> int:
    """Past visits booked with the number that were never tied to anybody."""
    ids = guest_visit_ids(phone, at=at)
    _erase_these(ids, at)
    return len(ids)


def guest_visit_ids(phone: str | None, *, at: dt.datetime) -> list[uuid.UUID]:
    if not phone:
        return []
    # No index has the number: one pass over the bookings, once for each person erased.
    booked = AppointmentBooking.objects.filter(attendee_phone=phone, appointment__isnull=False)
    visits = Appointment.objects.filter(pk__in=booked.values("appointment"), patient__isnull=True, end_ts__lte=at)
    return list(visits.order_by("pk").values_list("pk", flat=True))


def loose_bookings(user: User, *, at: dt.datetime) -> QuerySet[AppointmentBooking]:
    """Bookings of which too little was told for a visit: theirs by our proof, or by number and not ahead."""
    own = Q(reference=str(user.pk))
    if user.phone:
        own |= Q(Q(end_ts__isnull=True) | Q(end_ts__lte=at), attendee_phone=user.phone)
    return AppointmentBooking.objects.filter(own, appointment__isnull=True)


def erase_loose_bookings(user: User, *, at: dt.datetime) -> int:
    rows = loose_bookings(user, at=at)
    rows.filter(_REASON_GIVEN).update(cancellation_reason=None)
    return rows.update(attendee_name=None, attendee_phone=None, erased_at=at)


def leave_unconfirmed_visits(patient_id: uuid.UUID, *, at: dt.datetime) -> int:
    """Visits to come that somebody booked with the number, and nobody confirmed, are a guest's from now on.

    They keep the name: it may be another person's, who will come.
    """
    # Bookings before their visits: the order in which the mirror locks them.
    open_visits = Appointment.objects.filter(
        patient=patient_id, patient_match=Match.PHONE, identity_confirmed_at__isnull=True
    ).open(at=at)
    bookings = AppointmentBooking.objects.select_for_update().filter(appointment__in=open_visits.values("pk"))
    by_visit: dict[uuid.UUID | None, list[AppointmentBooking]] = {}
    for one in bookings.select_related(None).order_by("uid"):
        by_visit.setdefault(one.appointment_id, []).append(one)
    visits = list(open_visits.select_for_update().defer("cal_raw_payload").order_by("pk"))
    for visit in visits:
        known = [one for one in reversed(chain(by_visit.get(visit.pk) or [])) if one.attendee_at] if by_visit else []
        visit.patient, visit.patient_match = None, Match.NONE
        visit.guest_name = known[0].attendee_name if known else None
        visit.save(update_fields=["patient", "patient_match", "guest_name"])
    return len(visits)


@transaction.atomic
def erase_prescription_notes(patient_id: uuid.UUID, at: dt.datetime, limit: int) -> int:
    history = _history("PrescriptionHistory")
    # A prescription that was given back has the reason in its history alone.
    taken_over = Exists(history.filter(pgh_obj_id=OuterRef("pk"), take_over_reason__isnull=False))
    left = Q(denial_note__isnull=False) | Q(take_over_reason__isnull=False) | taken_over
    ids = list(
        Prescription.objects.filter(left, patient=patient_id).order_by("pk").values_list("pk", flat=True)[:limit]
    )
    words = dict.fromkeys(("denial_note", "take_over_reason"))
    Prescription.objects.filter(pk__in=ids).update(**words)
    history.filter(pgh_obj_id__in=ids).update(**words)
    return len(ids)


@transaction.atomic
def erase_messages(patient_id: uuid.UUID, at: dt.datetime, limit: int) -> int:
    rows = PrescriptionMessage.objects.filter(prescription__patient=patient_id).exclude(body="").order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:limit])
    PrescriptionMessage.objects.filter(pk__in=ids).update(body="")
    return len(ids)


@transaction.atomic
def erase_talks(patient_id: uuid.UUID, at: dt.datetime, limit: int) -> int:
    """The vendor's id of a talk stays: by it a late report is known, and a trigger keeps its words out."""
    told = Q(transcript__isnull=False) | Q(summary__isnull=False) | Q(twilio_call_id__isnull=False)
    ids = list(AiSession.objects.filter(told, patient=patient_id).order_by("pk").values_list("pk", flat=True)[:limit])
    AiSession.objects.filter(pk__in=ids).update(transcript=None, summary=None, twilio_call_id=None)
    _history("AiSessionHistory").filter(pgh_obj_id__in=ids).update(summary=None, twilio_call_id=None)
    return len(ids)


@transaction.atomic
def _erase_these(ids: Sequence[uuid.UUID], at: dt.datetime) -> None:
    bookings = AppointmentBooking.objects.filter(appointment__in=ids)
    list(bookings.select_for_update().order_by("uid").values_list("uid"))
    bookings.filter(_REASON_GIVEN).update(cancellation_reason=None)
    bookings.update(attendee_name=None, attendee_phone=None, erased_at=at)
    visits = Appointment.objects.filter(pk__in=ids)
    _leave_tombstones(ids, at)
    visits.filter(_REASON_GIVEN).update(cancellation_reason=None)
    visits.filter(guest_name__isnull=False).update(guest_name=None)
    scrub_payloads(ids)
    history = _history("AppointmentHistory").filter(pgh_obj_id__in=ids)
    history.filter(_REASON_GIVEN | Q(guest_name__isnull=False)).update(cancellation_reason=None, guest_name=None)
    VisitDecision.objects.filter(appointment__in=ids).exclude(reason="").update(reason="")


def _leave_tombstones(ids: Sequence[uuid.UUID], at: dt.datetime) -> None:
    """A visit that another program wrote has no booking here yet: news of it must meet a tombstone all the same."""
    known = AppointmentBooking.objects.filter(appointment=OuterRef("pk"))
    bare = Appointment.objects.filter(~Exists(known), pk__in=ids).values_list("pk", "cal_booking_id")
    tombstones = [AppointmentBooking(uid=uid, appointment_id=pk, erased_at=at) for pk, uid in bare]
    AppointmentBooking.objects.bulk_create(tombstones, ignore_conflicts=True)


def _history(name: str):  # type: ignore[no-untyped-def]  # made by the history library, which has no types
    return apps.get_model("clinical", name)._default_manager
