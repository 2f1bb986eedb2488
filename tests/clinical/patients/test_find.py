from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access_log.break_glass import break_the_glass
from accounts.models import AccessEvent, BreakGlassGrant, Patient, Role, User
from clinical.models import Appointment, AppointmentBooking
from clinical.patients.find import Typed, find_people, read_typed
from tests.admin.records import book, prescribe
from tests.cast import PASSWORD, HospitalCast, make_patient, make_staff

pytestmark = pytest.mark.usefixtures("published")

FIND = "/admin/find/"


@pytest.fixture
def visit(north: HospitalCast, patient: Patient) -> Appointment:
    return book(north, patient, timezone.now())


def people(client: Client, text: str) -> tuple[list[str], list[str]]:
    found = client.get(FIND, {"q": text}).context["found"]
    return [one.name for one in found.staff], [one.name for one in found.patients]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("  Dora   North ", Typed(name="Dora North")),
        ("d", Typed()),
        ("..", Typed()),
        ("", Typed()),
        ("\0", Typed()),
        ("Dora@North.test", Typed(email="dora@north.test")),
        ("@", Typed()),
        ("+43 660 123", Typed(phone="43660123")),
        ("0043 (660) 12-34", Typed(phone="436601234")),
        ("\u202a+43\u00a0660 1234\u202c", Typed(phone="436601234")),
        ("٠٠٤٣ ٦٦٠ ١٢٣٤", Typed(phone="436601234")),
        ("tel:+43-660-1234", Typed(phone="436601234")),
        ("0660 1234", Typed(phone="06601234")),
        ("dora@north.test\u200b", Typed(email="dora@north.test")),
        ("43660", Typed()),
        ("Room 436601", Typed(name="Room 436601")),
    ],
)
def test_one_box_tells_names_numbers_and_emails_apart(text: str, typed: Typed) -> None:
    assert read_typed(text) == typed


@pytest.mark.parametrize(
    ("text", "staff", "patients"),
    [
        ("pa", [], ["Paula Patient"]),
        ("patient paula", [], ["Paula Patient"]),
        ("nor", ["Ada North", "Dora North", "Pia North"], []),
        ("doctor@", ["Dora North"], []),
        ("+43 660 1234", [], ["Paula Patient"]),
        ("436601234567", [], ["Paula Patient"]),
        ("0660 123", [], ["Paula Patient"]),
        ("0660 999", [], []),
        ("\u202a+43 660 123\u202c", [], ["Paula Patient"]),
        ("sou", [], []),
        ("otto", [], []),
        ("doctor@south.test", [], []),
    ],
)
def test_people_of_the_own_hospital_are_found(
    admin_client: Client,
    visit: Appointment,
    south: HospitalCast,
    other_patient: Patient,
    text: str,
    staff: list[str],
    patients: list[str],
) -> None:
    book(south, other_patient, timezone.now())
    assert people(admin_client, text) == (staff, patients)


def test_results_lead_to_the_pages_of_people_and_visits(
    admin_client: Client, north: HospitalCast, visit: Appointment, other_patient: Patient
) -> None:
    prescription = prescribe(north, other_patient)
    later = book(north, visit.patient, timezone.now() + dt.timedelta(days=2))
    page = admin_client.get(FIND, {"q": "pa"}).content.decode()
    assert reverse("admin:clinical_appointment_change", args=[later.pk]) in page
    assert "+43 660 1234567" in page
    assert reverse("admin:clinical_prescription_change", args=[prescription.pk]) in (
        admin_client.get(FIND, {"q": "otto"}).content.decode()
    )
    assert reverse("admin:hospitals_doctor_change", args=[north.doctor.pk]) in (
        admin_client.get(FIND, {"q": "dora"}).content.decode()
    )


def shown_visits(client: Client, text: str) -> list[list[Appointment]]:
    found = client.get(FIND, {"q": text}).context["found"]
    return [[heading.visit for heading in one.visits] for one in found.patients]


def test_the_visits_shown_are_those_ahead_else_the_last_that_took_place(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    now, day = timezone.now(), dt.timedelta(days=1)
    cancelled = book(north, patient, now + 9 * day, status="CANCELLED")
    assert shown_visits(admin_client, "paula") == [[cancelled]]
    last = book(north, patient, now - 2 * day, status="COMPLETED")
    book(north, patient, now - day, no_show=True)
    assert shown_visits(admin_client, "paula") == [[last]]
    second, first = book(north, patient, now + 8 * day), book(north, patient, now + day)
    assert shown_visits(admin_client, "paula") == [[first, second]]
    page = admin_client.get(FIND, {"q": "paula"}).content.decode()
    assert "Dora North" in page
    assert page.count(">booked</span>") == 2


def test_guests_are_found_by_name_and_number_with_the_visit_that_is_next(
    admin_client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    now, day = timezone.now(), dt.timedelta(days=1)
    book(north, None, now - 91 * day)
    past, ahead = book(north, None, now - day), book(north, None, now + day)
    book(south, None, now + day)
    AppointmentBooking.objects.create(
        uid=ahead.cal_booking_id, appointment=ahead, attendee_phone="436640000001", attendee_at=now
    )
    by_name = admin_client.get(FIND, {"q": "greta"}).context["found"].guests
    assert [(one.name, one.phone, one.heading.visit) for one in by_name] == [
        ("Greta Guest", "+43 664 0000001", ahead),
        ("Greta Guest", "", past),
    ]
    page = admin_client.get(FIND, {"q": "+43 664 0000001"})
    assert [one.heading.visit for one in page.context["found"].guests] == [ahead]
    assert reverse("admin:clinical_appointment_change", args=[ahead.pk]) in page.content.decode()
    assert people(admin_client, "greta") == ([], [])


def test_a_search_among_patients_is_on_record_once(
    admin_client: Client, north: HospitalCast, visit: Appointment
) -> None:
    admin_client.get(FIND)
    admin_client.get(FIND, {"q": "p"})
    admin_client.get(FIND, {"q": "doctor@"})
    assert AccessEvent.objects.count() == 0
    for text in ("pa", "nobody"):
        admin_client.get(FIND, {"q": text})
    events = list(AccessEvent.objects.order_by("pk"))
    assert [(one.action, one.patient_id, one.hospital_id, one.reason) for one in events] == [
        ("searched_patients", None, north.hospital.pk, "")
    ] * 2


def test_an_operator_finds_all_staff_and_patients_only_behind_broken_glass(
    north: HospitalCast, south: HospitalCast, visit: Appointment
) -> None:
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    client = Client()
    client.force_login(operator)
    assert people(client, "do") == (["Dora North", "Dora South"], [])
    assert people(client, "paula") == ([], [])
    assert AccessEvent.objects.count() == 0
    break_the_glass(by=operator, hospital_id=south.hospital.pk, reason="Looking for a visit.", at=timezone.now())
    assert people(client, "paula") == ([], [])
    break_the_glass(by=operator, hospital_id=north.hospital.pk, reason="Looking for a visit.", at=timezone.now())
    assert people(client, "paula") == ([], ["Paula Patient"])
    assert AccessEvent.objects.filter(action="searched_patients").count() == 2
    grant = BreakGlassGrant.objects.get(hospital=north.hospital)
    (shown,) = AccessEvent.objects.filter(action="listed_under_break_glass")
    assert (shown.patient_id, shown.hospital_id, shown.actor_id) == (visit.patient_id, north.hospital.pk, operator.pk)
    assert f"break_glass:{grant.pk}" in shown.reason


@pytest.mark.parametrize("text", ["%", "_", "\\", "a'b", "<b>bo</b>", "x" * 5000, "!!", "\u0000ab", "()", "+++"])
def test_anything_may_be_typed(admin_client: Client, text: str) -> None:
    page = admin_client.get(FIND, {"q": text})
    assert page.status_code == 200
    assert "<b>bo" not in page.content.decode()


def test_the_box_is_on_every_page(admin_client: Client) -> None:
    assert 'action="/admin/find/"' in admin_client.get("/admin/").content.decode()


def test_the_number_of_queries_does_not_grow_with_what_is_found(admin_client: Client, north: HospitalCast) -> None:
    def queries(count: int) -> int:
        for number in range(count):
            somebody = make_patient(f"43670{count:03}{number:04}", f"Zoe Patient{number}")
            book(north, somebody, timezone.now())
            visit = book(north, None, timezone.now())
            Appointment.objects.filter(pk=visit.pk).update(guest_name=f"Zoe Guest{number}")
            user = make_staff(north.hospital, Role.DOCTOR, f"zoe{count}-{number}@north.test", f"Zoe Staff{number}")
            north.doctor.__class__.objects.create(user=user, hospital=north.hospital)
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(FIND, {"q": "zoe"})
        return len(captured)

    queries(1)
    assert queries(2) == queries(20)


def test_more_than_a_page_says_so(admin_client: Client, north: HospitalCast) -> None:
    for number in range(21):
        book(north, make_patient(f"4367000000{number:02}", f"Zoe {number:02}"), timezone.now())
    page = admin_client.get(FIND, {"q": "zoe"})
    assert len(page.context["found"].patients) == 20
    assert "There are more than 20." in page.content.decode()


@pytest.mark.slow
def test_among_many_people_each_search_goes_by_an_index(north: HospitalCast) -> None:
    """20,000 patients, each with a visit: no statement reads all people or all visits."""
    fill(north, 20_000)
    for typed in (Typed(name="fam19"), Typed(phone="436610000199"), Typed(email="doctor@n")):
        with CaptureQueriesContext(connection) as captured:
            find_people(typed, by=north.admin, at=timezone.now())
        for query in captured:
            if query["sql"].startswith("SELECT"):
                assert_goes_by_an_index(query["sql"])


def assert_goes_by_an_index(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    for table in ("users", "profiles", "appointments", "patients"):
        assert f"Seq Scan on {table} " not in plan, plan


MANY = """
WITH people AS (
  INSERT INTO users (phone, role)
  SELECT '43661' || lpad(n::text, 9, '0'), 'PATIENT' FROM generate_series(0, %(count)s - 1) AS n
  RETURNING id, right(phone, 9)::int AS n
), names AS (
  INSERT INTO profiles (user_id, full_name) SELECT id, 'Given' || n || ' Fam' || n FROM people
), patients AS (
  INSERT INTO patients (user_id) SELECT id FROM people
)
INSERT INTO appointments (cal_booking_id, patient_id, doctor_id, hospital_id, start_ts, end_ts, status, cal_raw_payload)
SELECT id, id, %(doctor)s, %(hospital)s, now(), now() + interval '30 minutes', 'SCHEDULED', '{}' FROM people
"""


def fill(cast: HospitalCast, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, {"count": count, "doctor": cast.doctor.pk, "hospital": cast.hospital.pk})
        cursor.execute("ANALYZE")
