"""A phone may be in anybody's hand: what is said on it is shown, but nothing begins with it."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Patient
from clinical.models import AiSession
from tests.cast import HospitalCast
from tests.clinical.conftest import SignedIn
from tests.clinical.records import make_visit

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def browser(signed_in: SignedIn, north: HospitalCast) -> Client:
    return signed_in(north.doctor.user)


def text_of(html: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.decode()))


@time_machine.travel(NOW, tick=False)
def test_a_caller_who_was_not_verified_never_leads(browser: Client, north: HospitalCast, patient: Patient) -> None:
    visit = make_visit(patient, north.doctor, NOW - dt.timedelta(days=2), status="COMPLETED")
    facts = {"patient": patient, "summary": "Cough.", "hospital": north.hospital}
    for days, source in ((0, "PHONE_CALL"), (1, "PHONE_CALL"), (3, "APP")):
        AiSession.objects.create(start_time=NOW - dt.timedelta(days=days), source=source, **facts)
    address = reverse("staff:doctor-patient", args=[patient.pk])
    shown = re.findall(r'<time datetime="2026-0\d-(\d\d)', browser.get(address).content.decode())
    assert shown == ["28", "02", "01", "27"]
    text = text_of(browser.get(address).content)
    assert text.count("caller not verified") == 2
    assert "Nothing that is certain" not in text
    AiSession.objects.filter(source="APP").delete()
    AiSession.objects.update(start_time=NOW - dt.timedelta(days=4))
    earlier = browser.get(address, {"before": visit.start_ts.isoformat()})
    assert "Nothing that is certain" in text_of(earlier.content)


@time_machine.travel(NOW, tick=False)
def test_the_summary_of_a_caller_who_was_not_verified_is_no_badge(
    browser: Client, north: HospitalCast, patient: Patient
) -> None:
    visit = make_visit(patient, north.doctor, NOW)
    visit.ai_session = AiSession.objects.create(
        patient=patient, source="PHONE_CALL", summary="Cough.", hospital=north.hospital
    )
    visit.save()
    assert b"AI summary" not in browser.get("/staff/doctor/").content
    AiSession.objects.update(caller_verified=True)
    assert b"AI summary" in browser.get("/staff/doctor/").content
