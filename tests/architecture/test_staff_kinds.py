"""Each role of staff has one entry, and what goes through all of them asks for it there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import Model
from django.urls import reverse

from accounts.models import Role
from accounts.roles import STAFF_KINDS, StaffKind, kind_of_member, staff_kind
from hospitals.models import StaffMember

ROOT = Path(__file__).resolve().parents[2]
APPS = ("core", "accounts", "hospitals", "clinical", "integrations", "config", "dev")
# What a module may name all of them by: the models, the roles, or either as text.
NAMES = (
    {kind.model.__name__ for kind in STAFF_KINDS},
    {kind.role.name for kind in STAFF_KINDS},
    {kind.model_name for kind in STAFF_KINDS},
)
# Module, and why it names every kind.
ALLOWED = {
    "accounts/roles.py": "the list itself",
    "accounts/models/user.py": "`is_doctor` and its like, for rules that are one role's alone",
    "hospitals/models/staff.py": "the tables",
    "hospitals/models/__init__.py": "the tables",
    "dev/demo/people.py": "how many of each a demo hospital has",
}
KINDS = pytest.mark.parametrize("kind", STAFF_KINDS, ids=lambda kind: kind.role.value)


def test_every_role_but_the_patients_has_one_kind() -> None:
    assert sorted(kind.role.value for kind in STAFF_KINDS) == sorted({*Role.values} - {Role.PATIENT.value})
    assert [staff_kind(role) for role in (Role.PATIENT, None, "NURSE")] == [None, None, None]


def test_every_model_of_staff_has_one_kind() -> None:
    assert {kind.model for kind in STAFF_KINDS} == set(StaffMember.__subclasses__())


@KINDS
def test_a_kind_is_complete(kind: StaffKind) -> None:
    model: type[Model] = kind.model
    assert (staff_kind(kind.role), kind_of_member(model)) == (kind, kind)
    own = {field.name for field in model._meta.concrete_fields} - {"user", "hospital", "role"}
    assert own == ({kind.detail.field} if kind.detail else set())
    assert reverse(kind.home)
    assert all(reverse(f"staff:{page}") for page, _label in kind.menu)
    assert all(reverse(kind.page(name)) for name in ("changelist", "add"))


def test_the_words_of_a_file_name_one_kind_each() -> None:
    words = [word for kind in STAFF_KINDS for word in kind.words]
    assert len(words) == len(set(words))


def test_no_other_module_lists_the_kinds_of_staff() -> None:
    found = {module for module, names in _modules() if any(every <= names for every in NAMES)}
    assert found == set(ALLOWED)


def test_no_template_lists_the_kinds_of_staff() -> None:
    listing = [path for path in sorted((ROOT / "templates").rglob("*.html")) if _lists_kinds(path.read_text())]
    assert listing == []


def _modules() -> Iterator[tuple[str, set[str]]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), set(_names(ast.parse(path.read_text())))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.alias, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _lists_kinds(text: str) -> bool:
    return all(f"hospitals_{kind.model_name}" in text for kind in STAFF_KINDS)
