"""Vapi in the portal, for operators: what it told us, without what was said, and the numbers it answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from core.phone_numbers import shown_phone
from hospitals.admin.base import NONE, Badge, HospitalScopedAdmin, ReadOnlyAdmin, acting_user, moment
from hospitals.admin.filters import DayRangeFilter, KnownChoiceFilter
from integrations.admin.webhooks import STATUS_TEXTS
from integrations.models import VapiEvent, VapiNumber
from integrations.vapi.numbers import digits_of, save_number


class EventStatusFilter(KnownChoiceFilter):
    title = gettext_lazy("status")
    parameter_name = "status"
    field = "status"
    texts = STATUS_TEXTS


class EventReceivedFilter(DayRangeFilter):
    field = "received_at"
    looks_ahead = False


@admin.register(VapiEvent)
class VapiEventAdmin(ReadOnlyAdmin):
    """It belongs to no hospital. What was said and who called is not even read."""

    is_for_operators = True
    list_title = gettext_lazy("Messages from Vapi")
    list_display = ("number", "received", "event_type", "state", "tries", "processed")
    list_filter = (EventStatusFilter, EventReceivedFilter)
    ordering = ("-pk",)
    received = moment("received_at", gettext_lazy("received"))
    processed = moment("processed_at", gettext_lazy("processed"))
    next_try = moment("next_try_at", gettext_lazy("next try"))
    fields = ("number", "received", "event_type", "state", "note", "tries", "next_try", "processed")

    def scoped(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        return super().scoped(rows.defer("projection", "call_id"), user)

    def name_of(self, obj: Any) -> str:
        return f"{obj.event_type} {obj.pk}"

    @display(description=gettext_lazy("number"), ordering="pk")
    def number(self, event: VapiEvent) -> int:
        return event.pk

    @display(description=gettext_lazy("note"))
    def note(self, event: VapiEvent) -> str:
        # Written by the program alone: it quotes nobody.
        return event.notes or NONE

    @display(description=gettext_lazy("status"), label={"PENDING": "info", "PROCESSED": "success", "FAILED": "danger"})
    def state(self, event: VapiEvent) -> Badge:
        return Badge(event.status, STATUS_TEXTS[event.status])


class NumberForm(forms.ModelForm[VapiNumber]):
    number = forms.CharField(
        label=gettext_lazy("Phone number"),
        help_text=gettext_lazy("With the country's code, such as +43 1 5555 0100."),
        widget=UnfoldAdminTextInputWidget(),
    )

    class Meta:
        model = VapiNumber
        fields = ("number", "hospital")
        labels = {"hospital": gettext_lazy("Hospital")}
        help_texts = {"hospital": gettext_lazy("For which the assistant answers there.")}

    def clean_number(self) -> str:
        digits = digits_of(self.cleaned_data["number"])
        if digits is None:
            raise ValidationError(_("This is not a phone number with a country's code."), code="invalid_phone")
        if VapiNumber.objects.filter(pk=digits).exists():
            raise ValidationError(_("This number is there already."), code="number_taken")
        return digits


@admin.register(VapiNumber)
class VapiNumberAdmin(HospitalScopedAdmin):
    """A call belongs to the hospital whose number was called."""

    is_for_operators = True
    form = NumberForm
    list_title = gettext_lazy("Numbers of the assistant")
    list_display = ("phone", "hospital")
    list_select_related = ("hospital",)
    ordering = ("hospital__name", "pk")
    fields = ("number", "hospital")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("number",) if obj else ()

    def name_of(self, obj: Any) -> str:
        return str(shown_phone(obj.pk))

    @display(description=gettext_lazy("phone number"), ordering="pk")
    def phone(self, number: VapiNumber) -> str | None:
        return shown_phone(number.pk)

    def save_model(self, request: HttpRequest, obj: VapiNumber, form: Any, change: bool) -> None:
        save_number(number=obj, by=acting_user(request), at=timezone.now())
