from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessEvent, Patient, Profile, User
from hospitals.models import Hospital, StaffImport
from hospitals.staff.import_file import import_next_staff, tell_progress
from tests.admin.records import book, prescribe
from tests.cast import PASSWORD, HospitalCast
from tests.hospitals.staff.staff_files import GOOD, HEADER, file_of, make_import

pytestmark = pytest.mark.usefixtures("published")

UPLOAD = "/admin/staff-import/"


def upload(client: Client, content: bytes, **more: Any) -> Any:
    return client.post(UPLOAD, {"file": SimpleUploadedFile("staff.csv", content), **more}, follow=True)


@pytest.fixture
def operator_client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@wardbook.test", PASSWORD))
    return client


def test_a_file_is_checked_confirmed_watched_and_added(admin_client: Client, north: HospitalCast) -> None:
    users = User.objects.count()
    page = upload(admin_client, file_of(*GOOD))
    assert "Add 3 people to North?" in page.content.decode()
    assert "phil@north.test" in page.content.decode()
    assert User.objects.count() == users
    address = page.redirect_chain[-1][0]
    waiting = admin_client.post(address, {"do": "confirm"}, follow=True)
    assert waiting.headers["Refresh"] == f"2;url={address}"
    assert User.objects.count() == users
    tell_progress(StaffImport.objects.get().pk, 2)
    assert "2 of 3 so far." in admin_client.get(address).content.decode()
    assert import_next_staff(at=timezone.now(), told=tell_progress) is True
    done = admin_client.get(address)
    assert "3 people were added to North." in done.content.decode()
    assert "Refresh" not in done.headers
    assert User.objects.count() == users + 3
    assert "Nora New" in admin_client.get(reverse("admin:hospitals_doctor_changelist")).content.decode()


def test_who_would_be_added_stands_under_the_files_columns(admin_client: Client, north: HospitalCast) -> None:
    page = upload(admin_client, file_of("pharmacist,Phil New,phil@north.test,,Main")).content.decode()
    cells = re.findall(r'<td data-name="(\w+)">([^<]+)<', page)
    assert cells == [
        ("role", "pharmacist"),
        ("full_name", "Phil New"),
        ("email", "phil@north.test"),
        ("pharmacy", "Main"),
    ]


def test_wrong_lines_are_shown_in_place_and_nothing_is_kept(
    admin_client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    rows = [
        *GOOD,
        "nurse,Nick <b>,nick@north.test,,",
        "doctor,Dora,DOCTOR@north.test,,",
        "doctor,Dora South,doctor@south.test,,",
        "doctor,Nora Twin,nora@north.test,,",
    ]
    text = upload(admin_client, file_of(*rows)).content.decode()
    assert "4 lines need a change." in text
    for problem in (
        "Not a role: doctor, pharmacist or admin.",
        "This email is already in use.",
        "Duplicate of line 2.",
        "Nick &lt;b&gt;",
    ):
        assert problem in text
    assert "phil@north.test" not in text
    assert (StaffImport.objects.count(), AccessEvent.objects.count()) == (0, 0)


def test_of_a_taken_email_neither_whose_nor_where_is_told(
    admin_client: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    """The same words as where one person is added."""
    User.objects.filter(pk=patient.pk).update(email="patient@example.org")
    said = set()
    for email in ("doctor@north.test", "doctor@south.test", "patient@example.org"):
        context = upload(admin_client, file_of(f"doctor,Dora,{email},,")).context
        [(_line, cells)] = context["rows"]
        said.add(tuple(str(problem) for _name, _cell, problem in cells if problem))
        form = admin_client.post(reverse("admin:hospitals_doctor_add"), {"email": email, "full_name": "Dora"})
        said.add(tuple(form.context["form"].errors["email"]))
    assert said == {("This email is already in use.",)}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (file_of(*GOOD, header="name,mail"), "It says: name, mail."),
        (b"", "The file is empty."),
        (file_of(*GOOD).decode().encode("utf-16"), "CSV UTF-8"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_beside_its_field(
    admin_client: Client, north: HospitalCast, content: bytes, text: str
) -> None:
    page = upload(admin_client, content)
    assert page.status_code == 200
    assert text in str(page.context["form"].errors["file"])
    assert StaffImport.objects.count() == 0


def test_no_file_is_told_too(admin_client: Client) -> None:
    assert "This field is required." in admin_client.post(UPLOAD).content.decode()


def test_only_the_first_wrong_lines_of_5000_are_shown(admin_client: Client, north: HospitalCast) -> None:
    text = upload(admin_client, file_of(*(f"nurse,Nurse {n},nurse{n}@north.test,," for n in range(5000))))
    assert "5000 lines need a change." in text.content.decode()
    assert "And 4800 more lines." in text.content.decode()
    assert len(text.content) < 200_000


def test_an_email_taken_meanwhile_is_shown_in_place(
    admin_client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    address = upload(admin_client, file_of(*GOOD)).redirect_chain[-1][0]
    User.objects.filter(pk=south.doctor.pk).update(email="nora@north.test")
    page = admin_client.post(address, {"do": "confirm"}, follow=True).content.decode()
    assert "Something changed since the file was checked." in page
    assert "This email is already in use." in page
    assert 'value="confirm"' not in page
    assert StaffImport.objects.get().state == "checked"


def test_a_refused_import_says_why(admin_client: Client, north: HospitalCast) -> None:
    one = make_import(north.hospital, email="doctor@north.test", state="refused")
    page = admin_client.get(reverse("admin:staff_import_one", args=[one.pk])).content.decode()
    assert "This email is already in use." in page


def test_nobody_is_added_by_thinking_better_of_it(admin_client: Client, north: HospitalCast) -> None:
    address = upload(admin_client, file_of(*GOOD)).redirect_chain[-1][0]
    assert "Nothing was added." in admin_client.post(address, {"do": "discard"}, follow=True).content.decode()
    assert StaffImport.objects.count() == 0
    assert "not there any more" in admin_client.get(address, follow=True).content.decode()


def test_an_operator_names_the_hospital(operator_client: Client, south: HospitalCast) -> None:
    assert "hospital" in upload(operator_client, file_of(*GOOD)).context["form"].errors
    upload(operator_client, file_of(*GOOD), hospital=str(south.hospital.pk))
    assert StaffImport.objects.get().hospital_id == south.hospital.pk


def test_a_hospital_admin_cannot_name_another(admin_client: Client, north: HospitalCast, south: HospitalCast) -> None:
    upload(admin_client, file_of(*GOOD), hospital=str(south.hospital.pk))
    assert StaffImport.objects.get().hospital_id == north.hospital.pk


def test_the_example_to_download_has_the_columns(admin_client: Client) -> None:
    answer = admin_client.get("/admin/staff-import/template/")
    assert answer.content.decode("utf-8-sig").splitlines()[0] == HEADER.replace(",", ";")


def test_files_are_split_as_excel_splits_them_where_the_hospital_is(admin_client: Client) -> None:
    for zone, separator in (("Europe/Vienna", ";"), ("America/New_York", ","), ("Europe/London", ",")):
        Hospital.objects.update(time_zone=zone)
        example = admin_client.get("/admin/staff-import/template/").content
        assert example.decode("utf-8-sig").splitlines()[0] == HEADER.replace(",", separator)
        upload(admin_client, example)
    assert list(StaffImport.objects.values_list("people", flat=True)) == [3, 3, 3]


def test_all_staff_of_the_hospital_come_as_a_file_without_formulas(
    admin_client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    Profile.objects.filter(pk=north.doctor.pk).update(full_name='=HYPERLINK("http://evil.test")')
    answer = admin_client.post("/admin/staff-export/")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows == [
        [*HEADER.split(","), "access", "hospital"],
        ["doctor", '\'=HYPERLINK("http://evil.test")', "doctor@north.test", "Cardiology", "", "active", "North"],
        ["admin", "Ada North", "admin@north.test", "", "", "active", "North"],
        ["pharmacist", "Pia North", "pharmacist@north.test", "", "North pharmacy", "active", "North"],
    ]
    event = AccessEvent.objects.get()
    assert (event.action, event.object_kind, event.hospital_id) == ("exported", "staff", north.hospital.pk)


def test_a_doctor_moves_when_nothing_is_open(
    operator_client: Client, admin_client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    address = reverse("admin:hospitals_doctor_move", args=[north.doctor.pk])
    assert "Move to another hospital" in operator_client.get(address).content.decode()
    page = operator_client.post(address, {"hospital": str(south.hospital.pk)}, follow=True).content.decode()
    assert "Dora North works at South now." in page
    assert User.objects.get(pk=north.doctor.pk).hospital_id == south.hospital.pk
    change = reverse("admin:hospitals_doctor_change", args=[south.doctor.pk])
    assert "Move to another hospital" not in admin_client.get(change).content.decode()


def test_a_doctor_with_a_booked_visit_stays_and_the_page_says_why(
    operator_client: Client, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    book(north, patient, timezone.now() + dt.timedelta(days=1))
    address = reverse("admin:hospitals_doctor_move", args=[north.doctor.pk])
    page = operator_client.post(address, {"hospital": str(south.hospital.pk)}).content.decode()
    assert "still has booked appointments here" in page
    assert User.objects.get(pk=north.doctor.pk).hospital_id == north.hospital.pk


def test_deleting_a_doctor_leads_to_deactivating(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    prescribe(north, patient)
    address = reverse("admin:hospitals_doctor_delete", args=[north.doctor.pk])
    page = admin_client.post(address, {"post": "yes"}, follow=True).content.decode()
    assert "Dora North is kept with what they wrote" in page
    assert "Deactivate Dora North?" in page
    assert User.objects.get(pk=north.doctor.pk).is_active is True


HOSPITAL = {
    "name": "East",
    "time_zone": "Europe/Vienna",
    "visit_length_minutes": "20",
    "buffer_minutes": "5",
    "booking_notice_minutes": "120",
    "reminders_enabled": "on",
    "emergency_text": "Call 144.",
    "cal_team_id": "77",
    "second_factor_required": "on",
    "is_active": "on",
}


def test_an_operator_makes_a_hospital_with_all_its_settings(operator_client: Client) -> None:
    operator_client.post(reverse("admin:hospitals_hospital_add"), HOSPITAL)
    made = Hospital.objects.get(name="East")
    assert (made.visit_length_minutes, made.buffer_minutes, made.booking_notice_minutes) == (20, 5, 120)
    assert (made.time_zone, made.cal_team_id, made.emergency_text) == ("Europe/Vienna", 77, "Call 144.")
    assert (made.reminders_enabled, made.second_factor_required, made.is_active) == (True, True, True)


def test_a_new_hospital_begins_with_the_defaults(operator_client: Client) -> None:
    form = operator_client.get(reverse("admin:hospitals_hospital_add")).context["adminform"].form
    assert {
        name: form[name].value() for name in ("visit_length_minutes", "buffer_minutes", "booking_notice_minutes")
    } == {
        "visit_length_minutes": 30,
        "buffer_minutes": 0,
        "booking_notice_minutes": 60,
    }
    assert [form[name].value() for name in ("reminders_enabled", "is_active", "second_factor_required")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  north "),
        ("name", ""),
        ("time_zone", "Vienna"),
        ("visit_length_minutes", "0"),
        ("visit_length_minutes", "481"),
        ("buffer_minutes", "-1"),
        ("booking_notice_minutes", "43201"),
        ("cal_team_id", "0"),
        ("cal_team_id", str(2**63)),
    ],
)
def test_a_hospital_that_makes_no_sense_is_refused_beside_its_field(
    operator_client: Client, north: HospitalCast, field: str, value: str
) -> None:
    page = operator_client.post(reverse("admin:hospitals_hospital_add"), {**HOSPITAL, field: value})
    assert list(page.context["adminform"].form.errors) == [field]
    assert Hospital.objects.count() == 1
