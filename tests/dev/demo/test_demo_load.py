from __future__ import annotations

import datetime as dt
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, models
from pytest_django import Settings

from accounts.access_log.record import AccessAction, record_access
from accounts.models import AccessEvent, Patient, User
from clinical.mirror.apply import visit_status
from clinical.mirror.facts import chain
from clinical.models import AiSession, Appointment, AppointmentBooking, Prescription
from clinical.prescriptions.medications import as_json, validate_medications
from dev.demo.load import PASSWORD, DemoRefused, empty, load
from dev.demo.progress import write_signins
from dev.simulators.calcom.process import SimulatorProcess, start_simulator
from hospitals.models import Doctor, Hospital, HospitalAdmin, Pharmacist
from integrations.calcom.api.factory import calcom_client
from integrations.calcom.inbound.pull import FIRST_WINDOW, pull_changed_bookings
from integrations.calcom.setup.connect_doctor import connect_doctor
from integrations.models import CalLink
from tests.cast import make_hospital

AT = dt.datetime(2026, 11, 18, 11, 7, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def development(settings: Settings) -> None:
    settings.DEBUG = True


@pytest.fixture
def simulator(settings: Settings, tmp_path: Path) -> Iterator[SimulatorProcess]:
    with start_simulator(tmp_path / "calcom.sqlite3") as process:
        settings.CALCOM_API_URL, settings.CALCOM_API_KEY = process.url, process.api_key
        settings.CALCOM_ORG_ID = process.org_id
        yield process


@pytest.mark.usefixtures("development")
def test_loading_fills_every_table_as_promised() -> None:
    load(at=AT)

    sizes: dict[type[models.Model], int] = {
        Hospital: 2,
        Doctor: 12,
        Pharmacist: 4,
        HospitalAdmin: 2,
        Patient: 200,
        Appointment: 2000,
        Prescription: 400,
        AiSession: 60,
    }
    assert {model: model._default_manager.count() for model in sizes} == sizes
    assert User.objects.filter(is_superuser=True).count() == 1
    states = Counter(Prescription.objects.values_list("status", flat=True))
    assert states == {"PENDING": 22, "APPROVED": 10, "DENIED": 54, "COMPLETED": 314}
    sources = Counter(AiSession.objects.values_list("source", "caller_verified"))
    assert sources == {("APP", True): 34, ("PHONE_CALL", True): 19, ("PHONE_CALL", False): 7}
    doctor = User.objects.get(email="juniper.hale@demo.wardbook.example")
    assert doctor.check_password(PASSWORD)


@pytest.mark.usefixtures("development")
def test_every_visit_is_what_its_bookings_say() -> None:
    load(at=AT)

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


@pytest.mark.usefixtures("development")
def test_prescriptions_are_valid_and_their_history_ends_where_they_stand() -> None:
    load(at=AT)

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


@pytest.mark.usefixtures("development")
def test_the_pharmacy_keeps_up_with_its_work() -> None:
    load(at=AT)

    waiting = Prescription.objects.filter(status="PENDING")
    assert min(waiting.values_list("created_at", flat=True)) == AT - dt.timedelta(minutes=47)
    expired = Prescription.objects.filter(denial_reason="expired")
    assert list(expired.values_list("decided_at", flat=True)) == [AT - dt.timedelta(hours=3)] * 2
    asked = Prescription.objects.get(pk__in=waiting, doctor__user__email="juniper.hale@demo.wardbook.example",
                                     messages__isnull=False)  # fmt: skip
    assert asked.messages.exclude(author=asked.doctor_id).count() == 1


@pytest.mark.usefixtures("development")
def test_the_same_moment_gives_the_same_demo() -> None:
    def everything() -> list[tuple[object, ...]]:
        return [
            *Appointment.objects.order_by("pk").values_list("pk", "patient", "start_ts", "status"),
            *Prescription.objects.order_by("pk").values_list("pk", "patient", "status", "updated_at"),
        ]

    load(at=AT)
    first = everything()
    empty()
    assert everything() == []
    load(at=AT)

    assert everything() == first


@pytest.mark.usefixtures("development")
def test_emptying_keeps_the_access_log() -> None:
    demo = load(at=AT)
    record_access(by=demo.people.operator.user, action=AccessAction.OPENED_PATIENT)
    empty()

    assert AccessEvent.objects.count() == 1
    assert not Hospital.objects.exists()


def test_it_is_refused_outside_development() -> None:
    with pytest.raises(CommandError, match="development only"):
        call_command("load_demo")
    make_hospital("North", time_zone="Europe/Vienna")
    with pytest.raises(CommandError, match="development only"):
        call_command("load_demo", "--reset")

    assert Hospital.objects.count() == 1


@pytest.mark.usefixtures("development")
def test_it_is_refused_where_there_are_hospitals() -> None:
    make_hospital("North", time_zone="Europe/Vienna")
    with pytest.raises(DemoRefused):
        load(at=AT)

    assert Hospital.objects.count() == 1


@pytest.mark.usefixtures("development")
def test_the_sign_ins_are_written_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "demo_signins.txt"
    demo = load(at=AT)
    write_signins(path, demo)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert PASSWORD in text
    assert "juniper.hale@demo.wardbook.example" in text
    assert f"+{demo.houses[0].star.phone}" in text


@pytest.mark.usefixtures("development", "simulator")
def test_calendar_and_mirror_agree() -> None:
    with time_machine.travel(AT, tick=False):
        load(at=AT)
        changed = AppointmentBooking.objects.filter(updated_at__gte=AT - FIRST_WINDOW).count()
        run = pull_changed_bookings()

    assert run.error is None
    assert run.seen == changed
    assert changed > 50
    assert run.repaired == {}


@pytest.mark.usefixtures("development", "simulator")
def test_connecting_a_doctor_again_finds_what_the_demo_made() -> None:
    load(at=AT)
    before = CalLink.objects.order_by("pk").first()
    assert before
    client = calcom_client()
    link = connect_doctor(before.pk, client)
    client.close()

    assert link.cal_user_id == before.cal_user_id
    assert link.cal_schedule_id == before.cal_schedule_id
    assert link.cal_event_type_id == before.cal_event_type_id
    assert link.is_in_step
    assert link.pushed_hash == before.pushed_hash


@pytest.mark.usefixtures("development", "simulator")
def test_the_calendars_subscriptions_outlive_a_reset() -> None:
    client = calcom_client()
    client.create_org_webhook(url="http://127.0.0.1:1/webhooks/calcom/", secret="s3cret")
    load(at=AT)
    kept = client.list_org_webhooks()
    client.close()

    assert [(one.subscriber_url, one.secret) for one in kept] == [("http://127.0.0.1:1/webhooks/calcom/", "s3cret")]
