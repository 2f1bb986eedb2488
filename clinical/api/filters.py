from __future__ import annotations

import django_filters

from clinical.models import Appointment
from core.api.filters import MomentFilter
from hospitals.querysets import DoctorQuerySet


class AppointmentFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Appointment.Status.choices)


# `from` is a word of Python's.
AppointmentFilter.base_filters["from"] = MomentFilter("start_ts", "gte", label="Visits that begin at or after this.")
AppointmentFilter.base_filters["to"] = MomentFilter("start_ts", "lt", label="Visits that begin before this.")


class DoctorFilter(django_filters.FilterSet):
    hospital = django_filters.UUIDFilter("hospital_id")
    specialty = django_filters.CharFilter("specialty", "iexact", max_length=100)
    search = django_filters.CharFilter(method="filter_search", max_length=100)

    def filter_search(self, queryset: DoctorQuerySet, name: str, value: str) -> DoctorQuerySet:
        return queryset.search(value)
