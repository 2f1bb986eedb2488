from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import AccessEvent, Patient
from clinical.patients.search import MOST_SHOWN, search_patients
from tests.cast import HospitalCast, make_patient
from tests.clinical.conftest import SignedIn
from tests.clinical.records import make_prescription, make_visit

NOW = dt.datetime(2026, 3, 4, 10, 0, tzinfo=dt.UTC)
# Three of them note in the session what was searched for, so that typing on is the same search.
SEARCH_QUERIES = 7


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


def found(north: HospitalCast, text: str) -> list[str]:
    return [one.name for one in search_patients(user=north.doctor.user, text=text, at=NOW).found]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("nor", ["Ada North", "Nora Adams"]),
        ("NORTH", ["Ada North"]),
        ("ad nor", ["Ada North", "Nora Adams"]),
        ("orth", []),
        ("0660 111 22", ["Ada North"]),
        ("+43 660 1112233", ["Ada North"]),
        ("0043 660/1112233", ["Ada North"]),
        ("\u202a+43\u00a0660 1112233\u202c", ["Ada North"]),
        ("٠٦٦٠ ١١١", ["Ada North"]),
        ("tel:+43-660-1112233", ["Ada North"]),
        ("2233", ["Ada North"]),
        ("a\x00da", ["Ada North", "Nora Adams"]),
        ("o'ne & !", []),
    ],
)
def test_names_by_their_beginnings_and_numbers_as_people_write_them(
    north: HospitalCast, text: str, names: list[str]
) -> None:
    for phone, name in [("436601112233", "Ada North"), ("436609998877", "Nora Adams")]:
        make_visit(make_patient(phone, name), north.doctor, NOW)
    assert found(north, text) == names


def test_only_patients_whose_record_is_open_are_found(north: HospitalCast, south: HospitalCast) -> None:
    booked, prescribed = make_patient("436600000001", "Ann Booked"), make_patient("436600000002", "Ann Prescribed")
    typed, cancelled = make_patient("436600000003", "Ann Typed"), make_patient("436600000004", "Ann Cancelled")
    elsewhere = make_patient("436600000005", "Ann Elsewhere")
    make_visit(booked, north.doctor, NOW)
    make_visit(booked, north.doctor, NOW + dt.timedelta(days=1), status="CANCELLED")
    make_prescription(prescribed, north.doctor)
    make_visit(typed, north.doctor, NOW, patient_match="phone")
    make_visit(cancelled, north.doctor, NOW, status="CANCELLED")
    make_visit(elsewhere, south.doctor, NOW)
    make_prescription(elsewhere, south.doctor)
    for text in ("ann", "4366000"):
        assert found(north, text) == ["Ann Booked", "Ann Prescribed"]
    result = search_patients(user=north.doctor.user, text="ann", at=NOW)
    assert [(one.visit_start, one.is_ahead) for one in result.found] == [(NOW, True), (None, False)]
    for nobody in (north.admin, north.pharmacist.user, booked.user):
        assert search_patients(user=nobody, text="ann", at=NOW).found == []


def test_the_visit_shown_is_the_next_one_booked_else_the_last_that_took_place(
    north: HospitalCast, patient: Patient
) -> None:
    def shown() -> tuple[dt.datetime | None, bool]:
        [one] = search_patients(user=north.doctor.user, text="paula", at=NOW).found
        return one.visit_start, one.is_ahead

    day = dt.timedelta(days=1)
    make_visit(patient, north.doctor, NOW - 3 * day, status="COMPLETED")
    make_visit(patient, north.doctor, NOW - 2 * day, no_show=True)
    make_visit(patient, north.doctor, NOW + day, status="CANCELLED")
    assert shown() == (NOW - 3 * day, False)
    make_visit(patient, north.doctor, NOW + 8 * day)
    make_visit(patient, north.doctor, NOW + 2 * day)
    assert shown() == (NOW + 2 * day, True)


@pytest.mark.parametrize("count", [2, 20])
def test_a_search_costs_the_same_and_is_on_record_once(
    count: int, browser: Client, north: HospitalCast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        make_visit(make_patient(f"4366000{number:05d}", f"Ann {number}"), north.doctor, NOW)
    with django_assert_num_queries(SEARCH_QUERIES):
        page = browser.get("/staff/doctor/patients/", {"q": "ann"})
    assert page.content.count(b"+43 660") == count
    event = AccessEvent.objects.get()
    assert (event.action, event.patient_id, event.reason) == ("searched_patients", None, "")


def test_there_is_an_end_to_what_is_shown(browser: Client, north: HospitalCast) -> None:
    for number in range(MOST_SHOWN + 1):
        make_visit(make_patient(f"4366000{number:05d}", f"Ann {number:02}"), north.doctor, NOW)
    page = browser.get("/staff/doctor/patients/", {"q": "ann"}).content
    assert page.count(b"+43 660") == MOST_SHOWN
    assert b"type more to narrow it down" in page


@pytest.mark.parametrize("text", ["", " ", "a", "660", "000", "!?", "\x00"])
def test_too_little_is_no_search(text: str, browser: Client) -> None:
    page = browser.get("/staff/doctor/patients/", {"q": text})
    assert b"Type the beginning" in page.content
    assert not AccessEvent.objects.exists()


def test_as_you_type_gives_what_is_found_alone(browser: Client, north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, NOW)
    part = browser.get("/staff/doctor/patients/", {"q": "pau"}, headers={"HX-Request": "true"}).content
    assert b"Paula Patient" in part
    assert b"<html" not in part
    whole = browser.get("/staff/doctor/patients/", {"q": "<b>nobody"}).content
    assert "None of your patients is found by “&lt;b&gt;nobody”".encode() in whole


def searches() -> int:
    return AccessEvent.objects.filter(action="searched_patients").count()


def test_what_narrows_a_search_is_still_that_search(browser: Client, north: HospitalCast, patient: Patient) -> None:
    make_visit(patient, north.doctor, NOW)
    with time_machine.travel(NOW, tick=False) as clock:
        for typed in ("pau", "Paul", "paula p", "paula p"):
            browser.get("/staff/doctor/patients/", {"q": typed}, headers={"HX-Request": "true"})
        browser.get("/staff/doctor/patients/", {"q": "paula p"})
        assert searches() == 1
        for number, other in enumerate(("paula", "otto", "ottoa", "p"), start=1):
            browser.get("/staff/doctor/patients/", {"q": other}, headers={"HX-Request": "true"})
            assert searches() == 1 + min(number, 2), other
        clock.shift(dt.timedelta(seconds=59))
        browser.get("/staff/doctor/patients/", {"q": "ottoa x"})
        assert searches() == 3
        clock.shift(dt.timedelta(seconds=1))
        browser.get("/staff/doctor/patients/", {"q": "ottoa xy"})
        assert searches() == 4
    stored = Session.objects.get().get_decoded()["patient_search"]
    assert set(stored) == {"begun_at", "length", "hash"}
    assert "ottoa" not in str(stored)


def test_a_colleague_begins_a_search_of_their_own(browser: Client, signed_in: SignedIn, south: HospitalCast) -> None:
    browser.get("/staff/doctor/patients/", {"q": "paula"})
    signed_in(south.doctor.user).get("/staff/doctor/patients/", {"q": "paula"})
    assert searches() == 2


def test_a_search_begins_at_the_doctors_own(north: HospitalCast, patient: Patient) -> None:
    """However many people there are: no table of people is read from one end to the other."""
    make_visit(patient, north.doctor, NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    from clinical.patients.search import _matching

    for text in ("pau", "0660 123"):
        rows = _matching(north.doctor.user, text)
        assert rows is not None
        assert "Seq Scan" not in rows.explain()


@pytest.mark.parametrize("text", ["प्रिया", "Müllner", "mullner", "MUELLNER", "Mu\u0308lln", "D'Angelo", "angelo"])
def test_a_name_is_found_as_it_is_typed(north: HospitalCast, text: str) -> None:
    name = "प्रिया D\u2019Angelo\u00a0Mu\u0308llner"
    make_visit(make_patient("436601112233", name), north.doctor, NOW)
    assert found(north, text) == [name]
