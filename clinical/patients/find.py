"""One box: the staff, patients and guests a person may see, by the beginning of a name, a phone number or an email.

An admin is shown of a patient the name, the number, and the visits to the hospital that are ahead, or else the last.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Lower

from accounts.access_log.break_glass import grant_text, open_grants
from accounts.access_log.record import AccessAction, record_access, record_list
from accounts.models import Patient, User
from accounts.people.names import display_phone, full_name, patient_name
from accounts.permissions import Permission, has_permission
from accounts.roles import STAFF_KINDS, StaffKind
from clinical.models import Appointment, AppointmentBooking, Prescription
from clinical.visits.decisions import phones_of
from clinical.visits.shown import VisitHeading, heading_of
from core.db.name_search import beginning_with, name_words
from core.phone_numbers import beginnings, country_of_zone, digits_typed
from core.text.lines import typed_email, typed_line
from core.text.search import search_text

MOST = 20  # of each kind on one page
# Fewer say too little: every third name begins with some one letter.
LEAST_LETTERS = 2
# Less is a country and its networks.
LEAST_DIGITS = 6
# A guest is only a name on a visit, and is looked for among visits from so long ago on.
GUESTS_LOOK_BACK = dt.timedelta(days=90)
# Of one patient; whoever has more opens one of them.
MOST_AHEAD = 10


@dataclass(frozen=True, slots=True)
class FoundMember:
    pk: uuid.UUID
    kind: StaffKind
    name: str
    detail: str
    email: str
    hospital: str
    is_active: bool

    @property
    def page(self) -> str:
        """The name of the address of the person's page in the portal."""
        return self.kind.page("change")


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """`visits` are those ahead, the next first, else the last that took place. `hospital_id` is that of the visit, or
    else of the prescription, by which the patient was found.
    """

    patient_id: uuid.UUID
    hospital_id: uuid.UUID | None
    name: str
    phone: str
    visits: list[VisitHeading]
    prescription_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class FoundGuest:
    """One visit of somebody without an account."""

    hospital_id: uuid.UUID | None
    name: str
    phone: str
    heading: VisitHeading
    patient_id: None = None


@dataclass(frozen=True, slots=True)
class Found:
    staff: list[FoundMember]
    patients: list[FoundPatient]
    guests: list[FoundGuest]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, as one of three things to look for; or too little of any."""

    name: str = ""
    phone: str = ""
    email: str = ""

    @property
    def says_enough(self) -> bool:
        return bool(self.name or self.phone or self.email)


def read_typed(text: str) -> Typed:
    text = typed_line(text.replace("\0", ""))
    if "@" in text:
        return Typed(email=typed_email(text).lower()) if len(text) > LEAST_LETTERS else Typed()
    if digits := digits_typed(text):
        return Typed(phone=digits) if len(digits) >= LEAST_DIGITS else Typed()
    return Typed(name=text) if any(len(word) >= LEAST_LETTERS for word in search_text(text).split()) else Typed()


@transaction.atomic
def find_people(typed: Typed, *, by: User, at: dt.datetime) -> Found:
    """At most `MOST` of each kind, by name. A search that looked among patients is on record, once; whom an operator
    was shown behind broken glass, for each of them.
    """
    staff = _staff(typed, by) if has_permission(by, Permission.MANAGE_STAFF) else []
    patients, guests = [], []
    # Patients have no email.
    if not typed.email and has_permission(by, Permission.VIEW_APPOINTMENTS):
        patients = list(_patients(typed, by)[: MOST + 1])
        guests = list(_guests(typed, by, at)[: MOST + 1])
        record_access(by=by, action=AccessAction.SEARCHED_PATIENTS, object_kind="patient")
    has_more = any(len(found) > MOST for found in (staff, patients, guests))
    shown = _with_visits(patients[:MOST], by, at)
    shown_guests = _with_phones(guests[:MOST], at)
    records = [*shown, *shown_guests]
    if by.is_operator and records:
        grants = " ".join(grant_text(grant.pk) for grant in open_grants(by))
        action = AccessAction.LISTED_UNDER_BREAK_GLASS
        record_list(by=by, action=action, records=records, object_kind="patient", reason=grants)
    members = sorted(staff[:MOST], key=lambda one: (one.name.lower(), str(one.pk)))
    return Found(members, shown, shown_guests, has_more)


def _matching(typed: Typed, rows: Any, by: User) -> Any:
    """Rows with a `user` that match."""
    if typed.email:
        return rows.annotate(folded=Lower("user__email")).filter(folded__startswith=typed.email)
    if typed.phone:
        # Each by the index: an OR may go by none.
        found = [
            User.objects.filter(phone__startswith=one).values("pk")
            for one in beginnings(typed.phone, countries=_countries(by))
        ]
        return rows.filter(user__in=found[0].union(*found[1:])) if found else rows.none()
    return rows.annotate(words=name_words("user__profile__full_name")).filter(words=beginning_with(typed.name))


def _countries(by: User) -> Sequence[str]:
    """Where numbers without a country's code are at home: the hospital's, else those that messages are sent to."""
    own = country_of_zone(by.hospital.time_zone) if by.hospital else None
    return [own] if own else settings.SMS_COUNTRIES


def _staff(typed: Typed, by: User) -> list[FoundMember]:
    if typed.phone:
        return []  # staff have none
    found: list[FoundMember] = []
    for kind in STAFF_KINDS:
        rows = _matching(typed, kind.model.objects.for_user(by).with_names(), by)[: MOST + 1]
        found += [_member(kind, row) for row in rows]
    return found


def _member(kind: StaffKind, row: Any) -> FoundMember:
    return FoundMember(
        pk=row.pk,
        kind=kind,
        name=full_name(row.user) or row.user.email or "",
        detail=kind.detail_of(row),
        email=row.user.email or "",
        hospital=row.hospital.name,
        is_active=row.user.is_active,
    )


def _patients(typed: Typed, by: User) -> Any:
    """Those whom a visit or a prescription the person may see names. Unsorted, so that the search ends at the limit."""
    visits = Appointment.objects.for_user(by).filter(patient=OuterRef("pk"))
    prescriptions = Prescription.objects.for_user(by).filter(patient=OuterRef("pk"))
    known = Q(Exists(visits)) | Q(Exists(prescriptions))
    rows = Patient.objects.filter(known, erased_at__isnull=True).select_related("user__profile")
    return _matching(typed, rows, by)


def narrow_to_named(visits: Any, text: str, *, by: User) -> Any:
    """The visits of patients and guests whom the text names, by name or number; none where it says too little."""
    typed = read_typed(text)
    if typed.phone:
        by_guest: Any = Q(patient__isnull=True) & Exists(_bookings_of_number(typed, by))
    elif typed.name:
        # Beside guests also those known by a number only: until they are confirmed, the name typed is the one shown.
        by_guest = Q(words=beginning_with(typed.name)) & ~Q(patient_match=Appointment.PatientMatch.REFERENCE)
    else:
        return visits.none()
    patients = _matching(typed, Patient.objects.filter(erased_at__isnull=True), by).values("pk")
    return visits.annotate(words=name_words("guest_name")).filter(Q(patient__in=patients) | by_guest)


def _guests(typed: Typed, by: User, at: dt.datetime) -> Any:
    """Visits of guests, the next first and then the latest: by the index of a hospital's guests."""
    visits = Appointment.objects.for_user(by).filter(patient__isnull=True, start_ts__gt=at - GUESTS_LOOK_BACK)
    if typed.phone:
        visits = visits.filter(Exists(_bookings_of_number(typed, by)))
    else:
        visits = visits.annotate(words=name_words("guest_name")).filter(words=beginning_with(typed.name))
    return visits.with_people().next_or_last_first(at=at)


def _bookings_of_number(typed: Typed, by: User) -> Any:
    """The booking of an outer visit, where its guest's number begins so."""
    numbers = [Q(attendee_phone__startswith=one) for one in beginnings(typed.phone, countries=_countries(by))]
    return AppointmentBooking.objects.filter(reduce(or_, numbers, Q(pk__in=[])), uid=OuterRef("cal_booking_id"))


def _with_phones(visits: list[Appointment], at: dt.datetime) -> list[FoundGuest]:
    phones = phones_of(visits)
    headings = [heading_of(visit, at=at) for visit in visits]
    return [FoundGuest(one.visit.hospital_id, one.name, _phone_text(phones.get(one.visit.pk)), one) for one in headings]


def _phone_text(digits: str | None) -> str:
    return display_phone(digits) if digits else ""


def _with_visits(patients: list[Patient], by: User, at: dt.datetime) -> list[FoundPatient]:
    ids = [patient.pk for patient in patients]
    visits = _shown_visits(ids, by, at)
    without = [pk for pk in ids if pk not in visits]
    prescribed = {
        one.patient_id: one
        for one in Prescription.objects.for_user(by)
        .filter(patient__in=without)
        .order_by("patient_id", "-created_at", "-pk")
        .distinct("patient_id")
        .only("patient_id", "hospital_id")
    }
    found = [_found(patient, visits.get(patient.pk, []), prescribed.get(patient.pk)) for patient in patients]
    return sorted(found, key=lambda one: (one.name.lower(), str(one.patient_id)))


def _shown_visits(patients: list[uuid.UUID], by: User, at: dt.datetime) -> dict[uuid.UUID, list[VisitHeading]]:
    """By patient: the visits ahead, else the last that took place, else the latest of any kind."""
    own = Appointment.objects.for_user(by).with_people()
    shown: dict[uuid.UUID, list[VisitHeading]] = {}
    for visit in own.open(at=at).filter(patient__in=patients, no_show=False).order_by("start_ts", "pk"):
        shown.setdefault(visit.patient_id, []).append(heading_of(visit, at=at))
    first = own.filter(patient=OuterRef("pk")).next_or_last_first(at=at).values("pk")[:1]
    without = Patient.objects.filter(pk__in=[pk for pk in patients if pk not in shown])
    for visit in own.filter(pk__in=without.annotate(shown=Subquery(first)).values("shown")):
        shown[visit.patient_id] = [heading_of(visit, at=at)]
    return shown


def _found(patient: Patient, visits: list[VisitHeading], prescription: Any) -> FoundPatient:
    source = visits[0].visit if visits else prescription
    return FoundPatient(
        patient_id=patient.pk,
        hospital_id=source.hospital_id if source else None,
        name=patient_name(patient.user),
        phone=_phone_text(patient.user.phone),
        visits=visits[:MOST_AHEAD],
        prescription_id=prescription.pk if prescription else None,
    )
