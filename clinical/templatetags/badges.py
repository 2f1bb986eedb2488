"""How something stands, as a badge: an icon, a colour and words, so that neither colour nor words are needed alone.

Tags and not templates, as a page has a hundred of them.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinical.models import Prescription
from clinical.templatetags.staff import minutes
from clinical.visits.shown import VisitHeading, VisitState

if TYPE_CHECKING:
    from clinical.agenda.doctor_day import DayVisit
    from clinical.pharmacy.queue import QueueEntry

register = template.Library()

# Lines on a square of 16.
_LINES = {
    "check": "M3 8.5l3.2 3.2L13 4.8",
    "checks": "M1.5 8.5l3 3L10 6M8 11.5L14.5 5",
    "cross": "M4 4l8 8M12 4l-8 8",
    "absent": "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM4.2 4.2l7.6 7.6",
    "question": "M5.8 6a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.6M8 12v.1",
    "alert": "M8 2.5L14 13H2zM8 6.5v3M8 11.3v.1",
    "clock": "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM8 5v3.2l2 1.3",
    "begun": "M5 3.5v9l7-4.5z",
    "expired": "M4.5 2.5h7M4.5 13.5h7M5 2.5c0 3 6 8 6 11M11 2.5c0 3-6 8-6 11",
    "guest": "M8 8a2.5 2.5 0 1 0 0-5a2.5 2.5 0 0 0 0 5zM3 13.5c0-5.5 10-5.5 10 0",
    "back": "M6 4L2.5 7.5L6 11M3 7.5h6a4 4 0 0 1 4 4",
    "talk": "M2.5 3.5h11v7h-6l-3 2.5v-2.5h-2z",
    "identity": "M2 4h12v8H2zM4.5 10c0-2 3-2 3 0M6 7v.1M9.5 7H12M9.5 9.5h2",
}
_ICONS = {
    name: mark_safe(f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{lines}"/></svg>')
    for name, lines in _LINES.items()
}
_VISIT_ICONS = {
    VisitState.CANCELLED: "cross",
    VisitState.NO_SHOW: "absent",
    VisitState.COMPLETED: "check",
    VisitState.PENDING: "question",
    VisitState.OVERDUE: "alert",
    VisitState.NOW: "begun",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    return _ICONS[name]


@lru_cache(maxsize=1024)
def _badge(label: str, tone: str = "", name: str = "") -> SafeString:
    return format_html(
        '<span class="badge{}{}">{}<span>{}</span></span>', " badge-" if tone else "", tone, _ICONS.get(name, ""), label
    )


@register.simple_tag
def visit_badge(state: VisitState) -> SafeString:
    """Nothing for one that is booked: that is what most are."""
    if state == VisitState.BOOKED:
        return SafeString()
    return _badge(str(state.label), state.tone, _VISIT_ICONS[state])


@register.simple_tag
def identity_badge(heading: VisitHeading) -> SafeString:
    """Whether it is certain who comes; nothing where it is."""
    if heading.state == VisitState.CANCELLED or heading.is_identified:
        return SafeString()
    return _badge(_("guest"), "", "guest") if heading.is_guest else _badge(_("verify ID"), "warn", "identity")


@register.simple_tag
def ai_badge() -> SafeString:
    return _badge(_("AI summary"), "talk", "talk")


@register.simple_tag
def day_badges(one: DayVisit) -> SafeString:
    """What a card says of its visit: how it stands, who comes, whether for the first time, and the AI summary."""
    badges = [visit_badge(one.heading.state), identity_badge(one.heading)]
    if one.heading.state != VisitState.CANCELLED:
        if one.heading.is_identified:
            badges.append(_badge(_("returning")) if one.is_returning else _badge(_("new"), "brand"))
        if one.has_ai_summary:
            badges.append(ai_badge())
    # Safe, as each of them is.
    return mark_safe("".join(badges))


@register.simple_tag
def prescription_badge(prescription: Prescription) -> SafeString:
    match prescription.status, prescription.denial_reason:
        case Prescription.Status.PENDING, _reason:
            return _badge(_("waiting for the pharmacy"), "warn", "clock")
        case Prescription.Status.APPROVED, _reason:
            return _badge(_("approved"), "brand", "check")
        case Prescription.Status.COMPLETED, _reason:
            return _badge(_("dispensed"), "good", "checks")
        case _status, Prescription.DenialReason.WITHDRAWN:
            return _badge(_("withdrawn"), "", "back")
        case _status, Prescription.DenialReason.EXPIRED:
            return _badge(_("expired"), "", "expired")
        case _:
            return _badge(_("rejected"), "bad", "cross")


@register.simple_tag
def undo_badge(entry: QueueEntry) -> SafeString:
    return _badge(_("undo available for %(time)s") % {"time": minutes(entry.undo_minutes or 0)}, "warn", "back")


@register.simple_tag
def born(date: dt.date | None) -> SafeString:
    """A date of birth beside a name: two patients may have the same."""
    return _born(date, get_language()) if date else SafeString()


@lru_cache(maxsize=4096)
def _born(date: dt.date, _language: str | None) -> SafeString:
    text = _("born %(date)s") % {"date": date_format(date, "j M Y")}
    return format_html(' <span class="text-muted text-sm font-normal whitespace-nowrap">{}</span>', text)


@register.simple_tag
def wait_badge(entry: QueueEntry) -> SafeString:
    if entry.prescription.status == Prescription.Status.APPROVED:
        ready = _("ready to dispense, %(time)s") % {"time": minutes(entry.ready_minutes)}
        return _badge(ready, "brand", "check")
    time = {"time": minutes(entry.waited_minutes)}
    match entry.urgency:
        case "too_long":
            return _badge(_("overdue, %(time)s") % time, "bad", "alert")
        case "long":
            return _badge(_("long wait, %(time)s") % time, "warn", "clock")
        case _:
            return _badge(_("waiting %(time)s") % time, "good", "clock")


@register.simple_tag
def query_badge(entry: QueueEntry) -> SafeString:
    """How the pharmacist's question to the prescriber stands; nothing where none was asked."""
    match entry.question:
        case "answered":
            return _badge(_("prescriber replied"), "brand", "talk")
        case "asked":
            return _badge(_("query sent"), "", "question")
        case _:
            return SafeString()
