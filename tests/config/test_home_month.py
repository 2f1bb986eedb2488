from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from accounts.models import Patient, Role, User
from clinical.agenda.figures import DayOutcomes, TalkCounts, month_figures
from config.admin_home import HEIGHT, Part, chart_of, round_up
from hospitals.staff.search import SHOWN, locked_staff
from tests.admin.records import book, talk
from tests.cast import HospitalCast, make_staff

pytestmark = pytest.mark.usefixtures("published")

# 23:30 on the 21st in Vienna.
AT = dt.datetime(2026, 11, 21, 22, 30, tzinfo=dt.UTC)
VIENNA = ZoneInfo("Europe/Vienna")
FIRST_DAY = dt.datetime(2026, 10, 23, tzinfo=VIENNA)
HOUR = dt.timedelta(hours=1)


def test_the_month_counts_each_visit_once_on_its_day_in_the_hospitals_zone(
    north: HospitalCast, south: HospitalCast, patient: Patient
) -> None:
    book(north, patient, FIRST_DAY - HOUR)  # a day too early
    book(north, patient, FIRST_DAY, status="COMPLETED")
    book(north, patient, FIRST_DAY + 23 * HOUR, status="CANCELLED", no_show=True)
    book(north, None, AT, no_show=True)
    book(north, None, AT + 2 * HOUR)  # tomorrow
    book(south, patient, AT)
    month = month_figures(north.admin, at=AT, zone=VIENNA)
    assert len(month.days) == 30
    assert month.days[0] == DayOutcomes(dt.date(2026, 10, 23), kept=1, cancelled=1)
    assert month.days[-1] == DayOutcomes(dt.date(2026, 11, 21), no_show=1)
    assert {day.total for day in month.days[1:-1]} == {0}
    assert month.total == DayOutcomes(dt.date(2026, 11, 21), kept=1, cancelled=1, no_show=1)


def test_talks_are_counted_today_and_in_30_days(north: HospitalCast, south: HospitalCast, patient: Patient) -> None:
    for start, source in [(FIRST_DAY - HOUR, "APP"), (FIRST_DAY, "APP"), (AT - 23 * HOUR, "APP"), (AT, "PHONE_CALL")]:
        session = talk(north, patient)
        session.start_time, session.source = start, source
        session.save()
    talk(south, patient)
    assert month_figures(north.admin, at=AT, zone=VIENNA).talks == TalkCounts(today=2, month=3, by_phone=1)


@pytest.mark.parametrize(
    ("number", "top"), [(0, 10), (10, 10), (11, 12), (61, 80), (81, 100), (101, 120), (121, 150), (400, 400)]
)
def test_the_axis_ends_at_a_round_number(number: int, top: int) -> None:
    assert round_up(number) == top


def test_a_bar_stands_on_the_ground_and_has_no_gaps() -> None:
    day = DayOutcomes(dt.date(2026, 11, 21), kept=3, cancelled=0, no_show=4)
    chart = chart_of([DayOutcomes(dt.date(2026, 11, 20)), day])
    assert chart.ticks == (10, 5, 0)
    assert chart.bars[0].parts == []
    assert chart.bars[1].parts == [Part("kept", 700, 300), Part("missed", 300, 400)]
    assert chart.bars[1].parts[0].y + chart.bars[1].parts[0].height == HEIGHT


def lock(user: User, until: dt.datetime) -> None:
    User.objects.filter(pk=user.pk).update(lockout_until=until)


def test_who_is_locked_out_now_is_listed_for_their_hospital(north: HospitalCast, south: HospitalCast) -> None:
    lock(north.doctor.user, AT + HOUR)
    lock(north.pharmacist.user, AT)
    lock(south.doctor.user, AT + 2 * HOUR)
    found = locked_staff(north.admin, at=AT)
    assert [(one.name, one.page) for one in found.members] == [("Dora North", "admin:hospitals_doctor_access")]
    assert not found.has_more
    operator = User.objects.create_superuser("operator@wardbook.test", "a-long-test-password")
    assert [one.name for one in locked_staff(operator, at=AT).members] == ["Dora South", "Dora North"]
    User.objects.filter(pk=north.doctor.pk).update(is_active=False)
    assert locked_staff(north.admin, at=AT).members == ()


def test_a_long_list_of_the_locked_out_ends(north: HospitalCast) -> None:
    for number in range(SHOWN + 1):
        lock(make_staff(north.hospital, Role.DOCTOR, f"d{number}@north.test", f"Doctor {number}"), AT + HOUR)
    found = locked_staff(north.admin, at=AT)
    assert (len(found.members), found.has_more) == (SHOWN, True)


def test_home_shows_the_month_the_talks_and_who_is_locked_out(
    admin_client: Client, north: HospitalCast, patient: Patient
) -> None:
    book(north, patient, FIRST_DAY, status="COMPLETED")
    lock(north.pharmacist.user, AT + HOUR)
    session = talk(north, patient)
    session.start_time = AT
    session.save()
    with time_machine.travel(AT, tick=False):
        page = admin_client.get("/admin/").content.decode()
    assert "scheduled or completed: 1" in page
    assert '<rect class="chart-kept" y="900" width="1" height="100"/>' in page
    assert "1 scheduled or completed, 0 cancelled, 0 no-show" in page
    assert page.count('class="chart-day chart-today"') == 1
    assert "1 by phone" in page
    assert f'href="/admin/hospitals/pharmacist/{north.pharmacist.pk}/access/">Pia North</a>' in page
    assert "until 00:30" in page
