"""Every table that could hold something about a patient is exported to them, or says why not."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model

from accounts.models import Patient, User
from accounts.own_data.registry import holders
from tests.architecture.test_privacy import OURS

MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models()]
HELD = {table: held for holder in holders() for table, held in holder.held.items()}


def reaches_a_person(model: type[Model], seen: frozenset[type[Model]] = frozenset()) -> bool:
    if model in (Patient, User) or any(field.name in {"patient_id", "owner_id"} for field in model._meta.fields):
        return True
    others = {field.related_model for field in model._meta.fields if field.is_relation} - seen
    return any(reaches_a_person(other, seen | {model}) for other in others if isinstance(other, type))


def holds_something(model: type[Model]) -> bool:
    declared = getattr(model, "privacy", None)
    return declared is None or bool(declared.sensitive) or reaches_a_person(model)


def test_what_may_be_about_a_patient_is_exported_or_says_why_not() -> None:
    missing = {model._meta.db_table for model in MODELS if holds_something(model)} - set(HELD)
    assert missing == set(), "Name these in their app's `personal_data.py`, with their section or the reason for none."


def test_each_entry_is_of_a_table_there_is_and_says_one_thing() -> None:
    assert set(HELD) - {model._meta.db_table for model in MODELS} == set()
    assert [table for table, held in HELD.items() if bool(held.section) == bool(held.because)] == []


def test_no_table_is_claimed_twice() -> None:
    claimed = [table for holder in holders() for table in holder.held]
    assert len(claimed) == len(set(claimed))
    steps = [step.name for holder in holders() for step in holder.steps]
    assert len(steps) == len(set(steps))
