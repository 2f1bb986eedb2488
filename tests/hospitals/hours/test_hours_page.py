from __future__ import annotations

import datetime as dt
import re
import uuid
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEvent
from hospitals.hours.windows import Window
from hospitals.models import Doctor, DoctorAvailability, DoctorTimeOff, Hospital
from tests.cast import HospitalCast

pytestmark = pytest.mark.usefixtures("published")

MORNING = {"d1-0-start": "08:00", "d1-0-end": "12:00"}


@pytest.fixture
def address(north: HospitalCast) -> str:
    return reverse("admin:hospitals_doctor_hours", args=[north.doctor.pk])


def plan(doctor: Doctor) -> list[Window]:
    return [Window(row.day_of_week, row.start_time, row.end_time) for row in doctor.availability.all()]


def shown(page: str) -> dict[str, str]:
    """The time inputs of the page that hold something."""
    inputs = re.findall(r'<input type="text" name="(d[^"]+)"([^>]*)>', page)
    values = {name: re.search(r'value="([^"]+)"', rest) for name, rest in inputs}
    return {name: match[1] for name, match in values.items() if match}


def test_a_week_is_saved_published_and_on_record(
    admin_client: Client, north: HospitalCast, address: str, published: list[uuid.UUID]
) -> None:
    answer = admin_client.post(address, {**MORNING, "d5-0-start": "22:00", "d5-0-end": "06:00", "do": "save"})
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert plan(north.doctor) == [
        Window(1, dt.time(8), dt.time(12)),
        Window(5, dt.time(22), dt.time(23, 59)),
        Window(6, dt.time(0), dt.time(6)),
    ]
    assert published == [north.doctor.pk]
    event = AccessEvent.objects.get()
    assert (event.action, event.actor_id, event.surface) == ("changed_hours", north.admin.pk, "admin")
    page = admin_client.get(address).content.decode()
    assert shown(page) == {**MORNING, "d5-0-start": "22:00", "d5-0-end": "06:00"}
    assert "On the way." in page
    assert "Europe/Vienna" in page


def test_mistakes_are_told_beside_their_fields_and_nothing_is_saved(
    admin_client: Client, north: HospitalCast, address: str, published: list[uuid.UUID]
) -> None:
    typed = {**MORNING, "d1-1-start": "11:00", "d1-1-end": "15:00", "do": "save"}
    page = admin_client.post(address, typed).content.decode()
    assert "Nothing was saved: 1 entry needs a look." in page
    assert 'id="id_d1-1-start_error">This overlaps 08:00–12:00 on Monday.' in page
    assert shown(page) == {name: value for name, value in typed.items() if name != "do"}
    assert (plan(north.doctor), published, AccessEvent.objects.count()) == ([], [], 0)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"do": "add-1"}, {**MORNING, "d2-0-start": "09:00"}),
        ({"do": "remove-1-0"}, {"d2-0-start": "09:00"}),
        ({"do": "copy", "copy_from": "1", "copy_to": ["2", "7", "nine"]}, {
            **MORNING, "d2-0-start": "08:00", "d2-0-end": "12:00", "d7-0-start": "08:00", "d7-0-end": "12:00",
        }),
        ({"do": "copy", "copy_from": "x", "copy_to": ["2"]}, {**MORNING, "d2-0-start": "09:00"}),
        ({"do": "nonsense"}, {**MORNING, "d2-0-start": "09:00"}),
        ({}, {**MORNING, "d2-0-start": "09:00"}),
    ],
)  # fmt: skip
def test_the_other_buttons_only_show_the_week_again(
    admin_client: Client,
    north: HospitalCast,
    address: str,
    published: list[uuid.UUID],
    what: dict[str, object],
    expected: dict[str, str],
) -> None:
    answer = admin_client.post(address, {**MORNING, "d2-0-start": "09:00", **what})
    assert answer.status_code == 200
    assert "Not saved yet." in answer.content.decode()
    assert shown(answer.content.decode()) == expected
    assert (plan(north.doctor), published) == ([], [])


def test_a_new_row_has_the_focus(admin_client: Client, address: str) -> None:
    page = admin_client.post(address, {**MORNING, "do": "add-1"}).content.decode()
    assert re.findall(r'name="([^"]+)"[^>]*autofocus', page) == ["d1-1-start"]


def test_enter_saves_because_save_is_the_first_button(admin_client: Client, address: str) -> None:
    page = admin_client.get(address).content.decode()
    form = page[page.index(f'action="{address}"') :]
    assert re.findall(r'name="do" value="([^"]+)"', form)[0] == "save"


def test_the_page_is_linked_from_the_list_and_the_doctor(
    admin_client: Client, north: HospitalCast, address: str
) -> None:
    assert f'href="{address}"' in admin_client.get("/admin/hospitals/doctor/").content.decode()
    page = admin_client.get(reverse("admin:hospitals_doctor_change", args=[north.doctor.pk])).content.decode()
    assert 'href="../hours/"' in page


@time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False)
def test_time_off_is_added_shown_and_cancelled(
    admin_client: Client, north: HospitalCast, address: str, published: list[uuid.UUID]
) -> None:
    add = reverse("admin:hospitals_doctor_time_off", args=[north.doctor.pk])
    typed = {"off-first_day": "2026-12-24", "off-last_day": "2026-12-26", "off-reason": "holiday"}
    assert admin_client.post(add, typed).headers["Location"] == address
    off = DoctorTimeOff.objects.get()
    assert off.starts_at == dt.datetime(2026, 12, 24, tzinfo=ZoneInfo("Europe/Vienna"))
    page = admin_client.get(address).content.decode()
    assert "24 Dec 2026 – 26 Dec 2026" in page
    assert "holiday" in page
    cancel = reverse("admin:hospitals_doctor_cancel_time_off", args=[north.doctor.pk, off.pk])
    assert admin_client.get(cancel).status_code == 405
    assert admin_client.post(cancel).headers["Location"] == address
    assert admin_client.post(cancel).status_code == 302
    assert DoctorTimeOff.objects.count() == 0
    assert published == [north.doctor.pk] * 2


def test_time_off_that_ends_first_is_told_beside_its_field(
    admin_client: Client, north: HospitalCast, published: list[uuid.UUID]
) -> None:
    add = reverse("admin:hospitals_doctor_time_off", args=[north.doctor.pk])
    answer = admin_client.post(add, {"off-first_day": "2026-12-24", "off-last_day": "2026-12-20"})
    assert answer.status_code == 200
    assert "This is before the start." in answer.content.decode()
    assert (DoctorTimeOff.objects.count(), published) == (0, [])


def test_a_hospital_without_a_zone_is_told_so(admin_client: Client, north: HospitalCast, address: str) -> None:
    Hospital.objects.filter(pk=north.hospital.pk).update(time_zone=None)
    assert "kept but not published" in admin_client.get(address).content.decode()


def test_hours_that_another_program_wrote_are_shown(admin_client: Client, north: HospitalCast, address: str) -> None:
    DoctorAvailability.objects.create(
        doctor=north.doctor, day_of_week=3, start_time=dt.time(9, 0, 30), end_time=dt.time(23, 59)
    )
    assert shown(admin_client.get(address).content.decode()) == {"d3-0-start": "09:00", "d3-0-end": "00:00"}


def test_times_are_typed_on_the_24_hour_clock_whatever_the_browsers_language(
    admin_client: Client, north: HospitalCast, address: str
) -> None:
    admin_client.post(address, {"d1-0-start": "8", "d1-0-end": "1730", "do": "save"})
    page = admin_client.get(address).content.decode()
    assert plan(north.doctor) == [Window(1, dt.time(8), dt.time(17, 30))]
    assert shown(page) == {"d1-0-start": "08:00", "d1-0-end": "17:30"}
    assert 'type="time"' not in page
