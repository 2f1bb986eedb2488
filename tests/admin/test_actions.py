"""Every action of every list and page of the portal, named: what is not here has been tried by nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import AccessEvent, Patient, User
from hospitals.admin.base import HospitalScopedAdmin
from tests.admin.records import fill, read
from tests.cast import PASSWORD, HospitalCast

# By model. Who may use one that has an address of its own is said with the routes, in tests/permissions.
ACTIONS = {"integrations.calwebhook": {"replay_selected", "replay_period"}, "integrations.callink": {"connect_all"}}


def named(model_admin: admin.ModelAdmin[Any]) -> set[str]:
    kinds = ("actions", "actions_list", "actions_row", "actions_detail", "actions_submit_line")
    return {action for kind in kinds for action in (getattr(model_admin, kind, None) or ())}


def test_the_table_names_every_action_of_every_registered_admin() -> None:
    found = {model._meta.label_lower: named(one) for model, one in admin.site._registry.items()}
    assert {label: actions for label, actions in found.items() if actions} == ACTIONS


def test_every_registered_admin_is_scoped() -> None:
    """A plain `ModelAdmin` would show every hospital's rows, and delete them."""
    assert [one for one in admin.site._registry.values() if not isinstance(one, HospitalScopedAdmin)] == []


def test_deleting_is_no_action_anywhere(north: HospitalCast) -> None:
    operator = User.objects.create_superuser("operator@wardbook.test", PASSWORD)
    for user in (north.admin, operator):
        request = RequestFactory().get("/admin/")
        request.user = user
        for model, one in admin.site._registry.items():
            assert "delete_selected" not in one.get_actions(request), model


@pytest.mark.parametrize("action", ["delete_selected", "replay_selected", "nonsense"])
def test_a_hospital_admin_runs_no_action_on_any_list(
    admin_client: Client,
    north: HospitalCast,
    south: HospitalCast,
    patient: Patient,
    other_patient: Patient,
    action: str,
) -> None:
    rows = {**fill(north, patient), "accessevent": read(north, patient).pk}
    foreign = {**fill(south, other_patient), "accessevent": read(south, other_patient).pk}
    counts = {model: model._default_manager.count() for model in admin.site._registry}
    events = AccessEvent.objects.count()
    for model in counts:
        name = model._meta.label_lower.partition(".")[2]
        address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
        for chosen in (rows, foreign):
            answer = admin_client.post(address, {"action": action, "_selected_action": str(chosen[name])})
            assert answer.status_code in (200, 302, 403), address
    assert {model: model._default_manager.count() for model in counts} == counts
    assert AccessEvent.objects.count() == events
