"""Who read which record: shown to the hospital it concerns, in words, newest first, and kept to it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import uuid

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access_log.break_glass import break_the_glass, end_break_glass
from accounts.access_log.record import AccessAction, record_access
from accounts.models import AccessEvent, Patient, User
from hospitals.access_log import reading
from tests.cast import PASSWORD, HospitalCast, make_patient

pytestmark = pytest.mark.usefixtures("published")

LOG = "/admin/accounts/accessevent/"
EXPORT = f"{LOG}export/"
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def opened(cast: HospitalCast, patient: Patient, *, by: User | None = None) -> AccessEvent:
    record_access(
        by=by or cast.doctor.user,
        action=AccessAction.OPENED_PATIENT,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
        hospital_id=cast.hospital.pk,
    )
    return AccessEvent.objects.latest("pk")


def lines(client: Client, query: str = "") -> list[str]:
    cl = client.get(f"{LOG}?{query}").context["cl"]
    return [cl.model_admin.what(event) for event in cl.result_list]


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@wardbook.test", PASSWORD)


@pytest.fixture
def operator_client(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def test_an_admin_reads_in_words_what_concerns_the_own_hospital(
    admin_client: Client, north: HospitalCast, south: HospitalCast, patient: Patient, other_patient: Patient
) -> None:
    opened(north, patient)
    foreign = opened(south, other_patient)
    record_access(by=north.admin, action=AccessAction.CHANGED_HOURS, object_kind="doctor", object_id=north.doctor.pk)
    page = admin_client.get(LOG).content.decode()
    assert lines(admin_client) == [
        "Ada North changed the hours of Dora North.",
        "Dora North opened the record of Paula Patient.",
    ]
    assert "Otto Other" not in page
    assert admin_client.get(f"{LOG}{foreign.pk}/change/").status_code == 302


def test_one_line_shows_where_it_came_from(admin_client: Client, north: HospitalCast, patient: Patient) -> None:
    event = opened(north, patient)
    page = admin_client.get(f"{LOG}{event.pk}/change/").content.decode()
    assert "Dora North opened the record of Paula Patient." in page
    assert '<dd dir="auto">system</dd>' in page
    assert "Save" not in page


def test_the_log_is_narrowed_by_who_whose_kind_and_day(
    admin_client: Client, north: HospitalCast, patient: Patient, other_patient: Patient
) -> None:
    opened(north, patient)
    opened(north, other_patient, by=north.pharmacist.user)
    record_access(by=north.admin, action=AccessAction.SIGNED_IN, object_kind="user", object_id=north.admin.pk)
    of_paula = "Dora North opened the record of Paula Patient."
    of_otto = "Pia North opened the record of Otto Other."

    assert lines(admin_client, "staff=dor+nor") == [of_paula]
    assert lines(admin_client, "staff=PHARMACIST@north.test") == [of_otto]
    assert lines(admin_client, f"staff={north.doctor.pk}") == [of_paula]
    assert lines(admin_client, "staff=nobody") == []
    assert lines(admin_client, "kind=sign_in") == ["Ada North signed in."]
    assert lines(admin_client, "from=2020-01-01&to=2020-01-02") == []
    day = timezone.localdate()
    assert len(lines(admin_client, f"from={day - dt.timedelta(days=1)}&to={day + dt.timedelta(days=1)}")) == 3
    assert lines(admin_client, "patient=pat") == [of_paula]
    assert lines(admin_client, "patient=%2B43+660+7654321") == [of_otto]
    assert lines(admin_client, "patient=nobody") == []


def test_looking_for_a_patient_is_on_record_and_looking_at_the_list_is_not(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    opened(north, patient)
    admin_client.get(LOG)
    admin_client.get(f"{LOG}?staff=dora")
    assert AccessEvent.objects.count() == 1
    admin_client.get(f"{LOG}?patient=paula")
    event = AccessEvent.objects.latest("pk")
    assert (event.action, event.actor_id, event.reason) == ("read_access_log", north.admin.pk, "looked for a patient")


def test_too_many_people_of_a_name_are_not_looked_for(
    admin_client: Client, north: HospitalCast, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_PEOPLE", 1)
    make_patient("436600000009", "Paul Second")
    opened(north, patient)
    answer = admin_client.get(f"{LOG}?patient=pau")
    assert answer.context["cl"].result_list == []
    assert "Too many people begin so." in answer.content.decode()


@time_machine.travel(NOON, tick=False)
def test_broken_glass_stands_on_top(
    admin_client: Client, operator: User, north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    break_the_glass(by=operator, hospital_id=south.hospital.pk, reason="Of another hospital.", at=NOON)
    grant = break_the_glass(by=operator, hospital_id=north.hospital.pk, reason="A lost prescription.", at=NOON)
    AccessEvent.objects.create(
        action="opened_visit",
        actor_id=operator.pk,
        hospital_id=north.hospital.pk,
        patient_id=patient.pk,
        reason=f"break_glass:{grant.pk}",
        at=NOON,
    )
    # The database's clock writes the time of a line; what the page reckons with is in the rows.
    entry = reading.broken_glass(north.admin, hospital_id=north.hospital.pk, at=NOON)[0]
    assert (entry.operator, entry.reason, entry.is_open) == ("operator@wardbook.test", "A lost prescription.", True)
    page = admin_client.get(LOG).content.decode()
    assert page.index("Break-glass access, last 90 days") < page.index('id="result_list"')
    assert "Reason given: A lost prescription." in page
    assert "Of another hospital." not in page
    assert "open now" in page
    end_break_glass(by=operator, grant_id=grant.pk, at=NOON)
    assert "open now" not in admin_client.get(LOG).content.decode()
    assert len(lines(admin_client, "kind=glass")) == 2


def test_an_operator_reads_one_hospital_at_a_time_and_no_patients_name(
    operator: User, operator_client: Client, north: HospitalCast, patient: Patient
) -> None:
    opened(north, patient)
    assert lines(operator_client) == []
    chosen = f"hospital={north.hospital.pk}"
    page = operator_client.get(f"{LOG}?{chosen}").content.decode()
    assert "Dora North opened the record of a patient." in page
    assert "Paula" not in page
    assert "Name or phone number" not in page
    event = AccessEvent.objects.filter(action="read_access_log").latest("pk")
    assert (event.actor_id, event.hospital_id) == (operator.pk, north.hospital.pk)
    assert len(lines(operator_client, f"{chosen}&patient=nobody")) == AccessEvent.objects.count() - 1

    break_the_glass(by=operator, hospital_id=north.hospital.pk, reason="A lost prescription.", at=timezone.now())
    assert "Dora North opened the record of Paula Patient." in lines(operator_client, chosen)
    assert lines(operator_client, f"{chosen}&patient=nobody") == []


@pytest.mark.parametrize("way", ["list", "line", "export"])
def test_whose_names_an_operator_reads_there_is_on_record(
    operator: User, operator_client: Client, north: HospitalCast, patient: Patient, way: str
) -> None:
    event, chosen = opened(north, patient), f"hospital={north.hospital.pk}"
    grant = break_the_glass(
        by=operator, hospital_id=north.hospital.pk, reason="A lost prescription.", at=timezone.now()
    )
    if way == "export":
        operator_client.post(f"{EXPORT}?{chosen}")
    else:
        operator_client.get(f"{LOG}?{chosen}" if way == "list" else f"{LOG}{event.pk}/change/")
    (read,) = AccessEvent.objects.filter(action="listed_under_break_glass")
    assert (read.patient_id, read.hospital_id, read.actor_id) == (patient.pk, north.hospital.pk, operator.pk)
    assert read.reason == f"break_glass:{grant.pk}"


def test_the_export_is_what_is_shown_without_formulas_and_on_record(
    admin_client: Client, north: HospitalCast, patient: Patient, south: HospitalCast, other_patient: Patient
) -> None:
    profile = patient.user.profile
    profile.full_name = "=HYPERLINK(1)"
    profile.save()
    opened(north, patient)
    opened(north, other_patient, by=north.pharmacist.user)
    opened(south, other_patient)
    answer = admin_client.post(f"{EXPORT}?staff=dora")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="access-log.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert [row[1:5] for row in rows] == [
        ["Who", "Role", "What happened", "Patient"],
        ["Dora North", "doctor", "Dora North opened the record of =HYPERLINK(1).", "'=HYPERLINK(1)"],
    ]
    event = AccessEvent.objects.latest("pk")
    assert (event.action, event.object_kind, event.hospital_id, event.reason) == (
        "exported",
        "access_log",
        north.hospital.pk,
        "1 lines",
    )


def test_an_export_is_asked_for_by_post_and_bounded(
    admin_client: Client, north: HospitalCast, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hospitals.access_log.admin.MOST_EXPORTED", 1)
    opened(north, patient)
    opened(north, patient)
    assert admin_client.get(EXPORT).status_code == 405
    answer = admin_client.post(EXPORT)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{LOG}?")
    assert "Choose fewer days." in admin_client.get(LOG).content.decode()
    assert admin_client.post(f"{EXPORT}?kind=nonsense").headers["Location"] == LOG
    assert not AccessEvent.objects.filter(action="exported").exists()


@pytest.mark.parametrize("who", ["doctor", "pharmacist"])
def test_nobody_else_reads_it(north: HospitalCast, patient: Patient, who: str) -> None:
    event = opened(north, patient)
    client = Client()
    client.force_login(getattr(north, who).user)
    for answer in (client.get(LOG), client.get(f"{LOG}{event.pk}/change/"), client.post(EXPORT)):
        assert answer.status_code in (302, 403)
        assert b"Paula" not in answer.content
    assert AccessEvent.objects.count() == 1


@pytest.mark.parametrize("query", ["staff=%00", "patient=%00", "kind=x", "hospital=x", "from=x", "p=x", "q=x"])
def test_nonsense_is_no_error_of_ours(admin_client: Client, operator_client: Client, query: str) -> None:
    for client in (admin_client, operator_client):
        assert client.get(f"{LOG}?{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("count", [2, 20])
def test_a_page_takes_as_many_queries_for_twenty_lines_as_for_two(
    admin_client: Client, north: HospitalCast, count: int
) -> None:
    for number in range(count):
        opened(north, make_patient(f"43660000{number:04}", f"Patient Number{number}"))
    with CaptureQueriesContext(connection) as queries:
        assert len(lines(admin_client)) == count
    # Session and user; broken glass; the bounded count, the lines, the names.
    assert len(queries) == 6


# Of some 8,600 that half a million lines take.
MOST_PAGES = 1100
LOAD = """
INSERT INTO access_events (at, actor_id, actor_role, action, patient_id, object_kind, object_id, hospital_id, surface)
SELECT now() - (n || ' seconds')::interval, (%(staff)s::uuid[])[1 + n %% 40], 'DOCTOR',
       CASE WHEN n %% 20000 = 0 THEN 'broke_glass' WHEN n %% 10 = 0 THEN 'signed_in' ELSE 'opened_patient' END,
       (%(patients)s::uuid[])[1 + n %% 1000], 'patient', '', (%(hospitals)s::uuid[])[1 + n %% 4], 'staff'
FROM generate_series(1, %(count)s) AS n
"""


@pytest.mark.slow
def test_every_way_of_reading_half_a_million_lines_goes_by_an_index(admin_client: Client, north: HospitalCast) -> None:
    staff, patients = ([uuid.uuid4() for _ in range(count)] for count in (40, 1000))
    hospitals = [north.hospital.pk, *(uuid.uuid4() for _ in range(3))]
    with connection.cursor() as cursor:
        cursor.execute(LOAD, {"staff": staff, "patients": patients, "hospitals": hospitals, "count": 500_000})
        cursor.execute("ANALYZE access_events")
    queries = {
        "": "access_events_hospital_idx",
        "kind=glass": "access_events_kind_idx",
        "kind=staff": "access_events_kind_idx",
        f"staff={staff[0]}": "access_events_actor_idx",
        f"patient={patients[0]}": "access_events_patient_idx",
        "from=2026-01-01&to=2026-01-02": "access_events_hospital_idx",
    }
    for query, index in queries.items():
        rows = admin_client.get(f"{LOG}?{query}").context["cl"].queryset
        assert index in rows[:50].explain(), (query, rows[:50].explain())
        for read in (rows[:50], rows.order_by()[:1000]):
            plan = read.explain(analyze=True, buffers=True)
            assert pages_read(plan) < MOST_PAGES, (query, plan)


def pages_read(plan: str) -> int:
    """What the topmost step and all below it touched."""
    first = next(line for line in plan.splitlines() if "Buffers: shared" in line)
    return sum(int(count) for count in re.findall(r"(?:hit|read)=(\d+)", first))
