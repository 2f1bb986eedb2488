"""What a column or a fact of a page shows, in a list and on a page of its own alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.decorators import display


class Badge(NamedTuple):
    """A coloured word: `kind` chooses the colour in the column's `label`, `text` is what is read."""

    kind: str
    text: Any

    def __str__(self) -> str:
        return str(self.text)


def moment(path: str, description: Any, *, none: Any = "-") -> Callable[[Any, Any], str]:
    """A column of a date and time in the page's zone; `path` is an attribute, dots allowed.

    `none` is shown where there is none.
    """

    @display(description=description, ordering=path.replace(".", "__"))
    def column(self: Any, obj: Any) -> str:
        value: dt.datetime | None = attrgetter(path)(obj)
        return date_format(localtime(value), "D j M Y, H:i") if value else str(none)

    return column  # type: ignore[no-any-return]
