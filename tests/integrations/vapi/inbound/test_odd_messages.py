"""Whatever comes with a good signature: never a 5xx, nothing kept that is not on the list, and it can be processed."""

from __future__ import annotations

import copy
import json
from typing import Any, get_type_hints

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinical.models import AiSession
from integrations.models import VapiEvent
from integrations.vapi.api.responses import clean
from integrations.vapi.inbound.processing import Projection, process_next_call
from tests.integrations.vapi.messages import call, ended, message, post, report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("patient")]
MARK = "never-to-be-kept"
ALLOWED = set(get_type_hints(Projection))
WORDS = [("bot", "Hello."), ("user", "My knee."), ("user", "\x00\ud83d half a sign")]
STARTS = [
    report(*WORDS),
    ended(),
    message("tool-calls", toolCallList=[{"id": "1", "function": {"name": "find_slots", "arguments": {"date": "x"}}}]),
    message("conversation-update", messages=[{"role": "system", "message": MARK}]),
    {"type": "chat.created", "chat": {"id": "c", "messages": [{"role": "user", "content": MARK}]}},
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(alphabet=st.characters(), max_size=20),
    st.sampled_from(["\x00", "\ud800", "9" * 400, "2026-13-40T99:00:00Z", "0001-01-01T00:00:00+14:00", "CA" * 200]),
    st.lists(
        st.one_of(st.none(), st.integers(), st.dictionaries(st.text(max_size=3), st.none(), max_size=2)), max_size=3
    ),
    st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=5)), max_size=3),
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of every field at any depth."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [path for key, inner in items for path in ((*before, key), *paths(inner, (*before, key)))]


@st.composite
def odd_messages(draw: st.DrawFn) -> Any:
    """A message with fields taken out, or put in the place of others."""
    said = copy.deepcopy(draw(st.sampled_from(STARTS)))
    for _ in range(draw(st.integers(1, 4))):
        known = paths(said)
        if not known:
            break
        path = draw(st.sampled_from(known))
        holder = said
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()) and isinstance(holder, dict):
            del holder[path[-1]]
        else:
            holder[path[-1]] = draw(ODD)
    return said


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=odd_messages())
def test_missing_and_odd_fields_do_no_harm(said: Any) -> None:
    VapiEvent.objects.all().delete()
    AiSession.objects.all().delete()
    response = post(json.dumps({"message": said}).encode())
    assert response.status_code == 200
    event = VapiEvent.objects.get()
    assert set(event.projection) <= ALLOWED
    while process_next_call(at=timezone.now()):
        pass
    event.refresh_from_db()
    assert event.status == "PROCESSED" or event.event_type == "status-update"
    kept = json.dumps(event.projection) + str(AiSession.objects.values_list())
    assert not [secret for secret in ("twilio-token", "server-secret", "receptionist", MARK) if secret in kept]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(st.binary(max_size=60), ODD.map(lambda odd: json.dumps({"message": odd}).encode())))
def test_any_body_is_taken_or_refused(body: bytes) -> None:
    assert post(body).status_code in (200, 400)


@pytest.mark.parametrize("field", ["call", "customer", "phoneNumber", "artifact", "analysis", "messages", "chat"])
@pytest.mark.parametrize("value", [None, [], "text", 5, {"number": {"a": 1}}, [[1]]])
def test_an_odd_part_is_an_absent_one(field: str, value: Any) -> None:
    assert post(report(*WORDS, **{field: value})).status_code == 200


def test_what_is_said_is_kept_as_far_as_it_can_be() -> None:
    post(report(*WORDS, call=call()))
    assert VapiEvent.objects.get().projection["transcript"] == "AI: Hello.\nUser: My knee.\nUser: ? half a sign"
    assert clean("a\x00b") == "ab"
