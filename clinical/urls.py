from __future__ import annotations

import datetime as dt

from django.urls import path, register_converter

from accounts.urls import urlpatterns as own_access
from clinical.agenda import views as days
from clinical.dashboard import pages
from clinical.patients import views as patients
from clinical.pharmacy import views as pharmacy
from clinical.prescriptions import prescribing_views
from clinical.prescriptions import views as prescriptions
from clinical.visits import views as visits
from core.times import is_shown


class DateConverter:
    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> dt.date:
        date = dt.date.fromisoformat(value)
        if not is_shown(date):
            raise ValueError
        return date

    def to_url(self, value: dt.date | str) -> str:
        return str(value)


register_converter(DateConverter, "date")

app_name = "staff"
_RX = "pharmacy/<uuid:prescription_id>"
_OWN_RX = "doctor/prescriptions/<uuid:prescription_id>"
_VISIT = "doctor/visits/<uuid:visit_id>"
urlpatterns = [
    path("", pages.home, name="home"),
    path("help/", pages.help_page, name="help"),
    *own_access,
    path("doctor/", days.day, name="doctor-day"),
    path("doctor/day/<date:date>/", days.day, name="doctor-day"),
    path("doctor/week/", days.week, name="doctor-week"),
    path("doctor/week/<date:date>/", days.week, name="doctor-week"),
    path(f"{_VISIT}/", visits.visit, name="doctor-visit"),
    path(f"{_VISIT}/complete/", visits.complete, name="visit-complete"),
    path(f"{_VISIT}/no-show/", visits.no_show, name="visit-no-show"),
    path(f"{_VISIT}/unmark/", visits.unmark, name="visit-unmark"),
    path(f"{_VISIT}/change/", visits.change, name="visit-change"),
    path(f"{_VISIT}/keep/", visits.keep, name="visit-keep"),
    path(f"{_VISIT}/confirm/", visits.confirm, name="visit-confirm"),
    path("doctor/hours/", days.own_hours, name="doctor-hours"),
    path("doctor/hours/time-off/", days.time_off, name="doctor-time-off"),
    path("doctor/hours/time-off/<uuid:time_off_pk>/cancel/", days.cancel_own_time_off, name="cancel-time-off"),
    path("doctor/patients/", patients.search, name="doctor-patients"),
    path("doctor/patients/<uuid:patient_id>/", patients.patient, name="doctor-patient"),
    path("doctor/patients/<uuid:patient_id>/let-phone-in/", patients.let_phone_in, name="let-phone-in"),
    path("doctor/patients/<uuid:patient_id>/prescribe/", prescribing_views.new_prescription, name="prescribe"),
    path("doctor/ai-sessions/<uuid:session_id>/transcript/", patients.transcript, name="transcript"),
    path(f"{_OWN_RX}/", prescriptions.prescription, name="doctor-prescription"),
    path(f"{_OWN_RX}/print/", prescriptions.paper, name="print-prescription"),
    path(f"{_OWN_RX}/withdraw/", prescriptions.withdraw, name="withdraw"),
    path(f"{_OWN_RX}/answer/", prescriptions.answer, name="answer"),
    path(f"{_OWN_RX}/dismiss/", prescriptions.dismiss, name="prescription-dismiss"),
    path(f"{_OWN_RX}/undismiss/", prescriptions.undismiss, name="prescription-undismiss"),
    path("pharmacy/", pharmacy.queue, name="pharmacy-queue"),
    path(f"{_RX}/", pharmacy.review, name="pharmacy-review"),
    path(f"{_RX}/claim/", pharmacy.claim, name="pharmacy-claim"),
    path(f"{_RX}/release/", pharmacy.release, name="pharmacy-release"),
    path(f"{_RX}/take-over/", pharmacy.take_over, name="pharmacy-take-over"),
    path(f"{_RX}/approve/", pharmacy.approve, name="pharmacy-approve"),
    path(f"{_RX}/deny/", pharmacy.deny, name="pharmacy-deny"),
    path(f"{_RX}/ask/", pharmacy.ask, name="pharmacy-ask"),
    path(f"{_RX}/dispense/", pharmacy.dispense, name="pharmacy-dispense"),
    path(f"{_RX}/undo/", pharmacy.undo, name="pharmacy-undo"),
]
