"""Tables for spreadsheet programs: CSV that Excel opens as it is, and that runs no formula somebody typed as a name."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

from django.http import HttpResponse

# A cell that begins so is calculated on opening: `=HYPERLINK(...)` in a name would send the sheet elsewhere.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_ESCAPED = re.compile(r"' *[=+\-@\t\r\n]")
# Where lists are written with semicolons, Excel splits ours there, quotation marks or not: a cell begins in the middle.
_INNER = re.compile(r"""((?:;|(?<=.)[\t\r\n])[ "']*)(?=[=+\-@])""", re.DOTALL)
_INNER_ESCAPED = re.compile(r"""((?:;|(?<=.)[\t\r\n])[ "']*)'(?=[=+\-@])""", re.DOTALL)
# Without it Excel takes UTF-8 for the machine's old encoding.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def safe_cell(value: object) -> str:
    """The value as text that no spreadsheet program calculates."""
    text = _INNER.sub(r"\1'", "" if value is None else str(value))
    # Some programs drop spaces before they look.
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_SIGNS) else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return _INNER_ESCAPED.sub(r"\1", text[1:] if _ESCAPED.match(text) else text)


def csv_text(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([str(cell) for cell in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()


def csv_download(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> HttpResponse:
    return HttpResponse(
        csv_text(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
