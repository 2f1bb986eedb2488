from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import User
from accounts.roles import StaffKind
from core.form_fields import AT_LEAST, AT_MOST, EmailField, LineField, WholeNumberField
from core.text.lines import typed_line
from hospitals.emergencies.forms import LONGEST_TEXT, TEXT_HELP, TEXT_LABEL, WORDS_HELP, WORDS_LABEL, clean_words
from hospitals.models import Hospital
from hospitals.models.hospital import REMINDER_KINDS, REMINDER_SETTINGS

NAME_LENGTH = 200
# What is beyond these is a slip of the hand: 0 minutes would offer visits without end.
_HOSPITAL_LIMITS = {
    "visit_length_minutes": (5, 8 * 60),
    "buffer_minutes": (0, 4 * 60),
    "booking_notice_minutes": (0, 30 * 24 * 60),
    "cal_team_id": (1, 2**63 - 1),
}
_WITH_DEFAULT = (
    "visit_length_minutes",
    "buffer_minutes",
    "booking_notice_minutes",
    "reminders_enabled",
    *REMINDER_SETTINGS,
    "second_factor_required",
    "is_active",
)


class HospitalForm(forms.ModelForm[Hospital]):
    class Meta:
        model = Hospital
        field_classes = dict.fromkeys(_HOSPITAL_LIMITS, WholeNumberField)
        fields = (
            "name",
            "address",
            "time_zone",
            "visit_length_minutes",
            "buffer_minutes",
            "booking_notice_minutes",
            "reminders_enabled",
            *REMINDER_SETTINGS,
            "emergency_text",
            "emergency_words",
            "cal_team_id",
            "second_factor_required",
            "is_active",
        )
        widgets = {
            "name": UnfoldAdminTextInputWidget(),
            "address": UnfoldAdminTextInputWidget(),
            "time_zone": UnfoldAdminTextInputWidget(attrs={"placeholder": "Europe/Vienna"}),
            "emergency_text": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "emergency_words": UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        }
        labels = {
            "time_zone": gettext_lazy("Time zone"),
            "visit_length_minutes": gettext_lazy("Appointment length, minutes"),
            "buffer_minutes": gettext_lazy("Pause after an appointment, minutes"),
            "booking_notice_minutes": gettext_lazy("Minimum notice for bookings, minutes"),
            "reminders_enabled": gettext_lazy("Remind patients of their appointments"),
            **{kind.setting: kind.label for kind in REMINDER_KINDS},
            "emergency_text": TEXT_LABEL,
            "emergency_words": WORDS_LABEL,
            "cal_team_id": gettext_lazy("Number of the team in Cal.com"),
            "second_factor_required": gettext_lazy("Staff need two-factor authentication"),
            "is_active": gettext_lazy("In use"),
        }
        help_texts = {
            "time_zone": gettext_lazy(
                "A name of the IANA list, such as Europe/Vienna. Weekly hours are published only once this is set."
                " Another zone moves every doctor's hours: they are published again."
            ),
            "visit_length_minutes": gettext_lazy("From 5 minutes to 8 hours. For all doctors of the hospital."),
            "buffer_minutes": gettext_lazy("Kept free after each appointment, at most 4 hours. 0 for none."),
            "booking_notice_minutes": gettext_lazy("At most 30 days, which is 43200. 0 lets patients book at once."),
            "reminders_enabled": gettext_lazy(
                "By SMS, to patients whose phone is proven, not at night. Each patient may switch them off."
            ),
            "emergency_text": TEXT_HELP,
            "emergency_words": WORDS_HELP,
            "cal_team_id": gettext_lazy("From the address of the team's page in Cal.com. Empty while there is none."),
            "second_factor_required": gettext_lazy("Staff without it must set it up at the next sign-in."),
            "is_active": gettext_lazy(
                "If not, patients find neither the hospital nor its doctors, and its staff cannot sign in."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            # The database's own defaults, which an empty form does not show.
            defaults = {one.name: one.db_default for one in Hospital._meta.concrete_fields}
            self.initial.update({name: defaults[name] for name in _WITH_DEFAULT})
        for name, (least, most) in _HOSPITAL_LIMITS.items():
            field = self.fields[name]
            field.validators = [
                MinValueValidator(least, AT_LEAST),
                MaxValueValidator(most, AT_MOST),
            ]
            field.widget.attrs |= {"min": least, "max": most}
        self.fields["emergency_text"].validators = [MaxLengthValidator(LONGEST_TEXT)]

    def clean_emergency_words(self) -> str | None:
        return clean_words(self.cleaned_data["emergency_words"])

    def clean_name(self) -> str:
        """Two hospitals of one name cannot be told apart by patients or operators."""
        name = typed_line(self.cleaned_data["name"])
        if Hospital.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a hospital of this name already."), code="name_taken")
        return name


def _say_too_long(form: forms.BaseForm) -> None:
    """A browser cuts what is longer than `maxlength` without a word: without it the form says so."""
    for field in form.fields.values():
        field.widget.attrs.pop("maxlength", None)


class NewStaffForm(forms.Form):
    """Everything a new member of staff needs. The hospital is asked for only where there is a choice."""

    hospital = forms.ModelChoiceField(
        Hospital.objects.none(),
        label=gettext_lazy("Hospital"),
        empty_label=gettext_lazy("Choose one"),
        widget=UnfoldAdminSelectWidget(),
    )
    full_name = LineField(
        label=gettext_lazy("Full name"),
        max_length=NAME_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    email = EmailField(
        label=gettext_lazy("Email"),
        help_text=gettext_lazy("The person signs in with it."),
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, kind: StaffKind, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind.detail:
            self.fields[kind.detail.field] = forms.CharField(
                label=str(kind.detail.label),
                required=False,
                max_length=NAME_LENGTH,
                widget=UnfoldAdminTextInputWidget(),
            )
        _say_too_long(self)
        hospitals = Hospital.objects.for_user(user)
        self.only_hospital: Hospital | None = None
        if user.is_operator:
            self.fields["hospital"].queryset = hospitals  # type: ignore[attr-defined]
        else:
            self.only_hospital = hospitals.get()
            del self.fields["hospital"]

    @property
    def chosen_hospital(self) -> Hospital:
        return self.only_hospital or self.cleaned_data["hospital"]


class EmailForm(forms.Form):
    email = EmailField(
        label=gettext_lazy("New email"), widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"})
    )


class _StaffForm(forms.ModelForm[Any]):
    full_name = LineField(label=gettext_lazy("Full name"), max_length=NAME_LENGTH, widget=UnfoldAdminTextInputWidget())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_too_long(self)
        if "full_name" in self.fields:
            self.fields["full_name"].initial = self.instance.full_name
        for name, field in self.fields.items():
            if name != "full_name":
                field.validators.append(MaxLengthValidator(NAME_LENGTH))


def member_form(kind: StaffKind) -> type[forms.ModelForm[Any]]:
    """The form of one member of this kind: the name, and what the kind has of its own."""
    own = [kind.detail.field] if kind.detail else []
    widgets = {name: UnfoldAdminTextInputWidget() for name in own}
    return forms.modelform_factory(kind.model, form=_StaffForm, fields=own, widgets=widgets)
