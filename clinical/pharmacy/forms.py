"""The pharmacist's forms, and the thread's. The doctor's lines are `clinical.prescriptions.forms`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django import forms
from django.db.models import BooleanField, F, Func, OuterRef, QuerySet, Subquery, Value
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Profile
from clinical.models import Prescription
from clinical.prescriptions.actions import DispensedLine
from clinical.prescriptions.forms import numeric_input
from clinical.prescriptions.medications import MAX_QUANTITY, Medication
from clinical.prescriptions.states import NOT_A_PHARMACISTS_REASONS
from core.db.name_search import beginning_with, name_words
from core.form_fields import FocusedOnError, WholeNumberField
from core.text.search import search_text

LONGEST = 100


class DenyForm(FocusedOnError):
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=[
            ("", gettext_lazy("Choose a reason")),
            *(choice for choice in Prescription.DenialReason.choices if choice[0] not in NOT_A_PHARMACISTS_REASONS),
        ],
    )
    note = forms.CharField(
        label=gettext_lazy("Note to the doctor"),
        help_text=gettext_lazy("Required for “other”."),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("reason") == Prescription.DenialReason.OTHER and not cleaned.get("note"):
            self.add_error("note", _("Enter the reason."))
        return cleaned


class TakeOverForm(FocusedOnError):
    reason = forms.CharField(
        label=gettext_lazy("Reason for reassigning"),
        help_text=gettext_lazy("Shown to your colleague. Write nothing about the patient."),
        max_length=200,
    )

    use_required_attribute = False


class DispenseForm(FocusedOnError):
    """A quantity and a batch for each medication."""

    use_required_attribute = False

    def __init__(self, *args: Any, medications: Sequence[Medication], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.medications = medications
        for index, medication in enumerate(medications):
            most = medication.quantity or MAX_QUANTITY
            self.fields[f"quantity-{index}"] = WholeNumberField(
                label=_("Quantity"),
                min_value=1,
                max_value=most,
                initial=medication.quantity or None,
                widget=numeric_input(),
            )
            self.fields[f"batch-{index}"] = forms.CharField(
                label=_("Batch"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
            )

    @property
    def rows(self) -> list[tuple[Medication, forms.BoundField, forms.BoundField]]:
        return [
            (medication, self[f"quantity-{index}"], self[f"batch-{index}"])
            for index, medication in enumerate(self.medications)
        ]

    @property
    def is_short(self) -> bool:
        """Valid, it hands out less of something than was prescribed."""
        return any(given.quantity < line.quantity for line, given in zip(self.medications, self.lines, strict=True))

    @property
    def lines(self) -> list[DispensedLine]:
        facts = self.cleaned_data
        return [
            DispensedLine(quantity=facts[f"quantity-{index}"], batch=facts[f"batch-{index}"])
            for index in range(len(self.medications))
        ]


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """Beginnings of names of doctor and patient, and any part of a medication's name. Empty: not narrowed."""

    doctor: str = ""
    patient: str = ""
    medication: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        return cls(*(query.get(name, "").replace("\0", "").strip()[:LONGEST] for name in cls.__slots__))

    def __bool__(self) -> bool:
        return any((self.doctor, self.patient, self.medication))

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return urlencode({name: text for name in self.__slots__ if (text := getattr(self, name))})

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.doctor:
            rows = rows.alias(doctor_called=_called(self.doctor, "doctor")).filter(doctor_called__isnull=False)
        if self.patient:
            rows = rows.alias(patient_called=_called(self.patient, "patient")).filter(patient_called__isnull=False)
        if self.medication:
            sought = search_text(self.medication)
            rows = rows.filter(_names_medication(sought)) if sought else rows.none()
        return rows


def _called(text: str, person: str) -> Subquery:
    """Asked of each row. As a join, or by EXISTS, a common name is looked up among all patients first: a queue is
    short, and they are many.
    """
    words = beginning_with(text)
    profiles = Profile.objects.filter(user=OuterRef(person)) if words else Profile.objects.none()
    named = profiles.annotate(words=name_words()).filter(words=words) if words else profiles
    return Subquery(named.values("user")[:1])


def _names_medication(sought: str) -> Func:
    """Whether `sought`, of `search_text`, is in the name of one."""
    return Func(
        F("medications"),
        Value(sought),
        template="EXISTS (SELECT FROM jsonb_path_query(%(expressions)s) > 0)",
        arg_joiner=", '$[*].name') AS name WHERE strpos(search_text(name #>> '{}'), ",
        output_field=BooleanField(),
    )
