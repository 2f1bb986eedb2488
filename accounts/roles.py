"""Who somebody is and what that lets them do, and all there is to know of each kind of staff.

A new role of staff is one entry of `STAFF_KINDS`, a model in `hospitals.models.staff`, and what its people may see:
the querysets' `.for_user`. Lists, forms, files, menus and the log's words follow from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    PATIENT = "PATIENT", "patient"
    DOCTOR = "DOCTOR", "doctor"
    PHARMACIST = "PHARMACIST", "pharmacist"
    HOSPITAL_ADMIN = "HOSPITAL_ADMIN", "hospital admin"


class Permission(StrEnum):
    MANAGE_HOSPITALS = "manage_hospitals"
    MANAGE_STAFF = "manage_staff"
    MANAGE_HOURS = "manage_hours"
    MANAGE_EMERGENCIES = "manage_emergencies"
    VIEW_APPOINTMENTS = "view_appointments"
    VIEW_PRESCRIPTIONS = "view_prescriptions"
    VIEW_AI_SESSIONS = "view_ai_sessions"
    OPEN_TRANSCRIPTS = "open_transcripts"
    VIEW_INTEGRATIONS = "view_integrations"
    MANAGE_INTEGRATIONS = "manage_integrations"
    VIEW_ACCESS_LOG = "view_access_log"
    TREAT_PATIENTS = "treat_patients"
    DISPENSE = "dispense"
    USE_PATIENT_APP = "use_patient_app"
    BREAK_GLASS = "break_glass"
    ERASE_PATIENTS = "erase_patients"


@dataclass(frozen=True, slots=True)
class StaffDetail:
    """The one column that a kind of staff has of its own: `field` of the model, `column` of a file of staff."""

    field: str
    column: str
    label: Promise
    not_for_others: Promise
    example: str


@dataclass(frozen=True, slots=True)
class StaffKind:
    """One role of staff. `model_name` is that of its model in `hospitals`, and `title` what a list of them is called.

    `home` is where its people land after signing in, `menu` their other pages, by the names of the addresses.
    `words` are what a file of staff may call the role; the first is what it is called in files of ours.
    """

    role: Role
    model_name: str
    permissions: frozenset[Permission]
    label: Promise
    title: Promise
    add_title: Promise
    icon: str
    home: str
    words: Sequence[str]
    # A person of an example file, by name and email.
    example: tuple[str, str]
    menu: Sequence[tuple[str, Promise]] = ()
    detail: StaffDetail | None = None

    @property
    def model(self) -> Any:
        return apps.get_model("hospitals", self.model_name)

    @property
    def object_kind(self) -> str:
        """What the access log calls one of them as the object of an action."""
        return self.role.value.lower()

    def page(self, name: str) -> str:
        """The name of an address of the portal: `changelist`, `change`, `access`."""
        return f"admin:hospitals_{self.model_name}_{name}"

    @property
    def list_page(self) -> str:
        return self.page("changelist")

    def detail_of(self, member: Any) -> str:
        return (getattr(member, self.detail.field) or "") if self.detail else ""

    def facts(self, detail: str | None) -> dict[str, str | None]:
        """The columns of the kind's own, with this detail."""
        return {self.detail.field: detail} if self.detail else {}


STAFF_KINDS = (
    StaffKind(
        role=Role.DOCTOR,
        model_name="doctor",
        permissions=frozenset({Permission.TREAT_PATIENTS, Permission.OPEN_TRANSCRIPTS}),
        label=_("doctor"),
        title=_("Doctors"),
        add_title=_("Add doctor"),
        icon="stethoscope",
        home="staff:doctor-day",
        menu=(
            ("doctor-day", _("Day")),
            ("doctor-week", _("Week")),
            ("doctor-patients", _("Patients")),
            ("doctor-hours", _("Hours")),
        ),
        words=("doctor",),
        example=("Dr. Ada Example", "ada@example.org"),
        detail=StaffDetail(
            field="specialty",
            column="specialty",
            label=_("Specialty"),
            not_for_others=_("Only doctors have a specialty."),
            example="Cardiology",
        ),
    ),
    StaffKind(
        role=Role.PHARMACIST,
        model_name="pharmacist",
        permissions=frozenset({Permission.DISPENSE}),
        label=_("pharmacist"),
        title=_("Pharmacists"),
        add_title=_("Add pharmacist"),
        icon="local_pharmacy",
        home="staff:pharmacy-queue",
        menu=(("pharmacy-queue", _("Queue")),),
        words=("pharmacist",),
        example=("Pia Example", "pia@example.org"),
        detail=StaffDetail(
            field="pharmacy_name",
            column="pharmacy",
            label=_("Pharmacy"),
            not_for_others=_("Only pharmacists have a pharmacy."),
            example="Main pharmacy",
        ),
    ),
    StaffKind(
        role=Role.HOSPITAL_ADMIN,
        model_name="hospitaladmin",
        permissions=frozenset(
            {
                Permission.MANAGE_STAFF,
                Permission.MANAGE_HOURS,
                Permission.MANAGE_EMERGENCIES,
                Permission.VIEW_APPOINTMENTS,
                Permission.VIEW_PRESCRIPTIONS,
                Permission.VIEW_AI_SESSIONS,
                Permission.VIEW_INTEGRATIONS,
                Permission.VIEW_ACCESS_LOG,
            }
        ),
        label=_("hospital admin"),
        title=_("Hospital admins"),
        add_title=_("Add hospital admin"),
        icon="manage_accounts",
        home="admin:index",
        words=("admin", "hospital admin", "hospital_admin"),
        example=("Max Example", "max@example.org"),
    ),
)
STAFF_ROLES = [kind.role for kind in STAFF_KINDS]
_BY_ROLE: dict[str | None, StaffKind] = {kind.role.value: kind for kind in STAFF_KINDS}
_BY_MODEL = {kind.model_name: kind for kind in STAFF_KINDS}


def staff_kind(role: str | None) -> StaffKind | None:
    """None for a patient's role, and for an operator, who has none."""
    return _BY_ROLE.get(role)


def kind_of_member(member: Any) -> StaffKind:
    """Of a row of one of the staff's models, or of the model."""
    return _BY_MODEL[member._meta.model_name]
