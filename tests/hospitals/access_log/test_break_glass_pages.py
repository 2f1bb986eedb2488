from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import AccessEvent, BreakGlassGrant, DeviceToken, Patient, Profile, User
from tests.admin.records import SECRET_WORDS, fill
from tests.cast import PASSWORD, HospitalCast

pytestmark = pytest.mark.usefixtures("published")

REASON = "A pharmacist reports a prescription that vanished."
PAGE = "/admin/break-glass/"
LISTS = ("appointment", "prescription", "aisession")


@pytest.fixture
def operator(db: None) -> User:
    user = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    Profile.objects.create(user=user, full_name="Olga Operator")
    return user


@pytest.fixture
def portal(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def rows(north: HospitalCast, patient: Patient) -> dict[str, Any]:
    return fill(north, patient)


@pytest.fixture
def foreign_rows(south: HospitalCast, other_patient: Patient) -> dict[str, Any]:
    return fill(south, other_patient)


def opened(portal: Client, cast: HospitalCast) -> BreakGlassGrant:
    answer = portal.post(PAGE, {"hospital": str(cast.hospital.pk), "reason": REASON, "confirmed": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("admin:clinical_appointment_changelist"))
    grant: BreakGlassGrant = BreakGlassGrant.objects.get()
    return grant


def events() -> list[tuple[object, ...]]:
    columns = ("actor_role", "action", "object_kind", "patient_id", "reason", "surface")
    return list(AccessEvent.objects.order_by("id").values_list(*columns))


def test_it_asks_before_it_opens(portal: Client, north: HospitalCast) -> None:
    assert "Why it is needed" in portal.get(PAGE).content.decode()
    asked = portal.post(PAGE, {"hospital": str(north.hospital.pk), "reason": REASON}).content.decode()
    assert "records of North for 30 minutes?" in asked
    assert BreakGlassGrant.objects.count() == 0
    opened(portal, north)
    assert [event[:3] for event in events()] == [("OPERATOR", "broke_glass", "break_glass")]


def test_it_leads_back_to_the_record_that_was_refused(
    portal: Client, north: HospitalCast, rows: dict[str, Any]
) -> None:
    record = f"/admin/clinical/prescription/{rows['prescription']}/change/"
    refused = portal.get(record)
    assert refused.status_code == 403
    asking = f"{PAGE}?next={quote(record, safe='')}"
    assert f'href="{asking}">Break the glass</a>' in refused.content.decode()
    page = portal.get(asking).content.decode()
    assert f'<input type="hidden" name="next" value="{record}">' in page
    body = {"hospital": str(north.hospital.pk), "reason": REASON, "next": record}
    assert f'name="next" value="{record}"' in portal.post(PAGE, body).content.decode()
    assert portal.post(PAGE, body | {"confirmed": "yes"}).headers["Location"] == record
    assert portal.get(record).status_code == 200


@pytest.mark.parametrize("address", ["https://evil.test/admin/clinical/", "//evil.test", "/admin/logout/", "/staff/"])
def test_it_leads_nowhere_else(portal: Client, north: HospitalCast, address: str) -> None:
    body = {"hospital": str(north.hospital.pk), "reason": REASON, "next": address, "confirmed": "yes"}
    assert portal.post(PAGE, body).headers["Location"] == reverse("admin:clinical_appointment_changelist")


@pytest.mark.parametrize("reason", ["", "too short", "a     b    c     d", "x" * 501])
def test_a_bad_reason_is_told_and_opens_nothing(portal: Client, north: HospitalCast, reason: str) -> None:
    answer = portal.post(PAGE, {"hospital": str(north.hospital.pk), "reason": reason, "confirmed": "yes"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["reason"]
    assert BreakGlassGrant.objects.count() == 0


def test_every_page_says_that_records_are_open(portal: Client, north: HospitalCast) -> None:
    for address in ("/admin/", "/admin/hospitals/doctor/", PAGE):
        assert "Close them now" not in portal.get(address).content.decode()
    grant = opened(portal, north)
    for address in ("/admin/", "/admin/hospitals/doctor/", PAGE, "/admin/clinical/appointment/"):
        page = portal.get(address).content.decode()
        assert "Close them now" in page
        assert reverse("admin:break_glass_end", args=[grant.pk]) in page


def test_the_operators_first_page_shows_no_day_of_the_hospital(
    portal: Client, north: HospitalCast, rows: dict[str, Any]
) -> None:
    opened(portal, north)
    assert "Appointments today" not in portal.get("/admin/").content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_each_list_and_page_read_is_on_record(
    portal: Client,
    north: HospitalCast,
    patient: Patient,
    rows: dict[str, Any],
    foreign_rows: dict[str, Any],
    model: str,
) -> None:
    grant = opened(portal, north)
    listed = portal.get(reverse(f"admin:clinical_{model}_changelist"))
    assert [row.pk for row in listed.context["cl"].result_list] == [rows[model]]
    assert portal.get(reverse(f"admin:clinical_{model}_change", args=[rows[model]])).status_code == 200
    action = {"appointment": "opened_visit", "prescription": "opened_prescription", "aisession": "opened_ai_session"}
    reason = f"break_glass:{grant.pk}"
    assert events()[1:] == [
        ("OPERATOR", "listed_under_break_glass", model, patient.pk, reason, "admin"),
        ("OPERATOR", action[model], model, patient.pk, reason, "admin"),
    ]
    foreign = portal.get(reverse(f"admin:clinical_{model}_change", args=[foreign_rows[model]]))
    assert (foreign.status_code, AccessEvent.objects.count()) == (302, 3)


def test_a_list_that_shows_nobody_is_on_record_too(portal: Client, north: HospitalCast) -> None:
    opened(portal, north)
    assert portal.get("/admin/clinical/appointment/").status_code == 200
    assert [event[1:4] for event in events()[1:]] == [("listed_under_break_glass", "appointment", None)]


def test_a_transcript_opens_on_its_own_page_and_on_record(
    portal: Client, north: HospitalCast, patient: Patient, rows: dict[str, Any], foreign_rows: dict[str, Any]
) -> None:
    address = reverse("admin:clinical_aisession_transcript", args=[rows["aisession"]])
    assert portal.post(address).status_code == 403
    opened(portal, north)
    page = portal.get(reverse("admin:clinical_aisession_change", args=[rows["aisession"]])).content.decode()
    # The page has no form of its own, which a browser would send instead.
    assert f'action="{address}"' in page
    assert "aisession_form" not in page
    assert SECRET_WORDS not in page
    assert portal.get(address).status_code == 405
    before = AccessEvent.objects.count()
    assert SECRET_WORDS in portal.post(address).content.decode()
    foreign = reverse("admin:clinical_aisession_transcript", args=[foreign_rows["aisession"]])
    assert portal.post(foreign).status_code == 302
    assert AccessEvent.objects.count() == before + 1
    assert events()[-1][1:4] == ("opened_transcript", "ai_session", patient.pk)


def test_a_hospital_admin_gets_no_transcript(admin_client: Client, rows: dict[str, Any]) -> None:
    page = admin_client.get(reverse("admin:clinical_aisession_change", args=[rows["aisession"]])).content.decode()
    assert "Open the transcript" not in page
    address = reverse("admin:clinical_aisession_transcript", args=[rows["aisession"]])
    answer = admin_client.post(address)
    assert (answer.status_code, AccessEvent.objects.count()) == (403, 0)
    assert SECRET_WORDS not in answer.content.decode()


def test_it_is_closed_by_hand(portal: Client, north: HospitalCast, rows: dict[str, Any]) -> None:
    grant = opened(portal, north)
    address = reverse("admin:break_glass_end", args=[grant.pk])
    assert portal.get(address).status_code == 405
    assert portal.post(address).status_code == 302
    assert portal.get("/admin/clinical/appointment/").status_code == 403
    assert "This has ended already." in portal.post(address, follow=True).content.decode()
    assert BreakGlassGrant.objects.filter(ended_at__isnull=False).count() == 1


def test_another_operator_cannot_close_it(portal: Client, north: HospitalCast) -> None:
    grant = opened(portal, north)
    other = Client()
    other.force_login(User.objects.create_superuser("second@wardbook.test", PASSWORD))
    assert other.post(reverse("admin:break_glass_end", args=[grant.pk])).status_code == 404
    assert BreakGlassGrant.objects.filter(ended_at__isnull=True).count() == 1


def test_the_patient_reads_it_in_the_access_log(
    portal: Client, north: HospitalCast, patient: Patient, other_patient: Patient, rows: dict[str, Any]
) -> None:
    opened(portal, north)
    portal.get("/admin/clinical/appointment/")
    portal.get(reverse("admin:clinical_prescription_change", args=[rows["prescription"]]))
    _, token = DeviceToken.objects.create(user=patient.user)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    seen = api.get("/api/v1/access-log/").json()["results"]
    assert [(e["kind"], e["actor_name"], e["actor_role"], e["hospital"]["name"]) for e in seen] == [
        ("opened_prescription", "Olga Operator", "OPERATOR", "North"),
        ("listed_under_break_glass", "Olga Operator", "OPERATOR", "North"),
    ]
    _, token = DeviceToken.objects.create(user=other_patient.user)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert api.get("/api/v1/access-log/").json()["results"] == []
