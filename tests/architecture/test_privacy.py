from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models import Model

from core.privacy import Privacy

OURS = ("accounts", "hospitals", "clinical", "integrations", "config")
MODELS = [
    model for app in OURS for model in apps.get_app_config(app).get_models() if not hasattr(model, "pgh_tracked_model")
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_field_is_declared_sensitive_or_safe(model: type[Model]) -> None:
    declared: Privacy = model.privacy  # type: ignore[attr-defined]
    assert declared.sensitive & declared.safe == frozenset()
    assert declared.sensitive | declared.safe == {field.name for field in model._meta.concrete_fields}


def test_history_leaves_out_transcripts_and_raw_payloads() -> None:
    columns = {
        (model._meta.db_table, field.name)
        for app in OURS
        for model in apps.get_app_config(app).get_models()
        if hasattr(model, "pgh_tracked_model")
        for field in model._meta.concrete_fields
    }
    assert {table for table, _ in columns} == {
        "appointment_history",
        "prescription_history",
        "doctor_availability_history",
        "ai_session_history",
    }
    assert ("appointment_history", "cal_raw_payload") not in columns
    assert ("ai_session_history", "transcript") not in columns
