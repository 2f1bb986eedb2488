"""Tables for spreadsheet programs: CSV that Excel opens as it is, and that runs no formula somebody typed as a name."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

from django.http import HttpResponse
from django.utils import timezone

# A cell that begins so is calculated on opening: `=HYPERLINK(...)` in a name would send the sheet elsewhere.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_ESCAPED = re.compile(r"' *[=+\-@\t\r\n]")
# Excel splits at the separator of its own country, quotation marks or not: a cell begins in the middle of ours.
_INNER = re.compile(r"""((?:[;,]|(?<=.)[\t\r\n])[ "']*)(?=[=+\-@])""", re.DOTALL)
_INNER_ESCAPED = re.compile(r"""((?:[;,]|(?<=.)[\t\r\n])[ "']*)'(?=[=+\-@])""", re.DOTALL)
# Without it Excel takes UTF-8 for the machine's old encoding.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

# Zones of Europe whose decimals have a point, so that lists there have commas as in English.
_COMMAS_IN_EUROPE = frozenset(
    f"Europe/{city}"
    for city in ("London", "Belfast", "Guernsey", "Isle_of_Man", "Jersey", "Dublin", "Malta", "Gibraltar")
)


def separator_in(zone_name: str) -> str:
    """By which Excel splits a CSV file in that time zone's countries: on the continent of Europe a semicolon."""
    return ";" if zone_name.startswith("Europe/") and zone_name not in _COMMAS_IN_EUROPE else ","


def safe_cell(value: object) -> str:
    """The value as text that no spreadsheet program calculates."""
    text = _INNER.sub(r"\1'", "" if value is None else str(value))
    # Some programs drop spaces before they look.
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_SIGNS) else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return _INNER_ESCAPED.sub(r"\1", text[1:] if _ESCAPED.match(text) else text)


def csv_text(header: Sequence[object], rows: Iterable[Sequence[object]], *, separator: str = ",") -> str:
    out = StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow([str(cell) for cell in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()


def csv_download(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """With the separator of the zone that the page is in."""
    return HttpResponse(
        csv_text(header, rows, separator=separator_in(timezone.get_current_timezone_name())),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
