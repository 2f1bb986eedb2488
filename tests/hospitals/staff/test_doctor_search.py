from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts.models import Patient, Profile
from hospitals.models import Doctor, Hospital
from hospitals.staff.search import found_staff
from tests.cast import HospitalCast

pytestmark = pytest.mark.django_db

# Twenty thousand in forty hospitals, with a hundred specialties.
MANY = """
WITH wards AS (
  INSERT INTO hospitals (name) SELECT 'H' || n FROM generate_series(1, 40) n RETURNING id
), numbered AS (
  SELECT id, row_number() OVER () AS n FROM wards
), people AS (
  INSERT INTO users (email, role, hospital_id)
  SELECT 'd' || n || '@many.test', 'DOCTOR', (SELECT id FROM numbered WHERE numbered.n = 1 + d.n % 40)
  FROM generate_series(1, 20000) AS d (n) RETURNING id, hospital_id, email
), names AS (
  INSERT INTO profiles (user_id, full_name) SELECT id, 'Given' || email || ' Family' || email FROM people
)
INSERT INTO doctors (user_id, hospital_id, specialty)
SELECT id, hospital_id, 'Specialty ' || abs(hashtext(email)) % 100 FROM people
"""


def names(doctors: QuerySet[Doctor]) -> list[str]:
    return sorted(doctors.values_list("user__profile__full_name", flat=True))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dora", ["Dora North", "Dora South"]),
        ("nor do", ["Dora North"]),
        ("NORTH", ["Dora North"]),
        ("ora", []),
        ("CARD", ["Dora North", "Dora South"]),
        ("cardiology x", []),
        ("%", []),
        ("_ardiology", []),
        ("", ["Dora North", "Dora South"]),
    ],
)
def test_doctors_are_found_by_name_or_specialty(
    north: HospitalCast, south: HospitalCast, text: str, found: list[str]
) -> None:
    assert names(Doctor.objects.search(text)) == found


def test_among_twenty_thousand_every_way_goes_by_index(patient: Patient) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY)
        cursor.execute("ANALYZE doctors, profiles, users, hospitals")
    seen = Doctor.objects.for_user(patient.user).with_names()
    hospital = Hospital.objects.get(name="H7")
    found = {
        "profiles_search_words_idx": seen.search("familyd777"),
        "doctors_specialty_idx": seen.filter(specialty__iexact="specialty 7"),
        "doctors_hospital_idx": seen.filter(hospital=hospital, specialty__iexact="specialty 7"),
    }
    for index, doctors in found.items():
        plan = doctors.explain()
        assert index in plan, plan
        assert "Seq Scan on profiles" not in plan, plan
    assert [len(doctors) for doctors in found.values()] == [11, 209, 7]


def test_a_list_of_staff_is_searched_by_both_indexes() -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY)
        cursor.execute("ANALYZE doctors, profiles, users, hospitals")
    found = found_staff(Doctor.objects.all(), "d777", path="user")
    plan = found.explain()
    assert "profiles_search_words_idx" in plan, plan
    assert "users_email_beginning_idx" in plan, plan
    assert len(found) == 11


def test_a_doctor_is_found_by_name_and_specialty_as_they_are_typed(north: HospitalCast) -> None:
    Profile.objects.filter(user=north.doctor.pk).update(full_name="Đặng Thị Hồng")
    Doctor.objects.filter(pk=north.doctor.pk).update(specialty="Hals-, Nasen- und Ohrenärztin")
    for text in ("dang", "Đặng", "hong thi", "ohrenarzt", "OHRENÄRZTIN", "hals nasen", "ohrenaerzt"):
        assert names(Doctor.objects.search(text)) == ["Đặng Thị Hồng"], text
