"""Forms of connecting doctors to Cal.com."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import User
from hospitals.models import Hospital
from integrations.calcom.setup.connect_queue import GivenIds

# The database's bigint.
LARGEST_ID = 2**63 - 1


def _number(label: Any, help_text: Any) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"class": "week-text", "inputmode": "numeric"})
    return forms.IntegerField(
        label=label, help_text=help_text, min_value=1, max_value=LARGEST_ID, widget=widget, localize=False
    )


class GivenIdsForm(forms.Form):
    user_id = _number(
        gettext_lazy("User number"), gettext_lazy("The member of the organisation who receives the visits.")
    )
    schedule_id = _number(gettext_lazy("Schedule number"), gettext_lazy("A schedule of that user."))
    event_type_id = _number(
        gettext_lazy("Event type number"),
        gettext_lazy("Of the hospital's team, with that user as its only host."),
    )

    @property
    def given(self) -> GivenIds:
        return GivenIds(**self.cleaned_data)


class ConnectAllForm(forms.Form):
    """An operator says which hospital; an admin's is known."""

    hospital = forms.ModelChoiceField(
        queryset=Hospital.objects.none(),
        label=gettext_lazy("Hospital"),
        widget=forms.Select(attrs={"class": "week-text"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["hospital"]
        field.queryset = Hospital.objects.for_user(user).order_by("name", "pk")
