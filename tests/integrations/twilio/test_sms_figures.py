"""How text messages arrive: figures by period and kind, for operators, without a number or a text."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.messages.reports import KindFigures, failure_reasons, sms_figures
from accounts.models import SmsMessage, User
from integrations.admin.sms_figures import KIND_TEXTS
from tests.cast import PASSWORD

pytestmark = pytest.mark.usefixtures("published")

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
PAGE = "/admin/text-messages/"
NUMBER = "436601234567"


def sms(kind: str, status: str, *, ago: dt.timedelta, code: str | None = None) -> None:
    SmsMessage.objects.create(kind=kind, status=status, number=NUMBER, created_at=NOON - ago, error_code=code)


@pytest.fixture
def messages(db: None) -> None:
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    sms("sign_in_code", "delivered", ago=hour)
    sms("sign_in_code", "delivered", ago=2 * day)
    sms("sign_in_code", "sent", ago=hour)
    sms("sign_in_code", "failed", ago=2 * day, code="30003")
    sms("reminder", "failed", ago=20 * day, code="30003")
    sms("reminder", "failed", ago=20 * day, code="99999")
    sms("reminder", "delivered", ago=31 * day)


def test_messages_are_counted_by_period_and_kind(messages: None) -> None:
    day, week, month = sms_figures(at=NOON)
    codes = KindFigures("sign_in_code", asked=4, delivered=2, under_way=1, failed=1)
    assert day.kinds == [KindFigures("sign_in_code", asked=2, delivered=1, under_way=1)]
    assert week.kinds == [codes]
    assert month.kinds == [codes, KindFigures("reminder", asked=2, failed=2)]
    assert month.total == KindFigures("", asked=6, delivered=2, under_way=1, failed=3)
    assert (day.total.delivered_percent, week.total.delivered_percent, month.total.delivered_percent) == (100, 67, 40)
    assert failure_reasons(at=NOON) == [("30003", 2), ("99999", 1)]


@pytest.mark.django_db
def test_nothing_sent_is_no_percentage() -> None:
    assert [(figures.kinds, figures.total.delivered_percent) for figures in sms_figures(at=NOON)] == [([], None)] * 3


def test_every_kind_has_words() -> None:
    assert set(KIND_TEXTS) == set(SmsMessage.Kind.values)


@time_machine.travel(NOON, tick=False)
def test_the_page_says_it_in_words_and_names_no_number(messages: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("operator@wardbook.test", PASSWORD))
    with CaptureQueriesContext(connection) as queries:
        page = client.get(PAGE).content.decode()
    assert "The phone was off or out of reach" in page
    assert "Error 99999 of Twilio" in page
    assert NUMBER not in page
    # Session, user, open grants, figures, reasons.
    assert len(queries) == 5


def test_hospital_admins_do_not_see_it(admin_client: Client) -> None:
    assert admin_client.get(PAGE).status_code == 403
    assert "Text messages" not in admin_client.get("/admin/").content.decode()


@pytest.mark.django_db
def test_figures_come_from_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sms_messages (kind, status, number, created_at)"
            " SELECT 'reminder', 'delivered', '4366', %s - n * interval '1 hour' FROM generate_series(0, 19999) AS n",
            [NOON],
        )
        cursor.execute("ANALYZE sms_messages")
    with CaptureQueriesContext(connection) as queries:
        sms_figures(at=NOON)
        failure_reasons(at=NOON)
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "sms_messages_time_idx" in plan, plan
