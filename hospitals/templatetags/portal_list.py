"""The rows of the portal's lists, in place of the package's: it works out each column anew for every cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib.admin.utils import display_for_field, display_for_value, lookup_field
from django.core.exceptions import FieldDoesNotExist
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.templatetags.unfold_list import result_headers
from unfold.views import ChangeList

register = template.Library()

# As in `hospitals.admin.base`, which cannot be imported here: Unfold loads all tags while it is imported itself.
NONE = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Column:
    """`shown` gives a row's cell; `opening` is its tag with the name that a phone shows beside it."""

    opening: SafeString
    shown: Callable[[Any], Any]


@register.inclusion_tag("admin/result_list.html", takes_context=True)
def portal_result_list(context: dict[str, Any], cl: ChangeList) -> dict[str, Any]:
    headers = list(result_headers(cl))
    columns = [_column(cl, name, header["text"]) for name, header in zip(cl.list_display, headers, strict=True)]
    return {
        "cl": cl,
        "headers": headers,
        "rows": [_row(cl, columns, obj) for obj in cl.result_list],
        "has_add_permission": context["has_add_permission"],
    }


def _row(cl: ChangeList, columns: Sequence[Column], obj: Any) -> SafeString:
    first, *rest = columns
    cells = "".join(f"{column.opening}{conditional_escape(column.shown(obj))}</td>" for column in rest)
    return mark_safe(f"{first.opening}{_leading(cl, obj, first.shown(obj))}</td>{cells}")


def _leading(cl: ChangeList, obj: Any, text: Any) -> str:
    """To the object's page, if it has one, and back from there to this list as it is narrowed now."""
    try:
        address = cl.url_for_result(obj)
    except NoReverseMatch:
        return conditional_escape(text)
    query = f"?{cl.preserved_filters}" if cl.preserved_filters else ""
    return format_html('<a href="{}{}">{}</a>', address, query, text)


def _column(cl: ChangeList, name: str, title: Any) -> Column:
    opening = format_html('<td class="field-{}" data-label="{}">', name, capfirst(title))
    try:
        field = cl.lookup_opts.get_field(name)
    except FieldDoesNotExist:
        return Column(opening, _shown_by(cl.model_admin, name))
    return Column(opening, lambda obj: display_for_field(getattr(obj, name), field, NONE))


def _shown_by(model_admin: Any, name: str) -> Callable[[Any], Any]:
    """Of a column that is a method: a badge where it has colours, a word where it says yes or no."""
    method = getattr(model_admin, name, None)
    if method is None:
        return lambda obj: display_for_value(lookup_field(name, obj, model_admin)[2], NONE)
    colours, is_boolean = getattr(method, "label", None), getattr(method, "boolean", False)
    if colours:
        return lambda obj: _badge(method(obj), colours)
    if is_boolean:
        return lambda obj: _("yes") if method(obj) else _("no")
    return lambda obj: display_for_value(method(obj), NONE)


def _badge(value: Any, colours: dict[str, str]) -> str:
    """`value` is a text, or a pair of what chooses the colour and the text."""
    kind, text = value if isinstance(value, tuple) else (value, value)
    if not text:
        return NONE
    return format_html('<span class="portal-badge portal-badge-{}">{}</span>', colours.get(kind, "plain"), text)
