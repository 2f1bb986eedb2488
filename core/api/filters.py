"""Filters of the API that every list shares."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _


class _MomentField(forms.Field):
    """ISO 8601 with an offset; without one it would be a guess."""

    def to_python(self, value: Any) -> dt.datetime | None:
        if value in self.empty_values:
            return None
        text = str(value)
        try:
            # A plus that was not escaped in the address arrives as a space.
            moment = parse_datetime(text.replace(" ", "+", 1) if "T" in text else text)
            if moment is not None and timezone.is_aware(moment):
                return moment.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
        message = _("Give a date and time of ISO 8601 with its offset, such as +02:00.")
        raise forms.ValidationError(message, code="invalid")


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = _MomentField
