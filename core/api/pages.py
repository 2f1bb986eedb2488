"""Pages and filters that every list of the API shares."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, NotFound
from rest_framework.exceptions import ValidationError as FieldsInvalid
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from core.api.errors import InvalidCursor
from core.times import moment_of

if TYPE_CHECKING:
    # At run time a circle: the framework loads this module by its settings' name.
    from rest_framework.views import APIView


class CursorPages(CursorPagination):
    """`{next, previous, results}`; the view names its `ordering`, whose last field is unique."""

    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        size = int(text) if re.fullmatch(r"[1-9][0-9]{0,2}", text) else 0
        if not 1 <= size <= self.max_page_size:
            message = _("Ask for 1 to %(most)s.") % {"most": self.max_page_size}
            raise FieldsInvalid({self.page_size_query_param: [ErrorDetail(message, code="out_of_range")]})
        return size

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                bounds = {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
                parameter |= {"schema": {"type": "integer", **bounds}, "description": "Results to a page."}
            else:
                parameter["description"] = "From `next` or `previous` of another page; not to be made up."
        return parameters

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


class ListFilter(django_filters.FilterSet):
    """A filter that is named has a value: an empty one would show everything to an app that meant something."""

    may_be_empty: tuple[str, ...] = ()

    def is_valid(self) -> bool:
        valid = bool(super().is_valid())
        empty = [name for name in self.form.fields if self.data.get(name) == "" and name not in self.may_be_empty]
        for name in empty:
            self.form.add_error(name, ValidationError(_("This may not be empty."), code="blank"))
        return valid and not empty


class _MomentField(forms.Field):
    """ISO 8601 with an offset; without one it would be a guess."""

    def to_python(self, value: Any) -> dt.datetime | None:
        if value in self.empty_values:
            return None
        try:
            # A plus that was not escaped in the address arrives as a space.
            return moment_of(str(value).replace(" ", "+"))
        except ValueError:
            message = _("Give a date and time of ISO 8601 with its offset, such as +02:00.")
            raise forms.ValidationError(message, code="invalid") from None


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = _MomentField
