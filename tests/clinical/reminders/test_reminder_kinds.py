"""One entry of `REMINDER_KINDS` is all that forms, due times and texts need."""

from __future__ import annotations

import pytest
from django.db.models import BooleanField

from clinical.models import VisitReminder
from hospitals.models import Hospital
from hospitals.models.hospital import REMINDER_KINDS, ReminderKind
from hospitals.staff.forms import HospitalForm

KINDS = pytest.mark.parametrize("kind", REMINDER_KINDS, ids=lambda kind: kind.value)


@KINDS
def test_a_kind_has_its_column_and_its_box(kind: ReminderKind) -> None:
    assert isinstance(Hospital._meta.get_field(kind.setting), BooleanField)
    assert HospitalForm.base_fields[kind.setting].label == kind.label


@KINDS
def test_the_text_names_where_and_when_alone(kind: ReminderKind) -> None:
    assert "North" in str(kind.text) % {"hospital": "North", "time": "4 Mar 2026, 10:00"}


def test_each_switch_of_a_hospital_is_a_kinds() -> None:
    switches = {field.name for field in Hospital._meta.concrete_fields if field.name.startswith("remind_")}
    assert switches == {kind.setting for kind in REMINDER_KINDS}
    assert [value for value, _label in VisitReminder._meta.get_field("kind").choices or ()] == [
        kind.value for kind in REMINDER_KINDS
    ]


@pytest.mark.django_db
def test_a_new_hospital_is_offered_what_the_database_gives() -> None:
    form = HospitalForm()
    assert {kind.setting: form.initial[kind.setting] for kind in REMINDER_KINDS} == {
        kind.setting: True for kind in REMINDER_KINDS
    }
