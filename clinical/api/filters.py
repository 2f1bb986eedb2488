from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from clinical.models import Appointment, Prescription
from hospitals.querysets import DoctorQuerySet


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


class AppointmentFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Appointment.Status.choices)


# `from` is a word of Python's.
AppointmentFilter.base_filters["from"] = MomentFilter("start_ts", "gte", label="Visits that begin at or after this.")
AppointmentFilter.base_filters["to"] = MomentFilter("start_ts", "lt", label="Visits that begin before this.")


class PrescriptionFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Prescription.Status.choices)


class DoctorFilter(django_filters.FilterSet):
    hospital = django_filters.UUIDFilter("hospital_id")
    specialty = django_filters.CharFilter("specialty", "iexact", max_length=100)
    search = django_filters.CharFilter(method="filter_search", max_length=100)

    def filter_search(self, queryset: DoctorQuerySet, name: str, value: str) -> DoctorQuerySet:
        return queryset.search(value)
