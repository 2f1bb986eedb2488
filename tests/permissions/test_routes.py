"""Every route, by every method, tried by everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from django.core import mail
from django.db import transaction
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from pytest_django import DjangoDbBlocker

from accounts.messages.local_senders import MemorySms
from config.middleware import StraightThroughMiddleware
from tests.permissions import routes_app, routes_portal, routes_staff
from tests.permissions.table import DENIALS, DONE, PORTAL, SIGN_IN, Answer, Role, Row
from tests.permissions.world import World, everything, make_world

# The mark has the database made; what the world is made in lasts for the module.
pytestmark = pytest.mark.django_db
ROWS = [*routes_app.ROWS, *routes_staff.ROWS, *routes_portal.ROWS]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        MemorySms.sent.clear()
        mail.outbox = []
        yield make_world()
        transaction.set_rollback(True)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_everybody_is_answered_as_the_table_says(world: World, row: Row) -> None:
    answered: dict[Role, Answer] = {}
    for who in Role:
        with transaction.atomic():
            answered[who] = told(world.ask(who, row))
            # What a denied person did stays, for the look at the end.
            transaction.set_rollback(answered[who] not in DENIALS or who in row.allowed)
    wrong = {str(who): (answered[who], row.answers[who]) for who in Role if answered[who] != row.answers[who]}
    assert wrong == {}, "what was answered, and what the table says"
    assert everything() == world.at_first, "somebody was refused, and something changed or was sent all the same"


def told(answer: HttpResponse) -> Answer:
    if answer.status_code != 302:
        return answer.status_code
    location = answer.headers["Location"]
    if location.startswith((reverse("staff:login"), reverse("admin:login"))):
        return SIGN_IN
    return PORTAL if location == reverse("admin:index") else DONE


def routes() -> set[str]:
    """Every route of the URL resolver, and what middleware answers before it."""
    health = {path.removeprefix("/") for path in StraightThroughMiddleware(lambda request: HttpResponse()).views}
    return health | set(_walk(get_resolver()))


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from _walk(entry, route)


def test_every_route_is_in_the_table() -> None:
    missing = routes() - {row.route for row in ROWS}
    assert not missing, (
        "Who may open these? Add a line for each, by every method it knows, to `routes_app.py`, `routes_staff.py` or"
        f" `routes_portal.py` in tests/permissions: {sorted(missing)}"
    )


def test_the_table_names_no_route_that_is_gone() -> None:
    assert {row.route for row in ROWS} - routes() == set()


def test_every_route_is_tried_by_reading_and_writing(world: World) -> None:
    tried = {(row.route, row.method) for row in ROWS}
    missing = [(route, method) for route in routes() for method in ("GET", "POST") if (route, method) not in tried]
    assert missing == []
    for row in ROWS:
        if row.is_api:
            handlers = getattr(resolve(world.address(row)).func, "cls", object)
            for method in ("put", "patch", "delete"):
                assert not hasattr(handlers, method) or (row.route, method.upper()) in tried, (row.route, method)


def test_no_line_stands_twice() -> None:
    assert [name for name, count in Counter(map(str, ROWS)).items() if count > 1] == []
