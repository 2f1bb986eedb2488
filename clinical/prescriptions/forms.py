"""The lines of a prescription being written. What a medication must be, `medications` says alone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from clinical.prescriptions.current import CurrentMedication
from clinical.prescriptions.medications import MAX_MEDICATIONS, Medication, Route, plain_name, same_medicine
from clinical.prescriptions.suggestions import Suggestion
from core.form_fields import FocusedOnError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Label = str | _StrPromise


ROUTE_LABELS: dict[Route, Label] = {
    Route.ORAL: gettext_lazy("By mouth"),
    Route.SUBLINGUAL: gettext_lazy("Under the tongue"),
    Route.INHALED: gettext_lazy("Inhaled"),
    Route.NASAL: gettext_lazy("Into the nose"),
    Route.TOPICAL: gettext_lazy("On the skin"),
    Route.TRANSDERMAL: gettext_lazy("Patch"),
    Route.EYE: gettext_lazy("Into the eye"),
    Route.EAR: gettext_lazy("Into the ear"),
    Route.RECTAL: gettext_lazy("Rectal"),
    Route.VAGINAL: gettext_lazy("Vaginal"),
    Route.SUBCUTANEOUS: gettext_lazy("Under the skin"),
    Route.INTRAMUSCULAR: gettext_lazy("Into the muscle"),
    Route.INTRAVENOUS: gettext_lazy("Into the vein"),
    Route.OTHER: gettext_lazy("Other, see instructions"),
}


def _text(label: Label, *, placeholder: Label = "", **attrs: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"placeholder": placeholder, "autocomplete": "off", **attrs})
    return forms.CharField(label=label, required=False, widget=widget)


def numeric_input() -> forms.TextInput:
    # Not `type=number`: a turn of the mouse wheel would change a dose.
    return forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})


def _number(label: Label) -> forms.CharField:
    # Not an IntegerField: whether it is a number, and how large, is the model's to say.
    return forms.CharField(label=label, required=False, widget=numeric_input())


@dataclass(frozen=True, slots=True)
class Typed:
    """The medicine of a line as far as it is written."""

    name: str
    code: str
    code_system: str


class MedicationForm(forms.Form):
    """One line of a prescription. Valid, it has `medication`."""

    name = _text(gettext_lazy("Medication"), placeholder=gettext_lazy("Amoxicillin"), maxlength=120)
    strength = _text(gettext_lazy("Strength"), placeholder=gettext_lazy("500 mg"), maxlength=60)
    dose = _text(gettext_lazy("Dose"), placeholder=gettext_lazy("1 tablet"), maxlength=120)
    route = forms.ChoiceField(
        label=gettext_lazy("Route"), required=False, choices=[(r.value, ROUTE_LABELS[r]) for r in Route]
    )
    frequency = _text(gettext_lazy("How often"), placeholder=gettext_lazy("3 times a day"), maxlength=120)
    duration_days = _number(gettext_lazy("Days"))
    quantity = _number(gettext_lazy("Quantity"))
    refills = _number(gettext_lazy("Refills"))
    as_needed = forms.BooleanField(label=gettext_lazy("Only as needed"), required=False)
    instructions = _text(gettext_lazy("Instructions"), placeholder=gettext_lazy("With food"), maxlength=500)
    code = _text(gettext_lazy("Code"), maxlength=60)
    code_system = _text(gettext_lazy("Code system"), placeholder=gettext_lazy("ATC"), maxlength=60)
    # The medicine that was confirmed, so that a tick does not pass to another one written over it.
    anyway = forms.CharField(required=False)

    medication: Medication | None = None
    # What the patient takes already, the line above with the same medicine, and what was found to fill this line.
    known: CurrentMedication | None = None
    twin: int | None = None
    found: Sequence[Suggestion] | None = None
    use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        facts = {name: value for name, value in self.cleaned_data.items() if value != "" and name != "anyway"}
        try:
            self.medication = Medication.model_validate(facts)
        except ValidationError as error:
            for problem in error.errors():
                field = str(problem["loc"][0])
                if field not in self.errors:
                    self.add_error(field, _explain(problem))
        return self.cleaned_data

    @property
    def medicine(self) -> Typed:
        return Typed(*(str(self[name].value() or "").strip() for name in ("name", "code", "code_system")))

    @property
    def plain_name(self) -> str:
        return plain_name(self.medicine.name)

    @property
    def hidden_fields_html(self) -> SafeString:
        """What was typed, to be sent again by a page that only shows it."""
        sent = [(bound.html_name, self.data[bound.html_name]) for bound in self if self.data.get(bound.html_name)]
        return format_html_join("", '<input type="hidden" name="{}" value="{}">', sent)

    @property
    def is_flagged(self) -> bool:
        return self.known is not None or self.twin is not None

    @property
    def is_confirmed(self) -> bool:
        return str(self["anyway"].value() or "") == self.plain_name

    @property
    def has_code(self) -> bool:
        return any(self[name].value() or self[name].errors for name in ("code", "code_system"))


def _explain(problem: Mapping[str, Any]) -> str:
    limits = problem.get("ctx", {})
    match problem["type"]:
        case "missing" | "string_too_short":
            return _("This field is required.")
        case "int_parsing" | "int_from_float" | "int_type" | "int_parsing_size":
            return _("Enter a whole number.")
        case "greater_than_equal":
            return _("At least %(least)s.") % {"least": limits["ge"]}
        case "less_than_equal":
            return _("At most %(most)s.") % {"most": limits["le"]}
        case "string_too_long":
            return _("At most %(most)s characters.") % {"most": limits["max_length"]}
        case _:
            return _("This cannot be used.")


class MedicationRows:
    """The lines of a prescription being written. Rows are added and taken away on the server, unchecked."""

    def __init__(self, rows: Sequence[Mapping[str, Any]] = ({"route": Route.ORAL.value},)) -> None:
        self.forms = [MedicationForm(initial=dict(row), prefix=f"m{index}") for index, row in enumerate(rows)]

    @classmethod
    def repeating(cls, medications: Sequence[Medication]) -> MedicationRows:
        lines = [line.model_dump(mode="json", exclude_none=True) for line in medications[:MAX_MEDICATIONS]]
        return cls(lines) if lines else cls()

    @classmethod
    def sent(cls, data: Mapping[str, Any]) -> MedicationRows:
        """The rows as they came, to be checked with `is_valid`."""
        rows = cls([])
        rows.forms = [MedicationForm(data, prefix=f"m{index}") for index in range(_sent_count(data))]
        return rows

    def is_valid(self) -> bool:
        # Every row is checked, so that all errors show at once.
        return all([form.is_valid() for form in self.forms])

    @property
    def medications(self) -> list[Medication]:
        return [form.medication for form in self.forms if form.medication is not None]

    @property
    def can_grow(self) -> bool:
        return len(self.forms) < MAX_MEDICATIONS

    def unchecked(self) -> MedicationRows:
        """The rows as they were typed, without errors."""
        return MedicationRows(self._values())

    def with_one_more(self) -> MedicationRows:
        values = self._values()
        rows = MedicationRows([*values, {"route": Route.ORAL.value}] if self.can_grow else values)
        rows.focus(len(rows.forms) - 1, "name")
        return rows

    def without(self, index: int) -> MedicationRows:
        values = [row for place, row in enumerate(self._values()) if place != index]
        rows = MedicationRows(values) if values else MedicationRows()
        rows.focus(min(max(index, 0), len(rows.forms) - 1), "name")
        return rows

    def filled(self, index: int, suggestion: Suggestion | None) -> MedicationRows:
        """With the line filled in; its instructions stay, they are the patient's."""
        values = self._values()
        if suggestion is None or index >= len(values):
            return MedicationRows(values)
        values[index] = {"instructions": values[index]["instructions"], **asdict(suggestion.line)}
        rows = MedicationRows(values)
        rows.focus(index, "dose")
        return rows

    def with_found(self, index: int, found: Sequence[Suggestion]) -> MedicationRows:
        """With what was found below the line's name."""
        rows = MedicationRows(self._values())
        if index < len(rows.forms):
            rows.forms[index].found = found
            rows.focus(index, "name")
        return rows

    def name_of(self, index: int) -> str:
        return self.forms[index].medicine.name if index < len(self.forms) else ""

    def flag(self, current: Sequence[CurrentMedication]) -> None:
        """Note beside each line what the patient takes already, or the line above it that has the same medicine."""
        typed = [form.medicine for form in self.forms]
        for index, form in enumerate(self.forms):
            if not typed[index].name:
                continue
            form.known = next((one for one in current if same_medicine(typed[index], one.medication)), None)
            form.twin = next((n for n in range(index) if same_medicine(typed[index], typed[n])), None)

    def is_confirmed(self) -> bool:
        """Whether every flagged line was ticked; those that were not say so. After `is_valid` and `flag`."""
        open_ones = [form for form in self.forms if form.is_flagged and not form.is_confirmed]
        for form in open_ones:
            form.add_error("anyway", _("Confirm that you want to prescribe it anyway, or change the medication."))
        return not open_ones

    @property
    def confirmed(self) -> list[int]:
        """The lines, from 1, that were flagged and are meant all the same."""
        return [number for number, form in enumerate(self.forms, start=1) if form.is_flagged and form.is_confirmed]

    def focus(self, index: int, field: str) -> None:
        """Where the cursor is when the rows are shown: a keyboard must not lose its place."""
        self.forms[index].fields[field].widget.attrs["autofocus"] = True

    def focus_first_error(self) -> None:
        for index, form in enumerate(self.forms):
            for name in form.fields:
                if name in form.errors:
                    return self.focus(index, name)
        return None

    def _values(self) -> list[dict[str, Any]]:
        return [{bound.name: bound.value() for bound in form} for form in self.forms]


def _sent_count(data: Mapping[str, Any]) -> int:
    sent = str(data.get("rows", "1"))
    return min(max(int(sent), 1), MAX_MEDICATIONS) if sent.isascii() and sent.isdigit() and len(sent) < 4 else 1


def sent_id(data: Mapping[str, Any]) -> uuid.UUID:
    """The form's own id, which makes sending it twice harmless."""
    try:
        return uuid.UUID(str(data.get("prescription_id", "")))
    except ValueError:
        return uuid.uuid4()


class MessageForm(FocusedOnError):
    text = forms.CharField(label=gettext_lazy("Message"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    use_required_attribute = False
