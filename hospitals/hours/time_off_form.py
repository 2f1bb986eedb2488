"""The form of a time off: whole days, or hours of one."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hospitals.hours.week_form import ClockField
from hospitals.hours.windows import START_OF_DAY
from hospitals.staff.forms import NAME_LENGTH

# Beyond these a date is a slip of the hand, and its zone arithmetic can overflow.
_SENSIBLE_DATES = (MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2100, 1, 1)))


class TimeOffForm(forms.Form):
    """Whole days, or part of one: times left empty mean midnight to midnight."""

    first_day = forms.DateField(
        label=gettext_lazy("First day"),
        validators=_SENSIBLE_DATES,
        widget=forms.DateInput(attrs={"type": "date", "class": "week-date"}),
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        validators=_SENSIBLE_DATES,
        widget=forms.DateInput(attrs={"type": "date", "class": "week-date"}),
        help_text=gettext_lazy("Empty for one day."),
    )
    start_time = ClockField(label=gettext_lazy("From"), required=False)
    end_time = ClockField(label=gettext_lazy("To"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"class": "week-text"}),
        help_text=gettext_lazy("For the hospital only."),
    )

    prefix = "off"

    def __init__(self, *args: Any, zone: zoneinfo.ZoneInfo | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.errors:
            return data
        if self.zone is None:
            raise ValidationError(_("The hospital needs a time zone first."), code="time_zone_missing")
        data["starts_at"], data["ends_at"] = self._bounds(self.zone)
        data["is_whole_days"] = data["start_time"] is None and data["end_time"] is None
        if data["ends_at"] <= data["starts_at"]:
            where = "end_time" if data["end_time"] else "last_day"
            self.add_error(where, ValidationError(_("This is before the start."), code="end_before_start"))
        return data

    def _bounds(self, zone: zoneinfo.ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        first: dt.date = self.cleaned_data["first_day"]
        last: dt.date = self.cleaned_data["last_day"] or first
        start = self.cleaned_data["start_time"] or START_OF_DAY
        end = self.cleaned_data["end_time"] or START_OF_DAY
        if end == START_OF_DAY:
            last += dt.timedelta(days=1)
        return dt.datetime.combine(first, start, tzinfo=zone), dt.datetime.combine(last, end, tzinfo=zone)
