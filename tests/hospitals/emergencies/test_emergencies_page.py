"""What patients are told in an emergency, as the hospital's admin and the operator write it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEvent, User
from core.refusals import NotPermitted
from hospitals.emergencies.actions import save_emergency_answer
from hospitals.models import Hospital
from tests.cast import PASSWORD, HospitalCast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("published")]
PAGE = "/admin/emergencies/"
NOW = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)


def kept(cast: HospitalCast) -> tuple[str | None, str | None]:
    found = Hospital.objects.get(pk=cast.hospital.pk)
    return found.emergency_text, found.emergency_words


def test_an_admin_writes_the_hospitals_own(admin_client: Client, north: HospitalCast, south: HospitalCast) -> None:
    words = " gas  leak \r\n\r\nLöwenruf\r\ngas leak\r\n胸"
    answer = admin_client.post(PAGE, {"text": " Call 144. ", "words": words})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert kept(north) == ("Call 144.", "gas leak\nLöwenruf\n胸")
    assert kept(south) == (None, None)
    event = AccessEvent.objects.get()
    assert (event.actor_id, event.action, event.object_id, event.reason) == (
        north.admin.pk,
        "changed_hospital",
        str(north.hospital.pk),
        "emergency",
    )
    page = admin_client.get(PAGE).content.decode()
    assert "Löwenruf" in page
    assert "Call 144." in page
    assert PAGE in admin_client.get("/admin/").content.decode()


def test_empty_is_the_platforms(admin_client: Client, north: HospitalCast) -> None:
    Hospital.objects.update(emergency_text="Call 144.", emergency_words="gas leak")
    admin_client.post(PAGE, {"text": " ", "words": "\n"})
    assert kept(north) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("words", words) for words in ("I", "ok\n!!!", "x" * 61, "\n".join(f"word {n}" for n in range(101)))),
        ("text", "x" * 501),
    ],
)
def test_what_would_answer_anything_is_refused_beside_its_field(
    admin_client: Client, north: HospitalCast, field: str, value: str
) -> None:
    page = admin_client.post(PAGE, {field: value})
    assert list(page.context["form"].errors) == [field]
    assert kept(north) == (None, None)


def test_an_operator_has_it_on_the_hospitals_page(north: HospitalCast) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@wardbook.test", PASSWORD))
    assert client.get(PAGE).status_code == 403
    address = reverse("admin:hospitals_hospital_change", args=[north.hospital.pk])
    form = client.get(address).context["adminform"].form
    body = {name: value for name, value in form.initial.items() if value is not None and value is not False}
    client.post(address, body | {"emergency_words": "gas leak\n\nsnake bite", "emergency_text": "Call 144."})
    assert kept(north) == ("Call 144.", "gas leak\nsnake bite")
    page = client.post(address, body | {"emergency_words": "I"})
    assert list(page.context["adminform"].form.errors) == ["emergency_words"]


def test_nobody_writes_another_hospitals(north: HospitalCast, south: HospitalCast) -> None:
    for person in (south.admin, north.doctor.user, north.pharmacist.user):
        with pytest.raises(NotPermitted):
            save_emergency_answer(hospital_id=north.hospital.pk, words="gas", text="", by=person, at=NOW)
    assert (kept(north), AccessEvent.objects.count()) == ((None, None), 0)
