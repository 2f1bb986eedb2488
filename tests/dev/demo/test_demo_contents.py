"""One demo, loaded once for all of these: they only read it."""

from __future__ import annotations

import datetime as dt
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.test import override_settings

from accounts.access_log.seals import seal_access_events, verify_chain
from accounts.access_log.sentences import SENTENCES
from accounts.models import AccessEvent, Patient, SmsMessage, User
from accounts.staff_sign_in.tries import is_locked_out
from clinical.mirror.apply import visit_status
from clinical.mirror.facts import chain
from clinical.models import AiSession, Appointment, AppointmentBooking, Prescription, VisitReminder
from clinical.prescriptions.follow_up import unsettled_prescriptions
from clinical.prescriptions.medications import as_json, validate_medications
from dev.demo.load import PASSWORD, Demo, load
from dev.demo.progress import write_signins
from hospitals.models import Doctor, Hospital, HospitalAdmin, Pharmacist

SHOWN_DOCTOR = "judith.hofstaetter@demo.wardbook.example"
AT = dt.datetime(2026, 11, 18, 11, 7, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[Demo]:
    """Taken back as a whole when the last of the tests has read it."""
    with django_db_blocker.unblock(), override_settings(DEBUG=True), transaction.atomic():
        yield load(at=AT)
        transaction.set_rollback(True)


def test_loading_fills_every_table_as_promised(demo: Demo) -> None:
    sizes: dict[type[models.Model], int] = {
        Hospital: 2,
        Doctor: 13,
        Pharmacist: 4,
        HospitalAdmin: 4,
        Patient: 2000,
    }
    assert {model: model._default_manager.count() for model in sizes} == sizes
    assert User.objects.filter(is_superuser=True).count() == 1
    assert User.objects.exclude(is_active=True).count() == 1
    assert 4500 < Appointment.objects.count() < 6500
    states = Counter(Prescription.objects.values_list("status", flat=True))
    assert (states["PENDING"], states["APPROVED"]) == (12, 8)
    assert 1000 < states["COMPLETED"] < 1800
    sources = Counter(AiSession.objects.values_list("source", "caller_verified"))
    assert min(sources["APP", True], sources["PHONE_CALL", True], sources["PHONE_CALL", False]) > 5
    doctor = User.objects.get(email=SHOWN_DOCTOR)
    assert doctor.check_password(PASSWORD)


def test_every_visit_is_what_its_bookings_say(demo: Demo) -> None:
    bookings: dict[object, list[AppointmentBooking]] = {}
    for booking in AppointmentBooking.objects.all():
        bookings.setdefault(booking.appointment_id, []).append(booking)
    for visit in Appointment.objects.select_related("doctor__user"):
        head = chain(bookings.pop(visit.pk))[-1]
        assert visit.cal_booking_id == head.uid
        assert (visit.start_ts, visit.end_ts) == (head.start_ts, head.end_ts)
        assert (visit.cal_status, visit.no_show) == (head.status, bool(head.no_show))
        assert visit.doctor.user.email == head.organizer_email
        assert visit.status == visit_status(visit, at=AT)
        assert head.reference == (str(visit.patient_id) if visit.patient_match == "reference" else None)
    assert bookings == {}


def test_prescriptions_are_valid_and_their_history_ends_where_they_stand(demo: Demo) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (pgh_obj_id) pgh_obj_id, status FROM prescription_history"
            " ORDER BY pgh_obj_id, pgh_created_at DESC, pgh_id DESC"
        )
        latest = dict(cursor.fetchall())
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'")
        assert cursor.fetchone() == (0,)
    for row in Prescription.objects.all():
        assert as_json(validate_medications(row.medications)) == row.medications
        assert latest[row.pk] == row.status
        moments = [row.created_at, row.claimed_at, row.decided_at, row.completed_at, AT]
        assert [moment for moment in moments if moment] == sorted(moment for moment in moments if moment)


def test_the_shown_doctors_day_has_a_question_a_rejection_and_one_not_collected(demo: Demo) -> None:
    for house in demo.houses:
        doctor = house.doctors[0].user
        reasons = [row.denial_reason for row in unsettled_prescriptions(doctor, at=AT)]
        assert set(reasons) >= {"out_of_stock", "expired"}
        waiting = Prescription.objects.filter(doctor=doctor.pk, status="PENDING", messages__isnull=False)
        assert waiting.count() == 1


def test_one_account_is_locked(demo: Demo) -> None:
    staff = [member.user for house in demo.houses for member in house.staff]
    assert [user.pk for user in staff if is_locked_out(user, at=AT)] == [demo.houses[0].pharmacists[1].id]


def test_the_access_log_tells_of_two_months_and_can_be_sealed(demo: Demo) -> None:
    events = AccessEvent.objects.order_by("pk")
    moments = list(events.values_list("at", flat=True))
    assert moments == sorted(moments)
    assert moments[0] < AT - dt.timedelta(days=59)
    assert AT - dt.timedelta(days=1) < moments[-1] < AT
    assert set(events.values_list("action", flat=True)) <= set(SENTENCES)
    assert {"broke_glass", "locked_out", "denied_prescription", "opened_transcript"} <= set(
        events.values_list("action", flat=True)
    )
    while seal_access_events(at=AT):
        pass
    verified = verify_chain()
    assert (verified.broken, verified.unsealed_events) == (None, 0)


def test_text_messages_were_delivered_but_for_two(demo: Demo) -> None:
    states = Counter(SmsMessage.objects.values_list("status", flat=True))
    assert states.keys() == {"delivered", "failed"}
    assert states["failed"] == 2
    # Nothing is left for the workers to send: what is due was sent, and what is planned comes later.
    assert not VisitReminder.objects.filter(state="planned", due_at__lte=AT).exists()
    sent = SmsMessage.objects.filter(kind="reminder").values_list("about_id", flat=True)
    assert set(VisitReminder.objects.filter(state="queued").values_list("pk", flat=True)) == set(sent)


def test_the_pharmacy_keeps_up_with_its_work(demo: Demo) -> None:
    vienna, new_york = ([*_minutes_waiting(house.hospital)] for house in demo.houses)
    assert vienna[1:] == [47, 31, 24, 16, 11, 7, 2]
    # It is six in the morning: only who works at night has prescribed.
    assert new_york[1:] == [31, 19, 4]
    # The shown doctor has not answered a question.
    assert max(vienna[0], new_york[0]) <= 4 * 60
    expired = Prescription.objects.filter(denial_reason="expired")
    assert list(expired.values_list("decided_at", flat=True)) == [AT - dt.timedelta(hours=3)] * 2


def _minutes_waiting(hospital: Hospital) -> Iterator[int]:
    rows = Prescription.objects.filter(status="PENDING", hospital=hospital).order_by("created_at")
    return ((AT - at) // dt.timedelta(minutes=1) for at in rows.values_list("created_at", flat=True))


def test_the_sign_ins_are_written_for_their_owner_only(demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "var" / "demo_signins.txt"
    write_signins(path, demo)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert PASSWORD in text
    assert SHOWN_DOCTOR in text
    assert f"+{demo.houses[0].star.phone}" in text
