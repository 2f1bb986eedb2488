"""Pages and filters that every list of the API shares."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from core.api.errors import InvalidCursor

if TYPE_CHECKING:
    # At run time a circle: the framework loads this module by its settings' name.
    from rest_framework.views import APIView


class CursorPages(CursorPagination):
    """`{next, previous, results}`; the view names its `ordering`, whose last field is unique."""

    page_size = 20

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView) -> tuple[str, ...]:
        return tuple(view.ordering)  # type: ignore[attr-defined]  # each list view has one

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        """A cursor is a stranger's text: one that is not ours must not reach the database as a value, nor be a 500."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValidationError, DataError, ValueError):
            raise InvalidCursor from None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            # The examples are what the lists' own examples are wrapped in.
            "properties": {
                "next": {**link, "example": "https://wardbook.example.org/api/v1/..?cursor=cD0y"},
                "previous": {**link, "example": None},
                "results": schema,
            },
        }


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
