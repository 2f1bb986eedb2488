"""What is said to people about a doctor's place in Cal.com, and what they can do about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.times import known_zone
from hospitals.hours.open_hours import WeeklyWindow, nights_through
from hospitals.hours.windows import DAYS, format_span
from integrations.calcom.schedules.clock_changes import misread_hours
from integrations.models import CalConnection, CalLink

A_YEAR_AHEAD = 366

PROBLEM_TEXTS = {
    CalLink.Problem.USER_GONE: gettext_lazy("The doctor's user is gone from Cal.com. Connect again."),
    CalLink.Problem.SCHEDULE_GONE: gettext_lazy("The doctor's schedule is gone from Cal.com. Connect again."),
    CalLink.Problem.EVENT_TYPE_GONE: gettext_lazy(
        "The doctor's event type is gone from Cal.com, so patients cannot book. Connect again."
    ),
    CalLink.Problem.OTHER_HOST: gettext_lazy(
        "In Cal.com the doctor is not the only host of the appointments. Connect again."
    ),
    CalLink.Problem.OTHER_SCHEDULE: gettext_lazy(
        "In Cal.com the doctor's appointments follow another schedule than these hours. Connect again."
    ),
}

DRIFT_TEXTS = {
    CalLink.Drift.EDITED: gettext_lazy(
        "The hours were changed in Cal.com. Patients book by what is there until ours are sent again."
    ),
    CalLink.Drift.READ_BACK: gettext_lazy("Cal.com took the hours but shows something else."),
}

STEP_TEXTS = {
    CalConnection.Step.USER: gettext_lazy("the doctor's user in Cal.com"),
    CalConnection.Step.TEAM: gettext_lazy("the hospital's team"),
    CalConnection.Step.SCHEDULE: gettext_lazy("the schedule"),
    CalConnection.Step.EVENT_TYPE: gettext_lazy("the event type"),
    CalConnection.Step.STORE: gettext_lazy("keeping the link"),
}

REASON_TEXTS = {
    "no_time_zone": gettext_lazy("The hospital has no time zone. Set it on the hospital's page, then connect again."),
    "no_team": gettext_lazy("The hospital has no Cal.com team. Set its number on the hospital's page, then try again."),
    "no_email": gettext_lazy("The doctor has no email address. Add one, then connect again."),
    "not_active": gettext_lazy("The doctor is deactivated. Reactivate them first."),
    "user_taken": gettext_lazy("This Cal.com user belongs to another doctor here."),
    "event_type_taken": gettext_lazy("This event type belongs to another doctor here."),
    "user_unknown": gettext_lazy("Cal.com knows no user with this number in the organisation."),
    "schedule_unknown": gettext_lazy("Cal.com knows no schedule with this number."),
    "schedule_of_another": gettext_lazy("The schedule belongs to another user in Cal.com."),
    "event_type_unknown": gettext_lazy("The hospital's team has no event type with this number."),
    "event_type_hosts": gettext_lazy("The event type must have this user as its only host."),
    "event_type_schedule": gettext_lazy("The event type reads another schedule than the one given."),
    "event_type_managed": gettext_lazy("The event type is a template in Cal.com and cannot be booked."),
    "calcom_refused": gettext_lazy("Cal.com refused. Look at the doctor and the team there, then try again."),
    "calcom_key": gettext_lazy("Our key does not open Cal.com any more. The operator of the platform can renew it."),
    "calcom_admin_api": gettext_lazy(
        "Cal.com has not switched on the Admin API for our organisation. The operator of the platform can ask Cal.com"
        " to do so."
    ),
    "calcom_unavailable": gettext_lazy("Cal.com did not answer after several tries. Try again later."),
    "calcom_rate_limited": gettext_lazy("Cal.com takes no more calls for a moment."),
}


def reason_text(code: str | None) -> str:
    return str(REASON_TEXTS.get(code or "", REASON_TEXTS["calcom_refused"]))


def hours_notes(weekly: Collection[WeeklyWindow], *, zone: ZoneInfo, today: dt.date) -> list[str]:
    """What Cal.com makes of the hours otherwise than they are meant: said beside them."""
    notes = []
    if len(nights_through(weekly)) == len(DAYS):
        notes.append(
            _(
                "These hours run on through every night. The calendar needs a break once a week: on Sundays they end"
                " at 23:58, so patients cannot book the last appointment before midnight."
            )
        )
    notes += [
        _("On %(date)s the clock changes, and the calendar may offer these hours up to an hour off: %(hours)s.")
        % {"date": date_format(day, "l j F Y"), "hours": ", ".join(format_span(a, b) for _day, a, b in misread)}
        for day, misread in misread_hours(weekly, zone=zone, today=today, days=A_YEAR_AHEAD)
    ]
    return notes


def publish_text(link: CalLink | None) -> str:
    """How far Cal.com is behind the doctor's hours, in one sentence. Reads the link's doctor, user and hospital."""
    if link is None or link.cal_schedule_id is None:
        return _("Not connected to Cal.com: patients cannot book this doctor yet.")
    if link.problem is not None:
        return str(PROBLEM_TEXTS[CalLink.Problem(link.problem)])
    if known_zone(link.doctor.hospital.time_zone) is None:
        return _("Not sent: the hospital has no time zone.")
    if not link.is_sent:
        if link.last_error:
            return _("Cal.com did not take the hours yet; trying again.")
        return _("On the way to Cal.com.")
    if link.drift is not None:
        return str(DRIFT_TEXTS[CalLink.Drift(link.drift)])
    if not link.doctor.user.is_active:
        return _("Closed in Cal.com: the doctor is deactivated.")
    return _("Cal.com shows these hours.")
