from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shutil
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import Patient
from clinical.models import Appointment
from dev.bench.__main__ import main
from dev.bench.dataset import QUEUE, ROOT, SUBJECT_VISITS, VISITS_A_DAY, Dataset, tables
from dev.bench.measure import Target, _place
from dev.bench.report import beyond, lines, table
from dev.bench.rows import API_NAMES, FLOORS, OURS, TEXTBOOK, Row, signed_webhooks
from dev.bench.subjects import Subjects
from dev.bench.wrk import Run
from integrations.calcom.api import config
from tests.cast import HospitalCast

NOBODY = Subjects("t", "p", "a", 40, "c", "2026-01-05", [], "c", "n", "c", "s", {})


@pytest.fixture
def bare(client: Client, settings: object) -> Client:
    settings.ROOT_URLCONF = "dev.bench.urls"  # type: ignore[attr-defined]
    return client


def _target(name: str, size: int, rates: list[float]) -> Target:
    row = next(row for row in (*FLOORS, *TEXTBOOK, *OURS) if row.name == name)
    return Target(row, "http://server", "db", size, NOBODY, [Run(rate, 1.0, 2.0, 0) for rate in rates])


@pytest.mark.django_db
def test_the_subjects_have_the_same_rows_whatever_the_size() -> None:
    data = Dataset(10_000, today=dt.date(2026, 1, 5))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name, columns, rows in tables(data):
            with cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write(row)
        for query, expected in {
            "SELECT count(*) FROM appointments": 10_000,
            "SELECT count(DISTINCT (doctor_id, start_ts)) FROM appointments": 10_000,
            "SELECT count(*) FROM patients": 2_000,
            f"SELECT count(*) FROM appointments WHERE patient_id = '{data.patients[0]}'": SUBJECT_VISITS + 5,
            f"SELECT count(*) FROM appointments WHERE doctor_id = '{data.doctors[0]}'"
            " AND start_ts::date = '2026-01-05'": VISITS_A_DAY,
            f"SELECT count(*) FROM prescriptions WHERE hospital_id = '{data.hospitals[0]}'"
            " AND status = 'PENDING'": QUEUE,
            f"SELECT count(*) FROM access_events WHERE hospital_id = '{data.hospitals[0]}'": 5_000,
            f"SELECT count(*) FROM ai_sessions WHERE hospital_id = '{data.hospitals[0]}'": 500,
            "SELECT count(*) FROM hospital_admins a JOIN users u ON u.id = a.user_id AND u.role = 'HOSPITAL_ADMIN'": 2,
            "SELECT count(*) FROM doctors d JOIN users u ON u.id = d.user_id AND u.hospital_id = d.hospital_id": 20,
        }.items():
            cursor.execute(query)
            assert (query, cursor.fetchone()) == (query, (expected,))


def test_every_address_of_ours_has_a_floor_or_a_bound_on_growing() -> None:
    assert {row.floor for row in OURS if row.floor} <= {row.name for row in FLOORS}
    assert all(row.floor or row.most_slower for row in OURS)


def test_webhooks_are_signed_and_different() -> None:
    made = signed_webhooks("secret-one", 3)

    assert len({body for _, body in made}) == 3
    assert all(config.verify(["secret-one"], body.encode(), given) for given, body in made)


def test_ratios_are_medians_of_the_rounds_own_ratios() -> None:
    floor_small = _target("bare view, one list", 10, [100, 200, 400])
    floor_large = _target("bare view, one list", 1000, [100, 100, 100])
    small = _target("GET appointments/", 10, [50, 20, 100])
    large = _target("GET appointments/", 1000, [25, 20, 10])
    made = {(line["name"], line["appointments"]): line for line in lines([floor_small, floor_large, small, large])}

    assert made["GET appointments/", 10]["rate"] == 50
    assert made["GET appointments/", 10]["of_floor"] == 0.25
    assert made["GET appointments/", 10]["small_over_large"] is None
    assert made["GET appointments/", 1000]["of_floor"] == 0.20
    assert made["GET appointments/", 1000]["small_over_large"] == 2
    assert made["bare view, one list", 10]["of_floor"] is None
    assert "| GET appointments/ " in table(list(made.values()))


def test_a_page_that_a_larger_database_slows_down_too_much_is_named() -> None:
    small, large = (_target("portal: appointments", size, [rate] * 3) for size, rate in ((10, 131), (1000, 100)))
    slow = lines([small, large])
    assert beyond(slow) == ["portal: appointments: 1.31 times slower in the larger database, 1.3 at most"]
    assert "| 1.31 " in table(slow)
    assert "| 1.30 " in table(slow)
    small.runs[:] = [Run(129, 1.0, 2.0, 0)] * 3
    assert beyond(lines([small, large])) == []
    assert beyond(lines([small])) == []


def test_what_is_not_fast_enough_beside_its_floor_or_the_textbook_is_named() -> None:
    made = [
        _target(name, size, [rate] * 3)
        for size in (10, 1000)
        for name, rate in (("bare view, one list", 100), ("textbook GET appointments/", 16), ("GET appointments/", 39))
    ]
    listed = next(line for line in lines(made) if (line["name"], line["appointments"]) == ("GET appointments/", 1000))
    assert (listed["of_floor"], listed["of_textbook"], listed["p99_large_over_small"]) == (0.39, 39 / 16, 1.0)
    assert beyond(lines(made)) == [
        "GET appointments/: 0.39 of its floor, 0.4 at least",
        "GET appointments/: 2.44 of the textbook's rate, 2.5 at least",
    ]
    made[-1].runs[:] = [Run(40, 1.0, 2.5, 0)] * 3
    assert beyond(lines(made)) == ["GET appointments/: p99 1.25 times as long in the larger database, 1.2 at most"]
    made[-1].runs[:] = [Run(40, 1.0, 2.4, 0)] * 3
    assert beyond(lines(made)) == []
    assert beyond(lines(made[:3])) == []


LISTS = [row for row in OURS if row.name.startswith("portal") and row.name != "portal: home"]


@pytest.mark.parametrize("row", LISTS, ids=lambda row: row.name)
def test_a_list_of_the_portal_is_right_when_its_page_is_full(row: Row) -> None:
    label = {"appointments": "Start", "prescriptions": "Written", "AI sessions": "Started", "access log": "When"}
    cell = f'<td data-label="{label[row.name.removeprefix("portal: ")]}"></td>'.encode()
    assert row.check(cell * 50, NOBODY)
    assert not row.check(cell * 49, NOBODY)


@pytest.mark.django_db
def test_the_bare_views_answer_right(bare: Client, north: HospitalCast, patient: Patient) -> None:
    start = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
    visit = Appointment.objects.create(
        cal_booking_id="uid",
        patient=patient,
        doctor=north.doctor,
        start_ts=start,
        end_ts=start + dt.timedelta(minutes=30),
        status="SCHEDULED",
        cal_raw_payload={},
    )

    assert bare.get("/floor/nothing/").content == b"ok"
    assert bare.get(f"/floor/row/{visit.pk}/").json()["id"] == str(visit.pk)
    rows = bare.get(f"/floor/list/{patient.pk}/").json()["results"]
    assert [(row["id"], row["full_name"], row["hospital"]) for row in rows] == [(str(visit.pk), "Dora North", "North")]


@pytest.mark.django_db
def test_the_bare_insert_stores_once_and_refuses_forgeries(bare: Client) -> None:
    ((given, body),) = signed_webhooks(settings.CALCOM_WEBHOOK_SECRET[0], 1)

    def post(signed: str) -> int:
        headers = {"X-Cal-Signature-256": signed}
        return bare.post("/floor/insert/", body, content_type="application/json", headers=headers).status_code

    assert [post(given), post(given), post("0" * 64)] == [200, 200, 401]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cal_webhooks")
        assert cursor.fetchone() == (1,)


def test_a_path_is_filled_in_from_the_subjects() -> None:
    subjects = dataclasses.replace(NOBODY, appointment_id="42")
    target = Target(OURS[0], "http://server", "db", 10, subjects)

    assert target.url == "http://server/api/v1/appointments/42/"


def test_what_is_compared_is_measured_side_by_side() -> None:
    names = [row.name for row in (*FLOORS, *TEXTBOOK, *OURS)]
    targets = [_target(name, size, []) for size in (10, 1_000) for name in names]
    in_turn = [(one.row.name, one.appointments) for one in sorted(targets, key=_place)]

    api = [row for row in OURS if row.name in API_NAMES]
    assert [row.name for row in api] == ["GET appointments/{id}/", "GET appointments/"]
    for row in api:
        first = in_turn.index((row.textbook, 10))
        expected = [(name, size) for name in (row.textbook, row.floor, row.name) for size in (10, 1_000)]
        assert in_turn[first : first + 6] == expected
    assert sorted(in_turn) == sorted((name, size) for name in names for size in (10, 1_000))


def test_a_name_that_nothing_has_is_answered_with_the_names_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "zzz"])
    assert main() == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Nothing measured has 'zzz' in its name. There are:"
    assert said[1:] == [*(f"  {row.name}" for row in OURS), "  applying stored webhooks"]


def test_the_servers_under_test_lack_only_what_production_lacks() -> None:
    site = (ROOT / "dev" / "bench" / "as_installed" / "sitecustomize.py").read_text()
    kept_away = set(re.findall(r'"(\w+)"', site.partition("for name in")[2]))
    installed = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert kept_away == {"greenlet", "pygments", "rich"}
    assert kept_away.isdisjoint(name.lower() for name in installed)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_the_whole_of_it_runs() -> None:
    options = ["--small-only", "--rounds", "1", "--seconds", "1", "--events", "2000"]
    run = subprocess.run(
        [sys.executable, "-m", "dev.bench", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "Every answer is right." in run.stdout
    assert "| bare view, no database " in run.stdout
