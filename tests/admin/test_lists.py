"""Lists: nonsense in the address, what filters must not reveal, and how many queries a page takes."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessEvent, Patient, Role
from hospitals.admin.base import BoundedPaginator
from hospitals.models import Doctor
from integrations.models import BookingRequest, CalLink
from tests.admin.records import SECRET_WORDS, book, fill, prescribe, read, talk
from tests.cast import HospitalCast, make_staff

APPOINTMENTS = "/admin/clinical/appointment/"
LISTS = [
    "accounts/accessevent",
    "hospitals/doctor",
    "hospitals/pharmacist",
    "hospitals/hospitaladmin",
    "clinical/appointment",
    "clinical/prescription",
    "clinical/aisession",
    "integrations/callink",
    "integrations/bookingrequest",
]
# Session, user with hospital; the bounded count, the rows; then what the list's filters list.
QUERIES = {
    # Broken glass and the names of the lines beside.
    "accounts/accessevent": 6,
    "hospitals/doctor": 4,
    "hospitals/pharmacist": 4,
    "hospitals/hospitaladmin": 4,
    "clinical/appointment": 5,
    "clinical/prescription": 5,
    "clinical/aisession": 4,
    "integrations/callink": 4,
    "integrations/bookingrequest": 4,
}

# Of 50 rows, before they are packed.
MOST_LIST_BYTES = 100_000

NONSENSE = [
    "_facets=True",
    "status=NOPE",
    "doctor=%00",
    "from=yesterday",
    "to=9999-12-31",
    "state=x",
    "active=x",
    "p=x",
    "o=9.x",
    "q=%00",
]


@pytest.mark.parametrize("name", LISTS)
def test_nonsense_in_an_address_is_no_error_of_ours(
    admin_client: Client, north: HospitalCast, patient: Patient, name: str
) -> None:
    fill(north, patient)
    for query in NONSENSE:
        assert admin_client.get(f"/admin/{name}/?{query}").status_code in (200, 302, 400), query


@pytest.mark.parametrize("query", ["status=NOPE", "doctor=nobody", "from=yesterday", "to=9999-12-31", "match=x"])
def test_an_unknown_value_goes_back_to_the_whole_list(admin_client: Client, query: str) -> None:
    answer = admin_client.get(f"{APPOINTMENTS}?{query}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{APPOINTMENTS}?e=1")


@pytest.mark.parametrize(
    "address",
    [
        f"/admin/clinical/aisession/?transcript__contains={SECRET_WORDS[:5]}",
        "/admin/clinical/aisession/?summary__isnull=0",
        f"{APPOINTMENTS}?cal_raw_payload__icontains=raw",
        f"{APPOINTMENTS}?patient__user__phone__startswith=43",
        "/admin/clinical/prescription/?medications__icontains=ibu",
        "/admin/hospitals/doctor/?user__password__startswith=b",
    ],
)
def test_columns_that_are_not_shown_cannot_be_asked_about(admin_client: Client, address: str) -> None:
    assert admin_client.get(address).status_code == 400


def test_the_doctor_filter_offers_the_own_doctors_only(
    admin_client: Client, north: HospitalCast, south: HospitalCast
) -> None:
    page = admin_client.get(APPOINTMENTS).content.decode()
    assert "Dora North" in page
    assert "Dora South" not in page


def test_filters_narrow_by_status_doctor_and_day(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    late = dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC)  # 00:30 on the 21st in Vienna
    on_21st = book(north, patient, late, status="CANCELLED")
    missed = book(north, None, late + dt.timedelta(days=5), no_show=True)

    def found(query: str) -> list[object]:
        return [row.pk for row in admin_client.get(f"{APPOINTMENTS}?{query}").context["cl"].result_list]

    assert found("from=2026-11-21&to=2026-11-21") == [on_21st.pk]
    assert found("from=2026-11-20&to=2026-11-20") == []
    assert found("day=any&status=CANCELLED") == [on_21st.pk]
    assert found("day=any&status=no_show") == [missed.pk]
    assert found(f"day=any&doctor={north.doctor.pk}") == [missed.pk, on_21st.pk]


def test_visits_are_shown_in_the_hospitals_zone_without_payload(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    visit = book(north, patient, dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC))
    book(north, None, dt.datetime(2026, 11, 18, 8, 0, tzinfo=dt.UTC))
    listed = admin_client.get(f"{APPOINTMENTS}?day=any").content.decode()
    opened = admin_client.get(reverse("admin:clinical_appointment_change", args=[visit.pk])).content.decode()
    assert "Sat 21 Nov 2026, 00:30" in listed
    assert "Sat 21 Nov 2026, 00:30" in opened
    assert "Paula Patient" in listed
    assert "Greta Guest" in listed
    for page in (listed, opened):
        assert "Europe/Vienna" in page
        assert "raw-payload" not in page
        assert visit.cal_booking_id not in page


def test_opening_a_prescription_is_on_record_and_listing_is_not(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    prescription = prescribe(north, patient)
    assert "Ramipril" not in admin_client.get("/admin/clinical/prescription/").content.decode()
    assert AccessEvent.objects.count() == 0
    page = admin_client.get(reverse("admin:clinical_prescription_change", args=[prescription.pk])).content.decode()
    assert "Ramipril" in page
    event = AccessEvent.objects.get()
    assert (event.action, event.patient_id, event.object_id, event.surface) == (
        "opened_prescription",
        patient.pk,
        str(prescription.pk),
        "admin",
    )


def test_talks_show_neither_words_nor_names(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    session = talk(north, patient)
    for address in ("/admin/clinical/aisession/", reverse("admin:clinical_aisession_change", args=[session.pk])):
        with CaptureQueriesContext(connection) as queries:
            page = admin_client.get(address).content.decode()
        assert "phone call" in page
        assert "words-of" not in page
        assert "Paula" not in page
        assert not any('"transcript"' in query["sql"] for query in queries)


def fill_up(cast: HospitalCast, patient: Patient, count: int) -> None:
    for number in range(count):
        doctor = Doctor.objects.create(
            user=make_staff(cast.hospital, Role.DOCTOR, f"d{number}-{count}@north.test", f"Doctor {number}"),
            hospital=cast.hospital,
        )
        book(cast, patient if number % 2 else None, timezone.now() + dt.timedelta(hours=number))
        prescribe(cast, patient)
        talk(cast, patient)
        read(cast, patient)
        CalLink.objects.create(doctor=doctor)
        BookingRequest.objects.create(kind="book", patient=patient, doctor=doctor)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("rows", [2, 20])
def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_two(
    admin_client: Client, north: HospitalCast, patient: Patient, name: str, rows: int
) -> None:
    fill_up(north, patient, rows)
    with CaptureQueriesContext(connection) as queries:
        assert admin_client.get(f"/admin/{name}/").status_code == 200
    assert len(queries) == QUERIES[name]
    counts = [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
    assert all(f"LIMIT {BoundedPaginator.COUNTED_ROWS}" in sql for sql in counts)


def test_a_long_list_is_counted_no_further_than_its_bound(
    admin_client: Client, north: HospitalCast, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedPaginator, "COUNTED_ROWS", 3)
    for number in range(5):
        book(north, patient, timezone.now() + dt.timedelta(hours=number))
    page = admin_client.get(f"{APPOINTMENTS}?day=any")
    assert page.context["cl"].result_count == 3
    assert "The first 3 rows." in page.content.decode()


def test_the_package_search_takes_any_page_number_calmly(admin_client: Client) -> None:
    assert admin_client.get("/admin/search/?s=doc").status_code == 200
    for page in ("x", "99", "0"):
        assert admin_client.get(f"/admin/search/?s=doc&page={page}").status_code == 404


def test_a_full_list_is_light(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    for number in range(50):
        book(north, patient, dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC) + dt.timedelta(minutes=10 * number))
    page = admin_client.get(f"{APPOINTMENTS}?day=any").content
    assert page.count(b'data-label="Patient"') == 50
    assert len(page) < MOST_LIST_BYTES
