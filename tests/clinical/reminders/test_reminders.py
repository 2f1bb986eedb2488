from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.codes.issue import request_code
from accounts.messages.local_senders import MemorySms
from accounts.messages.reports import has_stopped_sms
from accounts.messages.send_sms import fits_one_segment, send_sms
from accounts.models import Patient, SmsMessage, User
from accounts.ports import SmsLine
from clinical.models import Appointment, AppointmentBooking, VisitReminder
from clinical.reminders.actions import plan_reminders, purge_reminders, queue_due_reminders
from hospitals.models import Hospital
from tests.cast import HospitalCast, make_patient
from tests.clinical.records import make_visit

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)  # 10:00 in Vienna
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
START = NOW + 25 * HOUR
TEXT = "North: your visit is on 3 Mar 2026, 11:00. To move or cancel it, open the app. STOP ends reminders."


@pytest.fixture(autouse=True)
def _no_messages() -> None:
    MemorySms.sent.clear()


@pytest.fixture
def visit(north: HospitalCast, patient: Patient) -> Appointment:
    return make_visit(patient, north.doctor, START, created_at=NOW - DAY)


def minutes(at: dt.datetime) -> list[str]:
    """What the sweeps of that minute send."""
    MemorySms.sent.clear()
    plan_reminders(at=at)
    queue_due_reminders(at=at)
    send_sms(at=at)
    return [sent.text for sent in MemorySms.sent]


def day_of_sweeps(at: dt.datetime = NOW, hours: int = 30) -> list[tuple[dt.datetime, str]]:
    ticks = [at + number * HOUR / 2 for number in range(hours * 2)]
    return [(tick, text) for tick in ticks for text in minutes(tick)]


def states() -> dict[str, str]:
    return dict(VisitReminder.objects.order_by("start_ts", "kind").values_list("kind", "state"))


def test_a_visit_is_reminded_of_twice_over_the_reminders_line(visit: Appointment) -> None:
    assert day_of_sweeps() == [(START - DAY, TEXT), (START - 2 * HOUR, TEXT)]
    assert (MemorySms.sent, states()) == ([], {"day_before": "queued", "two_hours": "queued"})
    assert SmsMessage.objects.filter(kind="reminder", status="sent", number="436601234567").count() == 2
    assert fits_one_segment(TEXT)


def test_a_reminder_has_a_sender_of_its_own(visit: Appointment) -> None:
    request_code(number="436601234567", at=START - DAY)
    minutes(START - DAY)
    assert [sent.line for sent in MemorySms.sent] == [SmsLine.ACCOUNT, SmsLine.REMINDERS]


def test_codes_go_before_reminders_that_wait_longer(visit: Appointment) -> None:
    plan_reminders(at=START - DAY)
    queue_due_reminders(at=START - DAY)
    request_code(number="436601234567", at=START - DAY + dt.timedelta(seconds=1))
    send_sms(at=START - DAY + dt.timedelta(seconds=2))
    assert [sent.line for sent in MemorySms.sent] == [SmsLine.ACCOUNT, SmsLine.REMINDERS]


def test_a_reminder_follows_no_number_that_was_given_up(visit: Appointment, patient: Patient) -> None:
    plan_reminders(at=START - DAY)
    queue_due_reminders(at=START - DAY)
    assert SmsMessage.objects.get().status == "queued"
    User.objects.filter(pk=patient.pk).update(phone="436607777777")
    send_sms(at=START - DAY)
    assert MemorySms.sent == []


def test_stop_to_reminders_is_no_stop_to_codes() -> None:
    facts = {"number": "436601234567", "status": "failed", "error_code": "stopped"}
    SmsMessage.objects.create(kind="reminder", **facts)
    assert not has_stopped_sms("436601234567")
    SmsMessage.objects.create(kind="sign_in_code", **facts)
    assert has_stopped_sms("436601234567")


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "CANCELLED"},
        {"patient_match": "phone"},
        {"patient": None, "patient_match": "none", "guest_name": "Gust Guest"},
    ],
    ids=["cancelled", "matched by phone alone", "guest"],
)
def test_who_is_not_proven_or_not_expected_is_not_reminded(visit: Appointment, facts: dict[str, Any]) -> None:
    Appointment.objects.update(**facts)
    assert day_of_sweeps() == []
    assert not VisitReminder.objects.exists()


def test_who_accepted_a_visit_found_by_phone_is_reminded(visit: Appointment) -> None:
    Appointment.objects.update(patient_match="phone", identity_confirmed_at=NOW)
    assert [at for at, _ in day_of_sweeps()] == [START - DAY, START - 2 * HOUR]


@pytest.mark.parametrize("when", ["before it is planned", "before it is due", "before it is sent"])
@pytest.mark.parametrize(
    "end", ["cancelled", "patient's wish", "hospital's wish", "no number", "deactivated", "erased", "not proven"]
)
def test_a_reminder_ends_with_its_reason(visit: Appointment, patient: Patient, end: str, when: str) -> None:
    due = START - DAY
    if when != "before it is planned":
        plan_reminders(at=NOW)
    if when == "before it is sent":
        queue_due_reminders(at=due)
    changes: dict[str, Any] = {
        "cancelled": lambda: Appointment.objects.update(status="CANCELLED"),
        "patient's wish": lambda: Patient.objects.update(reminders_enabled=False),
        "hospital's wish": lambda: Hospital.objects.update(reminders_enabled=False),
        "no number": lambda: User.objects.filter(pk=patient.pk).update(phone=None, is_active=False),
        "deactivated": lambda: User.objects.filter(pk=patient.pk).update(is_active=False),
        "erased": lambda: Patient.objects.update(erased_at=NOW),
        "not proven": lambda: Appointment.objects.update(patient_match="phone"),
    }
    changes[end]()
    assert minutes(due) == []
    assert not SmsMessage.objects.filter(status="sent").exists()


@pytest.mark.parametrize(
    ("wanted", "hours"), [("remind_day_before", [24]), ("remind_two_hours", [2])], ids=["a day", "two hours"]
)
def test_a_hospital_chooses_which(visit: Appointment, wanted: str, hours: list[int]) -> None:
    Hospital.objects.update(remind_day_before=False, remind_two_hours=False)
    Hospital.objects.update(**{wanted: True})
    assert [at for at, _ in day_of_sweeps()] == [START - number * HOUR for number in hours]


def test_a_moved_visit_is_reminded_anew_and_once_per_time(visit: Appointment) -> None:
    assert len(minutes(START - DAY)) == 1
    later = START + 3 * HOUR
    Appointment.objects.update(start_ts=later, end_ts=later + HOUR)
    assert [at for at, _ in day_of_sweeps(START - DAY)] == [later - DAY, later - 2 * HOUR]
    Appointment.objects.update(start_ts=START, end_ts=START + HOUR)
    assert day_of_sweeps(START - DAY, hours=20) == []
    dropped = VisitReminder.objects.get(start_ts=START, kind="two_hours")
    assert (dropped.state, dropped.due_at) == ("dropped", START - 2 * HOUR)


def test_what_was_booked_or_moved_after_the_moment_is_not_reminded_of_at_once(visit: Appointment) -> None:
    AppointmentBooking.objects.create(uid=visit.cal_booking_id, created_at=START - 3 * HOUR)
    assert [at for at, _ in day_of_sweeps(START - 3 * HOUR, hours=4)] == [START - 2 * HOUR]
    assert states() == {"day_before": "dropped", "two_hours": "queued"}


@pytest.mark.parametrize(("late", "count"), [(dt.timedelta(hours=6), 1), (dt.timedelta(hours=6, seconds=1), 0)])
def test_after_a_long_stillness_old_reminders_are_dropped(visit: Appointment, late: dt.timedelta, count: int) -> None:
    plan_reminders(at=NOW)
    assert len(minutes(START - DAY + late)) == count
    assert states() == {"day_before": "queued" if count else "dropped", "two_hours": "planned"}


def test_a_queued_reminder_is_not_sent_at_night(visit: Appointment) -> None:
    plan_reminders(at=NOW)
    queue_due_reminders(at=START - DAY)
    send_sms(at=NOW + 11 * HOUR - dt.timedelta(minutes=30))  # 20:30 in Vienna
    assert [sent.valid_for_seconds for sent in MemorySms.sent] == [1800]
    SmsMessage.objects.update(status="queued")
    MemorySms.sent.clear()
    send_sms(at=NOW + 11 * HOUR)
    assert MemorySms.sent == []
    assert SmsMessage.objects.values_list("status", "error_code").get() == ("failed", "too_late")


def test_a_zone_that_another_program_broke_counts_as_utc(visit: Appointment) -> None:
    Patient.objects.update(time_zone="Mars/Olympus")
    assert [at for at, _ in day_of_sweeps()] == [START - DAY, START - 2 * HOUR]


def test_planning_and_queueing_many_is_few_queries(north: HospitalCast) -> None:
    for number in range(20):
        person = make_patient(f"4366011111{number:02}", f"Person {number}")
        make_visit(person, north.doctor, START + number * HOUR / 60, created_at=NOW - DAY)
    with CaptureQueriesContext(connection) as captured:
        assert plan_reminders(at=NOW) == 20
    assert len([one for one in captured if "SAVEPOINT" not in one["sql"]]) == 2
    with CaptureQueriesContext(connection) as captured:
        assert queue_due_reminders(at=START - DAY + HOUR) == 20
    assert len([one for one in captured if "SAVEPOINT" not in one["sql"]]) == 4
    assert SmsMessage.objects.count() == 20


def test_the_database_refuses_a_second_reminder_of_one_time(visit: Appointment) -> None:
    facts: dict[str, Any] = {"appointment": visit, "kind": "day_before", "start_ts": START, "due_at": NOW}
    VisitReminder.objects.create(**facts)
    for wrong in ({}, {"kind": "hourly"}, {"start_ts": NOW, "state": "queued"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            VisitReminder.objects.create(**facts | wrong)


def test_old_reminders_are_forgotten(visit: Appointment) -> None:
    plan_reminders(at=NOW)
    assert purge_reminders(at=START + dt.timedelta(days=30)) == 0
    assert purge_reminders(at=START + dt.timedelta(days=30, seconds=1)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_remind_once(north: HospitalCast) -> None:
    for number in range(30):
        make_visit(make_patient(f"4366022222{number:02}", None), north.doctor, START, created_at=NOW - DAY)
    barrier = threading.Barrier(4)
    faults: list[BaseException] = []

    def sweep() -> None:
        try:
            barrier.wait()
            plan_reminders(at=START - DAY)
            queue_due_reminders(at=START - DAY)
            while send_sms(at=START - DAY):
                pass
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(sent.to for sent in MemorySms.sent) == [f"4366022222{number:02}" for number in range(30)]
    assert VisitReminder.objects.count() == 60


class Dying:
    """A sender whose worker dies after the message has gone out."""

    sent = 0

    def send(self, **_: Any) -> Any:
        Dying.sent += 1
        raise SystemExit


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_while_sending_reminds_nobody_twice(visit: Appointment, settings: Settings) -> None:
    settings.SMS_BACKEND = f"{__name__}.Dying"
    Dying.sent = 0
    with pytest.raises(SystemExit):
        minutes(START - DAY)
    settings.SMS_BACKEND = "accounts.messages.local_senders.MemorySms"
    assert [at for at, _ in day_of_sweeps(START - DAY)] == [START - 2 * HOUR]
    assert Dying.sent == 1
    assert SmsMessage.objects.order_by("created_at").values_list("status", flat=True)[0] == "unknown"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_before_the_commit_has_queued_nothing(visit: Appointment) -> None:
    plan_reminders(at=NOW)

    def die() -> None:
        with transaction.atomic():
            queue_due_reminders(at=START - DAY)
            raise SystemExit

    with pytest.raises(SystemExit):
        die()
    assert (states()["day_before"], SmsMessage.objects.count()) == ("planned", 0)
    assert len(minutes(START - DAY)) == 1
