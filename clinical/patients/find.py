"""One box: the staff and the patients a person may see, by the beginning of a name, a phone number or an email.

An admin is shown of a patient the name, the number, and when the last visit to the hospital is or was.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from accounts.access_log.break_glass import grant_text, open_grants
from accounts.access_log.record import AccessAction, record_access, record_list
from accounts.models import Patient, User
from accounts.people.names import display_phone, full_name, patient_name
from accounts.permissions import Permission, has_permission
from accounts.roles import STAFF_KINDS, StaffKind
from clinical.models import Appointment, Prescription
from core.db.name_search import beginning_with, name_words
from core.phone_numbers import beginnings, country_of_zone, digits_typed
from core.text.lines import typed_email, typed_line
from core.text.search import search_text

MOST = 20  # of each kind on one page
# Fewer say too little: every third name begins with some one letter.
LEAST_LETTERS = 2
# Less is a country and its networks.
LEAST_DIGITS = 6


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
    """`hospital_id` is that of the visit, or else of the prescription, by which the patient was found."""

    patient_id: uuid.UUID
    hospital_id: uuid.UUID | None
    name: str
    phone: str
    visit: Any
    prescription_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Found:
    staff: list[FoundMember]
    patients: list[FoundPatient]
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
    patients = []
    # Patients have no email.
    if not typed.email and has_permission(by, Permission.VIEW_APPOINTMENTS):
        patients = list(_patients(typed, by)[: MOST + 1])
        record_access(by=by, action=AccessAction.SEARCHED_PATIENTS, object_kind="patient")
    has_more = len(staff) > MOST or len(patients) > MOST
    shown = _with_last_visit(patients[:MOST], by)
    if by.is_operator and shown:
        grants = " ".join(grant_text(grant.pk) for grant in open_grants(by))
        action = AccessAction.LISTED_UNDER_BREAK_GLASS
        record_list(by=by, action=action, records=shown, object_kind="patient", reason=grants)
    members = sorted(staff[:MOST], key=lambda one: (one.name.lower(), str(one.pk)))
    return Found(members, shown, has_more)


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


def _with_last_visit(patients: list[Patient], by: User) -> list[FoundPatient]:
    ids = [patient.pk for patient in patients]
    visits = Appointment.objects.for_user(by).filter(patient__in=ids).select_related("hospital")
    last = {
        visit.patient_id: visit
        for visit in visits.only("start_ts", "status", "patient_id", "hospital__time_zone")
        .order_by("patient_id", "-start_ts", "-pk")
        .distinct("patient_id")
    }
    without = [pk for pk in ids if pk not in last]
    prescribed = {
        one.patient_id: one
        for one in Prescription.objects.for_user(by)
        .filter(patient__in=without)
        .order_by("patient_id", "-created_at", "-pk")
        .distinct("patient_id")
        .only("patient_id", "hospital_id")
    }
    found = [_found(patient, last.get(patient.pk), prescribed.get(patient.pk)) for patient in patients]
    return sorted(found, key=lambda one: (one.name.lower(), str(one.patient_id)))


def _found(patient: Patient, visit: Any, prescription: Any) -> FoundPatient:
    return FoundPatient(
        patient_id=patient.pk,
        hospital_id=(visit or prescription).hospital_id if visit or prescription else None,
        name=patient_name(patient.user),
        phone=display_phone(patient.user.phone) if patient.user.phone else "",
        visit=visit,
        prescription_id=prescription.pk if prescription else None,
    )
