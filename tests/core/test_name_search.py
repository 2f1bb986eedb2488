from __future__ import annotations

import uuid

import pytest
from django.db import connection

from accounts.models import Profile, Role, User
from core.db.name_search import beginning_with, name_words, words_of
from tests.cast import make_patient

pytestmark = pytest.mark.django_db

NAMES = ["Ada North", "Nora Adams", "Dr.Huber Änne", "Sinéad O'Brien-Smith", "N. N.", "or & not:*"]


def found(text: str) -> list[str]:
    query = beginning_with(text)
    if query is None:
        return []
    rows = Profile.objects.annotate(words=name_words()).filter(words=query)
    return list(rows.order_by("full_name").values_list("full_name", flat=True))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("nor", ["Ada North", "Nora Adams"]),
        ("ada nor", ["Ada North", "Nora Adams"]),
        ("NORTH a", ["Ada North"]),
        ("hub", ["Dr.Huber Änne"]),
        ("änn", ["Dr.Huber Änne"]),
        ("o'brien-sm", ["Sinéad O'Brien-Smith"]),
        ("smith", ["Sinéad O'Brien-Smith"]),
        ("orth", []),
        ("'); drop | !* <->", []),
        ("not", ["or & not:*"]),
        ("  ", []),
        ("%", []),
    ],
)
def test_each_word_is_the_beginning_of_one_of_the_names(text: str, names: list[str]) -> None:
    for number, name in enumerate(NAMES):
        make_patient(f"43660000000{number}", name)
    assert found(text) == names


def test_the_words_typed_are_letters_and_digits() -> None:
    assert words_of("  Dora_North, 2nd (& co): ") == ["Dora", "North", "2nd", "co"]


def test_the_search_goes_by_the_index() -> None:
    users = User.objects.bulk_create(
        User(id=uuid.uuid4(), phone=f"4366{number:08}", role=Role.PATIENT) for number in range(3000)
    )
    Profile.objects.bulk_create(Profile(user=user, full_name=f"Name{n} Family{n}") for n, user in enumerate(users))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE profiles")
    plan = Profile.objects.annotate(words=name_words()).filter(words=beginning_with("family2999")).explain()
    assert "profiles_name_words_idx" in plan, plan
