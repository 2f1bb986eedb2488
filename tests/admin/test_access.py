"""Every registered admin and page of ours, tried by everybody, at their own hospital's rows and another's."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessEvent, Patient, User
from hospitals.models import DoctorTimeOff
from tests.admin.records import fill, read
from tests.cast import HospitalCast

# What a hospital admin and an operator may open of each model: l(ist), v(iew or change), a(dd).
TABLE = {
    "accounts.accessevent": ("lv", "lv"),
    "hospitals.hospital": ("", "lva"),
    "hospitals.doctor": ("lva", "lva"),
    "hospitals.pharmacist": ("lva", "lva"),
    "hospitals.hospitaladmin": ("lva", "lva"),
    "clinical.appointment": ("lv", ""),
    "clinical.prescription": ("lv", ""),
    "clinical.aisession": ("lv", ""),
    "integrations.callink": ("lv", "lv"),
    "integrations.bookingrequest": ("lv", "lv"),
    "integrations.calwebhook": ("", "lv"),
    "integrations.syncrun": ("", "lv"),
    "integrations.syncdrift": ("", "lv"),
    "integrations.bookinglookup": ("", "lv"),
    "integrations.vapievent": ("", "lv"),
    "integrations.vapinumber": ("", "lva"),
}
PAGES = {"l": "changelist", "v": "change", "a": "add"}
STAFF_PAGES = {"doctor": ["hours", "access", "password"], "pharmacist": ["access", "password"], "hospitaladmin": []}


@pytest.fixture
def rows(north: HospitalCast, patient: Patient) -> dict[str, Any]:
    return {**fill(north, patient), "accessevent": read(north, patient).pk}


@pytest.fixture
def foreign_rows(south: HospitalCast, other_patient: Patient) -> dict[str, Any]:
    return {**fill(south, other_patient), "accessevent": read(south, other_patient).pk}


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@wardbook.test", "a-long-test-password")


def new_lines() -> int:
    """What is on record beside the lines that were there."""
    return AccessEvent.objects.exclude(action="opened_patient").count()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def addresses(model: str, rows: dict[str, Any]) -> dict[str, str]:
    name = model.replace(".", "_")
    row = rows[model.partition(".")[2]]
    return {
        letter: reverse(f"admin:{name}_{page}", args=[row] if letter == "v" else []) for letter, page in PAGES.items()
    }


def assert_opens(client: Client, model: str, rows: dict[str, Any], *, allowed: str) -> None:
    for letter, address in addresses(model, rows).items():
        assert client.get(address).status_code == (200 if letter in allowed else 403), address


def test_the_table_names_every_registered_admin() -> None:
    assert {model._meta.label_lower for model in admin.site._registry} == set(TABLE)


@pytest.mark.parametrize("model", TABLE)
def test_a_hospital_admin_opens_the_own_hospitals(admin_client: Client, rows: dict[str, Any], model: str) -> None:
    assert_opens(admin_client, model, rows, allowed=TABLE[model][0])


@pytest.mark.parametrize("model", TABLE)
def test_an_operator_opens_no_patients_data(operator: User, rows: dict[str, Any], model: str) -> None:
    assert_opens(signed_in(operator), model, rows, allowed=TABLE[model][1])


@pytest.mark.parametrize("model", [model for model, (allowed, _) in TABLE.items() if "v" in allowed])
def test_another_hospitals_rows_do_not_exist(
    admin_client: Client, rows: dict[str, Any], foreign_rows: dict[str, Any], model: str
) -> None:
    address = addresses(model, foreign_rows)["v"]
    answer = admin_client.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("admin:index"))
    # Where nobody may change anything, that is said before looking for the row.
    posted = admin_client.post(address, {"full_name": "Mallory"})
    assert posted.status_code == (302 if "a" in TABLE[model][0] else 403)
    history = reverse(f"admin:{model.replace('.', '_')}_history", args=[foreign_rows[model.partition(".")[2]]])
    assert admin_client.get(history).status_code == 302
    listed = admin_client.get(addresses(model, rows)["l"]).context["cl"].result_list
    assert [row.pk for row in listed] == [rows[model.partition(".")[2]]]
    assert new_lines() == 0


@pytest.mark.parametrize("model", TABLE)
def test_nothing_is_deleted(
    admin_client: Client, operator: User, rows: dict[str, Any], model: str, north: HospitalCast
) -> None:
    address = reverse(f"admin:{model.replace('.', '_')}_delete", args=[rows[model.partition(".")[2]]])
    for client in (admin_client, signed_in(operator)):
        assert client.post(address, {"post": "yes"}).status_code in (302, 403)
    (model_class,) = (m for m in admin.site._registry if m._meta.label_lower == model)
    assert model_class._default_manager.filter(pk=rows[model.partition(".")[2]]).exists()


@pytest.mark.parametrize(("model", "page"), [(model, page) for model, pages in STAFF_PAGES.items() for page in pages])
def test_pages_of_ours_hold_the_same_rule(
    admin_client: Client,
    operator: User,
    north: HospitalCast,
    rows: dict[str, Any],
    foreign_rows: dict[str, Any],
    model: str,
    page: str,
) -> None:
    own = reverse(f"admin:hospitals_{model}_{page}", args=[rows[model]])
    foreign = reverse(f"admin:hospitals_{model}_{page}", args=[foreign_rows[model]])
    assert admin_client.get(own).status_code == 200
    for answer in (admin_client.get(foreign), admin_client.post(foreign, {"do": "save"})):
        assert (answer.status_code, answer.headers["Location"]) == (302, reverse("admin:index"))
    assert new_lines() == 0
    assert signed_in(operator).get(own).status_code == (403 if page == "hours" else 200)


def test_another_hospitals_time_off_stays(admin_client: Client, north: HospitalCast, south: HospitalCast) -> None:
    at = timezone.now()
    off = DoctorTimeOff.objects.create(doctor=south.doctor, starts_at=at, ends_at=at + dt.timedelta(days=1))
    for doctor in (north.doctor, south.doctor):
        admin_client.post(reverse("admin:hospitals_doctor_cancel_time_off", args=[doctor.pk, off.pk]))
    assert DoctorTimeOff.objects.filter(pk=off.pk).exists()
    assert new_lines() == 0


def every_address(rows: dict[str, Any]) -> list[str]:
    ours = [reverse(f"admin:hospitals_doctor_{page}", args=[rows["doctor"]]) for page in STAFF_PAGES["doctor"]]
    return ["/admin/", *ours, *(address for model in TABLE for address in addresses(model, rows).values())]


@pytest.mark.parametrize("who", ["anonymous", "doctor", "pharmacist", "patient", "deactivated admin"])
def test_nobody_else_enters(who: str, north: HospitalCast, rows: dict[str, Any], patient: Patient) -> None:
    client = Client()
    if who != "anonymous":
        people = {"doctor": north.doctor.user, "pharmacist": north.pharmacist.user, "patient": patient.user}
        client.force_login(people.get(who, north.admin))
    if who == "deactivated admin":
        User.objects.filter(pk=north.admin.pk).update(is_active=False)
    for address in every_address(rows):
        for answer in (client.get(address), client.post(address, {"do": "save"})):
            assert answer.status_code in (302, 403), address
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith((reverse("staff:login"), "/admin/login/")), address
    assert new_lines() == 0


def test_a_temporary_password_opens_nothing_yet(admin_client: Client, north: HospitalCast) -> None:
    User.objects.filter(pk=north.admin.pk).update(password_temp=True)
    assert admin_client.get("/admin/").headers["Location"] == reverse("staff:password")


def test_the_portals_own_sign_in_is_the_staffs(client: Client, db: None) -> None:
    answer = client.get("/admin/", follow=False)
    assert answer.status_code == 302
    answer = client.get(answer.headers["Location"])
    assert answer.headers["Location"] == f"{reverse('staff:login')}?next=%2Fadmin%2F"


def test_the_portal_has_a_style_sheet_of_its_own(admin_client: Client) -> None:
    assert "staff.css" not in admin_client.get("/admin/").content.decode()
