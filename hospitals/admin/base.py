"""What every page of the portal has in common: it shows one hospital, deletes nothing, and counts no large table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from django.contrib.admin import ListFilter, ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.models import User
from core.times import repeated_offset

# Where there is nothing to show.
NONE = "\N{EN DASH}"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # the admin's signature is untyped
    """Counts no further than `COUNTED_ROWS`: a list of a million visits is narrowed by filters, not paged through."""

    COUNTED_ROWS = 1000
    template_name = "admin/pagination_bounded.html"

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        # The bound is inside the counted subquery, and its ORDER BY is not: any rows will do.
        return rows.order_by()[: self.COUNTED_ROWS].count()

    @property
    def is_bounded(self) -> bool:
        return self.count >= self.COUNTED_ROWS


class HospitalScopedAdmin(ModelAdmin):
    """Rows, choices and addresses of the signed-in person's hospital only; an operator's scope is the queryset's word.

    A subclass saves by calling an action, never by `obj.save()`.
    """

    paginator = BoundedPaginator
    show_full_result_count = False
    # Facets count the whole table once per choice.
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    # No bulk actions: Django's only built-in one deletes.
    actions = None
    empty_value_display = NONE
    list_filter: tuple[type[ListFilter], ...] = ()
    compressed_fields = True
    warn_unsaved_form = True
    # What the list is called; Django's own title is an instruction to select something.
    list_title: Any = None
    # Where a model is not scoped by a queryset of its own: the path from it to its hospital, or that it has none.
    hospital_path: str | None = None
    is_for_operators = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.scoped(super().get_queryset(request), acting_user(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        # PostgreSQL holds no NUL, and calls the question an error.
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def scoped(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        if self.is_for_operators:
            return rows if user.is_operator else rows.none()
        if self.hospital_path is None:
            return rows.for_user(user)  # type: ignore[attr-defined,no-any-return]
        if user.is_operator:
            return rows
        return rows.filter(**{self.hospital_path: user.hospital_id}) if user.hospital_id else rows.none()

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        rows = db_field.remote_field.model._default_manager.all()
        kwargs["queryset"] = rows.for_user(acting_user(request)) if hasattr(rows, "for_user") else rows.none()
        kwargs["empty_label"] = _("Choose one")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the filters offer. Django's rule lets `?transcript__contains=` probe any column of the model."""
        return lookup in {
            name
            for list_filter in self.list_filter
            for name in (
                getattr(list_filter, "parameter_name", None),
                getattr(list_filter, "from_name", None),
                getattr(list_filter, "to_name", None),
                getattr(list_filter, "any_name", None),
            )
        }

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def name_of(self, obj: Any) -> str:
        """The object as people call it. `str()` is for logs and names nobody."""
        return str(obj)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = self.list_title or self.opts.verbose_name_plural
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        # One query more for a title that names the person: Django's own names them by `str()`.
        obj = self.get_object(request, unquote(object_id)) if object_id else None
        # One button saves, and leads back to the list.
        context: dict[str, Any] = {"show_save_and_continue": False, "show_save_and_add_another": False}
        if obj:
            context["subtitle"] = self.name_of(obj)
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self.message_user(request, _("%(name)s: saved.") % {"name": self.name_of(obj)})
        if "_continue" in request.POST:
            return HttpResponseRedirect(request.path)
        return HttpResponseRedirect(self.address("changelist"))

    def own_object(self, request: HttpRequest, object_id: str) -> Any:
        """The object at a page of ours below `<object_id>/`, when it may be changed; None where it is not visible."""
        obj = self.get_object(request, object_id)
        if obj is not None and not self.has_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def not_found(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]

    def address(self, page: str, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)


class ReadOnlyAdmin(HospitalScopedAdmin):
    """A window on records that are made elsewhere."""

    warn_unsaved_form = False
    change_form_template = "admin/read_only.html"
    # Beside the record: what can be done with it; below: what happened to it.
    actions_template = ""
    after_template = ""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return tuple(self.fields)


def acting_user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class Badge(NamedTuple):
    """A coloured word: `kind` chooses the colour in the column's `label`, `text` is what is read."""

    kind: str
    text: Any

    def __str__(self) -> str:
        return str(self.text)


def moment(path: str, description: Any, *, none: Any = NONE) -> Callable[[Any, Any], str]:
    """A column of a date and time in the page's zone; `path` is an attribute, dots allowed.

    `none` is shown where there is none.
    """

    @display(description=description, ordering=path.replace(".", "__"))
    def column(self: Any, obj: Any) -> str:
        value: dt.datetime | None = attrgetter(path)(obj)
        if not value:
            return str(none)
        local = localtime(value)
        return date_format(local, "D j M Y, H:i") + repeated_offset(local)

    return column  # type: ignore[no-any-return]
