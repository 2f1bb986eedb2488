from __future__ import annotations

import uuid

import pytest
from rest_framework.test import APIClient

from accounts.models import Profile, User
from hospitals.models import Hospital
from tests.api.calendar import Memory
from tests.cast import HospitalCast

pytestmark = pytest.mark.usefixtures("nothing_leaves")

NOBODY = uuid.UUID(int=0)


@pytest.mark.django_db
def test_hospitals_are_listed_by_name(api: APIClient, south: HospitalCast, north: HospitalCast) -> None:
    Hospital.objects.filter(pk=north.hospital.pk).update(address="Ring 1")
    body = api.get("/api/v1/hospitals/").json()
    shape = {"id": str(north.hospital.pk), "name": "North", "address": "Ring 1", "time_zone": "Europe/Vienna"}
    assert body == {
        "next": None,
        "previous": None,
        "results": [
            shape,
            {"id": str(south.hospital.pk), "name": "South", "address": None, "time_zone": "America/New_York"},
        ],
    }
    assert api.get(f"/api/v1/hospitals/{north.hospital.pk}/").json() == shape


@pytest.mark.django_db
def test_a_closed_hospital_and_its_doctors_are_absent(api: APIClient, north: HospitalCast) -> None:
    Hospital.objects.update(is_active=False)
    assert api.get("/api/v1/hospitals/").json()["results"] == []
    assert api.get(f"/api/v1/hospitals/{north.hospital.pk}/").status_code == 404
    assert api.get("/api/v1/doctors/").json()["results"] == []
    assert api.get(f"/api/v1/doctors/{north.doctor.pk}/").status_code == 404
    assert api.get(f"/api/v1/doctors/{north.doctor.pk}/slots/").status_code == 404


@pytest.mark.django_db
def test_doctors_are_listed_with_whether_they_can_be_booked(
    api: APIClient, calendar: Memory, south: HospitalCast, north: HospitalCast
) -> None:
    Profile.objects.filter(user=north.doctor.user).update(profile_image_url="https://example.org/d.png")
    calendar.unbookable.add(south.doctor.pk)
    results = api.get("/api/v1/doctors/").json()["results"]
    assert results == [
        {
            "id": str(north.doctor.pk),
            "full_name": "Dora North",
            "specialty": "Cardiology",
            "profile_image_url": "https://example.org/d.png",
            "hospital": {"id": str(north.hospital.pk), "name": "North", "time_zone": "Europe/Vienna"},
            "bookable": True,
        },
        {
            "id": str(south.doctor.pk),
            "full_name": "Dora South",
            "specialty": "Cardiology",
            "profile_image_url": None,
            "hospital": {"id": str(south.hospital.pk), "name": "South", "time_zone": south.hospital.time_zone},
            "bookable": False,
        },
    ]
    assert api.get(f"/api/v1/doctors/{north.doctor.pk}/").json() == results[0]
    assert api.get(f"/api/v1/doctors/{NOBODY}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("search=dora", ["Dora North", "Dora South"]),
        ("search=sou", ["Dora South"]),
        ("search=ora", []),
        ("search=cardio", ["Dora North", "Dora South"]),
        ("search=%25", []),
        ("specialty=cardiology", ["Dora North", "Dora South"]),
        ("specialty=cardio", []),
        ("hospital={north}", ["Dora North"]),
        ("hospital={north}&search=south", []),
        ("hospital=00000000-0000-0000-0000-000000000000", []),
    ],
)
def test_doctors_are_found(
    api: APIClient, north: HospitalCast, south: HospitalCast, query: str, names: list[str]
) -> None:
    answer = api.get("/api/v1/doctors/?" + query.format(north=north.hospital.pk))
    assert [doctor["full_name"] for doctor in answer.json()["results"]] == names


@pytest.mark.django_db
def test_a_hospital_filter_that_is_no_id_is_named(api: APIClient) -> None:
    answer = api.get("/api/v1/doctors/?hospital=north")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "hospital")


@pytest.mark.django_db
def test_a_doctor_who_left_is_absent(api: APIClient, north: HospitalCast) -> None:
    User.objects.filter(pk=north.doctor.pk).update(is_active=False)
    assert api.get(f"/api/v1/doctors/{north.doctor.pk}/").status_code == 404


@pytest.mark.django_db
def test_pages_follow_each_other_without_loss(api: APIClient) -> None:
    names = [f"Hospital {index:02}" for index in range(45)]
    Hospital.objects.bulk_create([Hospital(name=name) for name in names])
    seen, address, pages = [], "/api/v1/hospitals/", 0
    while address:
        body = api.get(address).json()
        seen += [hospital["name"] for hospital in body["results"]]
        address, pages = body["next"], pages + 1
    assert (seen, pages) == (names, 3)
    back = api.get(body["previous"]).json()
    assert [hospital["name"] for hospital in back["results"]] == names[20:40]
