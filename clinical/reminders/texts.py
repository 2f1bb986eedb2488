"""Texts of messages about visits: where and when, and with whom where that has changed. No name of the patient, no
reason, nothing medical; a reminder, which lies on a screen for all to see, leaves out the doctor too, and so does what
goes to a number that somebody only typed.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import SmsMessage
from accounts.ports import SmsNotice
from clinical.models import Appointment, VisitDecision, VisitReminder
from clinical.reminders.due import number_of, quiet_hours, reminded_visits
from core.times import in_zone, repeated_offset, zone_or_utc
from hospitals.models.hospital import reminder_kind

Kind = SmsMessage.Kind
# How long the provider may keep one: a message about a visit must not come after it was moved or has begun.
KEPT_BY_PROVIDER = dt.timedelta(hours=4)


class VisitNotices:
    """`accounts.ports.SmsNotices` for visits: `about_id` is a `VisitReminder`, or a `VisitDecision`."""

    def notice(self, *, kind: str, about_id: uuid.UUID, number: str, at: dt.datetime) -> SmsNotice | None:
        if kind == Kind.REMINDER:
            return _reminder(about_id, number, at)
        return self._decision(kind, about_id, number, at)

    def _decision(self, kind: str, about_id: uuid.UUID, number: str, at: dt.datetime) -> SmsNotice | None:
        people = ("appointment__doctor__user__profile", "appointment__patient__user", "hospital")
        rows = VisitDecision.objects.current().select_related(*people)
        decision = rows.defer("appointment__cal_raw_payload").filter(pk=about_id).first()
        if decision is None or decision.start_ts <= at or not _still_holds(kind, decision):
            return None
        patient = decision.appointment.patient
        if patient is not None and patient.user.phone != number:
            return None  # it is another person's by now
        text = _text(kind, decision, is_proven=decision.appointment.is_patient_identified)
        return SmsNotice(text, min(decision.start_ts, at + KEPT_BY_PROVIDER))


def _reminder(about_id: uuid.UUID, number: str, at: dt.datetime) -> SmsNotice | None:
    reminder = VisitReminder.objects.filter(pk=about_id).first()
    visit = reminded_visits([reminder.appointment_id]).get(reminder.appointment_id) if reminder else None
    if reminder is None or visit is None or number_of(reminder, visit) != number or visit.start_ts <= at:
        return None
    hospital, patient = visit.hospital, visit.patient
    text = str(reminder_kind(reminder.kind).text)
    facts = {"hospital": hospital.name, "time": _time(visit.start_ts, hospital.time_zone)}
    zone = zone_or_utc(patient.time_zone or hospital.time_zone)
    # What is handed over late must not ring at night either.
    until = min(visit.start_ts, at + KEPT_BY_PROVIDER, quiet_hours().next_begin(at, zone))
    return SmsNotice(text % facts, until)


def _time(moment: dt.datetime, zone: str | None) -> str:
    local = in_zone(moment, zone)
    return date_format(local, "j M Y, H:i") + repeated_offset(local)


def _still_holds(kind: str, decision: VisitDecision) -> bool:
    visit = decision.appointment
    if kind == Kind.VISIT_CANCELLED:
        return bool(visit.status == Appointment.Status.CANCELLED)
    if kind == Kind.VISIT_REASSIGNED and visit.doctor_id == decision.doctor_id:
        return False
    return bool(visit.status == Appointment.Status.SCHEDULED and visit.start_ts == decision.start_ts)


def _text(kind: str, decision: VisitDecision, *, is_proven: bool) -> str:
    zone = decision.hospital.time_zone if decision.hospital else None
    facts = {
        "visit": _("your visit with %(doctor)s") % {"doctor": decision.appointment.doctor.full_name}
        if is_proven
        else _("your visit"),
        "time": _time(decision.start_ts, zone),
        "hospital": decision.hospital.name if decision.hospital else "",
    }
    if kind == Kind.VISIT_CANCELLED:
        text = _("%(hospital)s: %(visit)s on %(time)s is cancelled. Book another time in the app.")
    elif kind == Kind.VISIT_TO_MOVE:
        text = _("%(hospital)s: please choose another time for %(visit)s on %(time)s. Open the app, or call us.")
    elif kind == Kind.VISIT_REASSIGNED:
        text = _(
            "%(hospital)s: your doctor is not available on %(time)s. At the same time you have %(visit)s instead. If"
            " that does not suit you, move or cancel it in the app, or call us."
        )
        if not is_proven:
            text = _("%(hospital)s: another doctor sees you on %(time)s. The time stays. Call us if it does not suit.")
    else:
        text = _("%(hospital)s: %(visit)s on %(time)s stays as booked. You need not move it.")
    return text % facts
