from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccessEvent, StaffMail, User
from hospitals.models import Doctor, DoctorAvailability, Hospital, StaffImport
from hospitals.staff.actions import DoctorHasOpenRecords, deactivate_staff_member, move_doctor
from hospitals.staff.csv_file import read_staff
from hospitals.staff.import_file import (
    ImportHasProblems,
    ImportIsOver,
    confirm_staff_import,
    discard_staff_import,
    import_next_staff,
    keep_staff_import,
    purge_staff_imports,
)
from tests.admin.records import book, prescribe
from tests.cast import HospitalCast, make_patient
from tests.hospitals.staff.staff_files import GOOD, file_of, make_import


def run() -> list[int]:
    heard: list[int] = []
    while import_next_staff(at=timezone.now(), told=lambda pk, added: heard.append(added)):
        pass
    return heard


def kept(north: HospitalCast, *rows: str) -> StaffImport:
    lines = read_staff(file_of(*rows))
    return keep_staff_import(hospital=north.hospital, lines=lines, by=north.admin, at=timezone.now())


def test_everybody_of_a_confirmed_file_is_added_and_mailed(north: HospitalCast) -> None:
    one = kept(north, *GOOD)
    assert run() == []
    confirm_staff_import(pk=one.pk, by=north.admin, at=timezone.now())
    assert run() == [3]
    doctor = User.objects.get(email="nora@north.test")
    assert (doctor.profile.full_name, doctor.doctor.specialty, doctor.hospital_id) == (
        "Nora New",
        "Surgery",
        north.hospital.pk,
    )
    assert User.objects.get(email="phil@north.test").pharmacist.pharmacy_name == "East wing"
    assert User.objects.get(email="Anna@north.test").hospital_admin.hospital_id == north.hospital.pk
    assert not doctor.has_usable_password()
    assert doctor.must_change_password
    assert StaffMail.objects.filter(kind="invitation", status="queued").count() == 3
    events = AccessEvent.objects.filter(action="changed_staff", actor_id=north.admin.pk, reason="added by import")
    assert {event.hospital_id for event in events} == {north.hospital.pk}
    assert events.count() == 3
    one.refresh_from_db()
    assert (one.state, one.rows, one.people) == ("done", [], 3)


def test_lines_with_problems_are_never_kept(north: HospitalCast) -> None:
    with pytest.raises(ImportHasProblems):
        kept(north, *GOOD, "nurse,Nick,nick@north.test,,")
    assert StaffImport.objects.count() == 0


@pytest.mark.parametrize("email", ["NORA@north.test", "nora@north.test"])
def test_a_file_that_changed_since_is_not_confirmed(north: HospitalCast, south: HospitalCast, email: str) -> None:
    one = kept(north, *GOOD)
    User.objects.filter(pk=south.doctor.pk).update(email=email)
    with pytest.raises(ImportHasProblems):
        confirm_staff_import(pk=one.pk, by=north.admin, at=timezone.now())
    assert run() == []
    assert StaffImport.objects.get().state == "checked"


def test_nobody_is_added_when_one_email_is_taken_while_it_waits(north: HospitalCast, south: HospitalCast) -> None:
    people = [f"doctor,Doctor {n},doctor{n}@north.test,," for n in range(260)]
    one = kept(north, *people, *GOOD)
    confirm_staff_import(pk=one.pk, by=north.admin, at=timezone.now())
    User.objects.filter(pk=south.doctor.pk).update(email="nora@north.test")
    users, events = User.objects.count(), AccessEvent.objects.count()
    assert run() == [250]
    one.refresh_from_db()
    assert (one.state, len(one.rows)) == ("refused", 263)
    assert (User.objects.count(), AccessEvent.objects.count(), StaffMail.objects.count()) == (users, events, 0)


def test_who_lost_their_access_adds_nobody(north: HospitalCast) -> None:
    one = kept(north, *GOOD)
    confirm_staff_import(pk=one.pk, by=north.admin, at=timezone.now())
    deactivate_staff_member(user=north.admin, by=None, at=timezone.now())
    assert run() == []
    assert StaffImport.objects.get().state == "refused"
    assert not User.objects.filter(email="nora@north.test").exists()


def test_a_file_is_confirmed_once_and_by_its_own_hospital(north: HospitalCast, south: HospitalCast) -> None:
    one = kept(north, *GOOD)
    with pytest.raises(StaffImport.DoesNotExist):
        confirm_staff_import(pk=one.pk, by=south.admin, at=timezone.now())
    discard_staff_import(pk=one.pk, by=south.admin, at=timezone.now())
    confirm_staff_import(pk=one.pk, by=north.admin, at=timezone.now())
    with pytest.raises(ImportIsOver):
        confirm_staff_import(pk=one.pk, by=north.admin, at=timezone.now())
    discard_staff_import(pk=one.pk, by=north.admin, at=timezone.now())
    assert StaffImport.objects.get().state == "queued"


def test_what_nobody_confirmed_is_forgotten_after_a_day(north: HospitalCast) -> None:
    for state in ("checked", "refused", "queued", "done"):
        make_import(north.hospital, state=state)
    at = timezone.now() + dt.timedelta(days=1, minutes=1)
    assert purge_staff_imports(at=at - dt.timedelta(minutes=2)) == 0
    assert purge_staff_imports(at=at) == 2
    assert set(StaffImport.objects.values_list("state", flat=True)) == {"queued", "done"}


def test_a_batch_costs_a_handful_of_statements_beside_the_log(north: HospitalCast) -> None:
    def statements(count: int) -> int:
        rows = [f"doctor,Doctor {n},d{n}-{count}@north.test,," for n in range(count)]
        confirm_staff_import(pk=kept(north, *rows).pk, by=north.admin, at=timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            run()
        return len([query for query in queries if "access_events" not in query["sql"]])

    assert statements(20) == statements(2)


@pytest.mark.slow
def test_5000_people_are_added_in_the_time_of_one_task(north: HospitalCast) -> None:
    rows = [f"doctor,Doctor {n},doctor{n}@north.test,Surgery," for n in range(5000)]
    one = kept(north, *rows)
    confirm_staff_import(pk=one.pk, by=north.admin, at=timezone.now())
    assert run() == list(range(250, 5001, 250))
    assert Doctor.objects.filter(hospital=north.hospital).count() == 5001


def test_a_doctor_without_open_records_moves(
    north: HospitalCast, south: HospitalCast, published: list[uuid.UUID]
) -> None:
    past = book(north, make_patient("436601234567", "Paula Patient"), timezone.now() - dt.timedelta(days=3))
    DoctorAvailability.objects.create(doctor=north.doctor, day_of_week=1, start_time="09:00", end_time="12:00")
    move_doctor(doctor=north.doctor, hospital=south.hospital, by=None, at=timezone.now())
    doctor = Doctor.objects.select_related("user").get(pk=north.doctor.pk)
    assert (doctor.hospital_id, doctor.user.hospital_id) == (south.hospital.pk, south.hospital.pk)
    past.refresh_from_db()
    assert past.hospital_id == north.hospital.pk
    assert doctor.availability.count() == 1
    assert published == [doctor.pk]
    assert [(event.hospital_id, event.reason) for event in AccessEvent.objects.order_by("pk")] == [
        (north.hospital.pk, "moved away"),
        (south.hospital.pk, "moved here"),
    ]
    move_doctor(doctor=doctor, hospital=south.hospital, by=None, at=timezone.now())
    assert AccessEvent.objects.count() == 2


@pytest.mark.parametrize("what", ["visit", "prescription"])
def test_a_doctor_with_open_records_stays(
    north: HospitalCast, south: HospitalCast, published: list[uuid.UUID], what: str
) -> None:
    patient = make_patient("436601234567", "Paula Patient")
    if what == "visit":
        book(north, patient, timezone.now() + dt.timedelta(days=3))
    else:
        prescribe(north, patient)
    with pytest.raises(DoctorHasOpenRecords):
        move_doctor(doctor=north.doctor, hospital=south.hospital, by=None, at=timezone.now())
    assert Doctor.objects.get(pk=north.doctor.pk).hospital_id == north.hospital.pk
    assert User.objects.get(pk=north.doctor.pk).hospital_id == north.hospital.pk
    assert Hospital.objects.count() == 2
    assert (published, AccessEvent.objects.count()) == ([], 0)
