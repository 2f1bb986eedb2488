from __future__ import annotations

import unicodedata
import uuid

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Profile, Role, User
from core.db.name_search import beginning_with, name_words
from core.text.search import search_text, search_words
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


TYPED = [
    # What is stored, and what is typed.
    ("प्रिया शर्मा", ["प्रिया", "शर्मा प्रि", "श"]),
    (unicodedata.normalize("NFD", "José Müllner"), ["José", "jose", "Müllner", unicodedata.normalize("NFD", "Müll")]),
    ("علی\u200cرضا کریمی", ["علی\u200cرضا", "علیرضا", "کریمی"]),
    ("Chiara D\u2019Angelo", ["D'Angelo", "d\u2019ang", "Angelo", "dangelo", "chiara D´Angelo"]),
    (
        "Jean\u2011Luc\u00a0Picard",
        ["jean-luc", "luc", "picard", "Jean Luc\u00a0Picard", "Jean\u2010Luc"],
    ),
    ("Eva Müllner", ["Mullner", "muellner", "MÜLLNER", "Mülln"]),
    ("Eva Mueller", ["Müller", "mueller"]),
    ("Đặng Văn Lâm", ["dang", "Đặng", "van lam"]),
    ("Łukasz Wałęsa", ["lukasz walesa"]),
    ("Åse Sørensen", ["ase", "aase", "sorensen", "soerensen"]),
    ("Jürgen Weiß", ["weiss", "weiß", "WEISS", "WEIẞ"]),
    ("İbrahim Işık", ["ibrahim isik", "ışık", "IŞIK"]),
    ("Алексей Фёдоров", ["алексей", "ФЕДОРОВ", "фёдоров"]),
    ("Γιώργος", ["γιωργος", "ΓΙΏΡΓΟΣ", "γιώργος"]),
    ("ﾔﾏﾀﾞ 太郎", ["ヤマダ", "太郎"]),
    ("Ａｄａ", ["ada"]),
    ("\u202aKarl\u202c", ["karl", "\u200fkarl"]),
]


@pytest.mark.parametrize(("name", "typed"), TYPED)
def test_a_name_is_found_as_people_type_it(name: str, typed: list[str]) -> None:
    make_patient("43660000001", name)
    make_patient("43660000002", "Quentin Xylophon")
    assert {text: found(text) for text in typed} == {text: [name] for text in typed}


def test_marks_of_other_scripts_are_part_of_the_word() -> None:
    make_patient("43660000001", "कि")
    make_patient("43660000002", "कु")
    assert found("कि") == ["कि"]


ASSORTED = st.text(
    st.sampled_from("aZÄöØåßÆœþĐıİΣςЁй'\u2019´`ʼ-\u2011 \u00a0\u200b\u200c\u0308\u030a\u0301कि؟أ①ﬁǅꙊ𞤀𝔄😀3٣")
) | st.text(st.characters(exclude_categories=["Cs", "Cn", "Co"], exclude_characters="\0"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ASSORTED, min_size=20, max_size=20))
def test_database_and_program_read_words_alike(texts: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT search_text(value), tsvector_to_array(search_words(value))"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS t (value, n)"
            " ORDER BY n",
            [texts],
        )
        rows = cursor.fetchall()
    assert [(text, set(words)) for text, words in rows] == [(search_text(one), search_words(one)) for one in texts]


def test_every_letter_reads_alike_in_database_and_program() -> None:
    """Of the characters both know: each may be of a newer Unicode than the other."""
    known = [chr(code) for code in range(1, 0x20000) if unicodedata.category(chr(code)) not in {"Cs", "Cn", "Co"}]
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, search_text(value || 'x' || value) FROM unnest(%s::text[]) AS t (value)", [known])
        differ = [one for one, text in cursor.fetchall() if text != search_text(f"{one}x{one}")]
    assert differ == []


def test_words_do_not_depend_on_the_locale() -> None:
    with connection.cursor() as cursor:
        cursor.execute("""SELECT search_text('MÜLLNER ЁЖ ΓΙΏΡΓΟΣ D’A' COLLATE "C")""")
        assert cursor.fetchone() == ("mullner еж γιωργοσ d a",)


def test_a_name_without_end_can_be_stored() -> None:
    make_patient("43660000001", "ﷺ" * 3000 + " " + "ä" * 3000)
    assert found("ﷺﷺ") == ["ﷺ" * 3000 + " " + "ä" * 3000]


def test_the_search_goes_by_the_index() -> None:
    users = User.objects.bulk_create(
        User(id=uuid.uuid4(), phone=f"4366{number:08}", role=Role.PATIENT) for number in range(3000)
    )
    Profile.objects.bulk_create(Profile(user=user, full_name=f"Name{n} Family{n}") for n, user in enumerate(users))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE profiles")
    plan = Profile.objects.annotate(words=name_words()).filter(words=beginning_with("family2999")).explain()
    assert "profiles_search_words_idx" in plan, plan
