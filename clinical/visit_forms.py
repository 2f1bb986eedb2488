from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from clinical.actions.visit_changes import REASON_LENGTH
from clinical.models import VisitChange

CHOICES = (VisitChange.Choice.ASK_TO_MOVE, VisitChange.Choice.CANCEL)


class VisitChangeForm(forms.Form):
    """What is to become of a booked visit; which of the two is said by the button."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The patient reads it."),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why: the patient will want to know.")},
    )
    choice = forms.ChoiceField(choices=[(one.value, one.label) for one in CHOICES])

    use_required_attribute = False
