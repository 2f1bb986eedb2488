"""The form of a time off: whole days, or hours of one."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hospitals.hours.windows import (
    DAYS,
    MIDNIGHT,
    START_OF_DAY,
    EmptyWindow,
    Shift,
    UnreadableTime,
    Window,
    format_span,
    format_time,
    next_day,
    overlapping_pairs,
    parse_time,
)
from hospitals.models import Weekday

# More is a slip of the hand, or somebody feeding the form by machine.
MAX_SHIFTS_A_DAY = 12
DAY_NAMES = {
    Weekday.MONDAY: gettext_lazy("Monday"),
    Weekday.TUESDAY: gettext_lazy("Tuesday"),
    Weekday.WEDNESDAY: gettext_lazy("Wednesday"),
    Weekday.THURSDAY: gettext_lazy("Thursday"),
    Weekday.FRIDAY: gettext_lazy("Friday"),
    Weekday.SATURDAY: gettext_lazy("Saturday"),
    Weekday.SUNDAY: gettext_lazy("Sunday"),
}
_ADD = re.compile(r"add-([1-7])")
_REMOVE = re.compile(r"remove-([1-7])-(\d{1,2})")
_FIELD_NAME = re.compile(r"d([1-7])-(\d{1,2})-(?:start|end)")
# What was typed, by day: (start, end).
Rows = dict[int, list[tuple[str, str]]]
# Beyond these a date is a slip of the hand, and its zone arithmetic can overflow.
REASON_LENGTH = 200
_SENSIBLE_DATES = (MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2100, 1, 1)))


class ClockField(forms.Field):
    """A time of day, typed, on the 24-hour clock: a browser's own field for times shows them as its language does."""

    widget = forms.TextInput(
        attrs={
            "class": "week-time",
            "inputmode": "numeric",
            "autocomplete": "off",
            "placeholder": "hh:mm",
        }
    )

    def to_python(self, value: Any) -> dt.time | None:
        if value in self.empty_values:
            return None
        try:
            return parse_time(str(value))
        except UnreadableTime:
            raise ValidationError(_("Give a time such as 09:30."), code=UnreadableTime.code) from None

    def prepare_value(self, value: Any) -> Any:
        return format_time(value) if isinstance(value, dt.time) else value


class ShiftForm(forms.Form):
    start = ClockField(label=gettext_lazy("from"), required=False)
    end = ClockField(label=gettext_lazy("to"), required=False)

    def __init__(self, *args: Any, day: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day = day
        self.windows: tuple[Window, ...] = ()
        for name, field in self.fields.items():
            label = _("%(day)s, from") if name == "start" else _("%(day)s, to")
            field.widget.attrs["aria-label"] = label % {"day": DAY_NAMES[Weekday(day)]}

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        start, end = data.get("start"), data.get("end")
        if self.errors or (start is None and end is None):
            return data
        if start is None:
            self.add_error("start", ValidationError(_("When does it start?"), code="start_missing"))
        elif end is None:
            self.add_error("end", ValidationError(_("When does it end?"), code="end_missing"))
        else:
            self._split(Shift(self.day, start, end))
        return data

    @property
    def hours(self) -> str:
        """As typed; a valid one."""
        start, end = self.cleaned_data["start"], self.cleaned_data["end"]
        return format_span(start, MIDNIGHT if end == START_OF_DAY else end)

    @property
    def runs_until(self) -> str:
        """The next day and the time, where it ends there; else empty."""
        try:
            start, end = (parse_time(str(self[name].value() or "")) for name in ("start", "end"))
        except UnreadableTime:
            return ""
        if not START_OF_DAY < end < start:
            return ""
        return _("until %(day)s %(time)s") % {"day": DAY_NAMES[Weekday(next_day(self.day))], "time": format_time(end)}

    def _split(self, shift: Shift) -> None:
        try:
            self.windows = shift.windows()
        except EmptyWindow:
            self.add_error("end", ValidationError(_("It ends when it starts."), code=EmptyWindow.code))


@dataclass(frozen=True, slots=True)
class Day:
    number: int
    name: str
    forms: Sequence[ShiftForm]


class WeekForm:
    """Seven days of shifts. Bound when it is to be checked; unbound when it only shows the rows."""

    def __init__(self, rows: Rows, *, is_bound: bool, focus_on: int | None = None) -> None:
        self.days = [
            Day(day, str(DAY_NAMES[Weekday(day)]), _shift_forms(day, rows.get(day, []), is_bound)) for day in DAYS
        ]
        if focus_on:
            self.days[focus_on - 1].forms[-1].fields["start"].widget.attrs["autofocus"] = True

    @property
    def windows(self) -> list[Window]:
        return [window for form in self._forms for window in form.windows]

    @property
    def error_count(self) -> int:
        return sum(len(form.errors) for form in self._forms)

    def is_valid(self) -> bool:
        for form in self._forms:
            form.full_clean()
        # Beside other mistakes too: all are told at once.
        for one, other in overlapping_pairs(self.windows):
            self._refuse_overlap(one, other)
        self._focus_on_first_error()
        return not self.error_count

    @property
    def _forms(self) -> list[ShiftForm]:
        return [form for day in self.days for form in day.forms]

    def _focus_on_first_error(self) -> None:
        fields = [form.fields[name] for form in self._forms for name in form.errors]
        if fields:
            fields[0].widget.attrs["autofocus"] = True

    def _refuse_overlap(self, one: Window, other: Window) -> None:
        """Beside a row that runs into this day from the one before; else beside the later, of two equal the second."""
        earlier = next(form for form in self._forms if one in form.windows)
        later = next(form for form in reversed(self._forms) if other in form.windows)
        night, rest = (later, earlier) if later.day != other.day else (earlier, later)
        if night.day != one.day:
            text = _("This runs into %(day)s and overlaps %(hours)s there.") % _said(other.day, rest)
            night.add_error("end", ValidationError(text, code="overlapping_windows"))
        else:
            text = _("This overlaps %(hours)s on %(day)s.") % _said(one.day, earlier)
            later.add_error("start", ValidationError(text, code="overlapping_windows"))


def _said(day: int, form: ShiftForm) -> dict[str, Any]:
    return {"day": DAY_NAMES[Weekday(day)], "hours": form.hours}


def rows_of(shifts: Iterable[Shift]) -> Rows:
    rows: Rows = {}
    for shift in shifts:
        # Midnight is shown as 00:00, whichever of 00:00 and 24:00 was typed.
        end = "00:00" if shift.end == MIDNIGHT else format_time(shift.end)
        rows.setdefault(shift.day, []).append((format_time(shift.start), end))
    return rows


def typed_rows(data: Mapping[str, Any]) -> Rows:
    """The rows of a sent form, in their order; names that are not the form's are left out."""
    found = {(int(m[1]), int(m[2])) for m in map(_FIELD_NAME.fullmatch, data) if m}
    rows: Rows = {}
    for day, index in sorted(found):
        row = (str(data.get(f"d{day}-{index}-start", "")), str(data.get(f"d{day}-{index}-end", "")))
        if len(rows.setdefault(day, [])) < MAX_SHIFTS_A_DAY:
            rows[day].append(row)
    return rows


def edited_week(rows: Rows, data: QueryDict) -> WeekForm:
    """The week after a button other than the one that saves: a row added or removed, or a day copied."""
    what = data.get("do", "")
    if match := _ADD.fullmatch(what):
        day = int(match[1])
        return WeekForm(with_blank_row(rows, day), is_bound=False, focus_on=day)
    if match := _REMOVE.fullmatch(what):
        day = int(match[1])
        return WeekForm(without_row(rows, day, int(match[2])), is_bound=False, focus_on=day)
    if what == "copy":
        source, *_rest = _days(data.getlist("copy_from")) or [0]
        rows = with_copied_day(rows, source, _days(data.getlist("copy_to"))) if source else rows
    return WeekForm(rows, is_bound=False)


def with_blank_row(rows: Rows, day: int) -> Rows:
    existing = rows.get(day, [])
    return rows if len(existing) >= MAX_SHIFTS_A_DAY else {**rows, day: [*existing, ("", "")]}


def without_row(rows: Rows, day: int, index: int) -> Rows:
    return {**rows, day: [row for number, row in enumerate(rows.get(day, [])) if number != index]}


def with_copied_day(rows: Rows, source: int, targets: Iterable[int]) -> Rows:
    copied = [row for row in rows.get(source, []) if any(row)]
    return {**rows, **{day: list(copied) for day in targets if day != source}}


def _days(values: list[str]) -> list[int]:
    return [day for day in DAYS if str(day) in values]


def _shift_forms(day: int, rows: Sequence[tuple[str, str]], is_bound: bool) -> list[ShiftForm]:
    return [_shift_form(day, index, row, is_bound) for index, row in enumerate(rows or [("", "")])]


def _shift_form(day: int, index: int, row: tuple[str, str], is_bound: bool) -> ShiftForm:
    prefix = f"d{day}-{index}"
    if is_bound:
        return ShiftForm({f"{prefix}-start": row[0], f"{prefix}-end": row[1]}, prefix=prefix, day=day)
    return ShiftForm(initial={"start": row[0], "end": row[1]}, prefix=prefix, day=day)


class TimeOffForm(forms.Form):
    """Whole days, or part of one: times left empty mean midnight to midnight."""

    first_day = forms.DateField(
        label=gettext_lazy("First day"),
        validators=_SENSIBLE_DATES,
        widget=forms.DateInput(attrs={"type": "date", "class": "week-date"}),
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        validators=_SENSIBLE_DATES,
        widget=forms.DateInput(attrs={"type": "date", "class": "week-date"}),
        help_text=gettext_lazy("Empty for one day."),
    )
    start_time = ClockField(label=gettext_lazy("From"), required=False)
    end_time = ClockField(label=gettext_lazy("To"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Note for the hospital"),
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"class": "week-text"}),
        help_text=gettext_lazy("Patients do not see it."),
    )

    prefix = "off"

    def __init__(self, *args: Any, zone: zoneinfo.ZoneInfo | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.errors:
            return data
        if self.zone is None:
            raise ValidationError(_("The hospital needs a time zone first."), code="time_zone_missing")
        data["starts_at"], data["ends_at"] = self._bounds(self.zone)
        data["is_whole_days"] = data["start_time"] is None and data["end_time"] is None
        if data["ends_at"] <= data["starts_at"]:
            where = "end_time" if data["end_time"] else "last_day"
            self.add_error(where, ValidationError(_("This is before the start."), code="end_before_start"))
        return data

    def _bounds(self, zone: zoneinfo.ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        first: dt.date = self.cleaned_data["first_day"]
        last: dt.date = self.cleaned_data["last_day"] or first
        start = self.cleaned_data["start_time"] or START_OF_DAY
        end = self.cleaned_data["end_time"] or START_OF_DAY
        if end == START_OF_DAY:
            last += dt.timedelta(days=1)
        return dt.datetime.combine(first, start, tzinfo=zone), dt.datetime.combine(last, end, tzinfo=zone)
