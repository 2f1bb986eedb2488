# ruff: noqa: E501
"""What faces a person reads rows through `.for_user`, or says here why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
# Views, API, admin, and the modules that put a page together for somebody.
APPS = ("accounts", "hospitals", "clinical", "integrations", "config")
INTERFACES = (
    *(f"{app}/{room}/*.py" for app in APPS for room in ("views", "api", "admin")),
    "config/admin_*.py",
    "clinical/agenda/figures.py",
    "clinical/agenda/doctor_day.py",
    "clinical/patients/record.py",
    "clinical/pharmacy/queue.py",
    "hospitals/access_log/reading.py",
    "hospitals/staff/forms.py",
    "integrations/figures.py",
)
SCOPING = {"for_user", "for_record", "for_reading", "none"}
# `module: Model`, and what scopes it there.
ALLOWED = {
    "accounts/devices/authentication.py: DeviceToken": "finds who is signed in",
    "accounts/people/api.py: DeviceToken": "filtered by the signed-in patient",
    "accounts/people/api.py: Patient": "the signed-in patient's own row",
    "clinical/agenda/doctor_day.py: Appointment": "whether an earlier visit exists, inside a scoped query; no row leaves",
    "clinical/agenda/doctor_day.py: DoctorAvailability": "the signed-in doctor's own hours",
    "clinical/agenda/doctor_day.py: DoctorTimeOff": "the signed-in doctor's own time off",
    "clinical/agenda/doctor_day.py: Prescription": "the signed-in doctor's own prescriptions of the own hospital",
    "clinical/agenda/doctor_day.py: PrescriptionMessage": "the last message of those",
    "clinical/agenda/hours_views.py: DoctorTimeOff": "the signed-in doctor's own time off",
    "clinical/prescriptions/prescribing_views.py: Prescription": "whether the signed-in doctor has sent this very form",
    "clinical/pharmacy/queue.py: PrescriptionMessage": "the last message of prescriptions that were read so",
    "clinical/patients/record.py: Prescription": "current medications: that part of a record crosses hospitals",
    "hospitals/access_log/reading.py: User": "names in lines the reader may see, and whom to narrow those to",
    "clinical/pharmacy/queue.py: Profile": "names of the people on prescriptions that were read so",
    "hospitals/staff/access_pages.py: Hospital": "where a doctor may move to: an operator's page",
    "hospitals/staff/forms.py: Hospital": "whether a name is taken: an operator's form",
    "integrations/admin/cal_bulk.py: Doctor": "of the hospital that the page was asked for, and found for the user",
    "hospitals/access_log/erasures_page.py: ErasureRequest": "an operator's page, that names nobody; asked after the permission",
    "hospitals/admin/filters.py: Hospital": "names for an operator's filter, asked after `is_operator`",
    "hospitals/hours/admin.py: DoctorTimeOff": "of a doctor the page found through `.for_user`",
    "hospitals/staff/api.py: Hospital": "names of the hospitals in the patient's own access log",
    "hospitals/staff/api.py: Profile": "names of who is in the patient's own access log",
    "integrations/figures.py: ChatMessage": "how many got no answer on the whole platform: a figure, no row",
    "integrations/admin/unsettled.py: AppointmentBooking": "beside rows that operators alone see",
}
MODELS = {
    model.__name__ for app in ("accounts", "hospitals", "clinical") for model in apps.get_app_config(app).get_models()
}


def unscoped() -> Iterator[str]:
    for path in sorted({path for pattern in INTERFACES for path in ROOT.glob(pattern)}):
        tree = ast.parse(path.read_text())
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            model = _model_of_manager(node)
            if model and not SCOPING & set(_chain(node, parents)):
                yield f"{path.relative_to(ROOT)}: {model}"


def _model_of_manager(node: ast.AST) -> str:
    """`Patient` for the expression `Patient.objects` or `Patient._default_manager`."""
    match node:
        case ast.Attribute(value=ast.Name(id=model), attr="objects" | "_default_manager") if model in MODELS:
            return model
    return ""


def _chain(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[str]:
    """The methods called one after the other on an expression."""
    while isinstance(parents.get(node), ast.Attribute | ast.Call):
        node = parents[node]
        if isinstance(node, ast.Attribute):
            yield node.attr


def test_pages_read_through_for_user() -> None:
    assert set(unscoped()) - set(ALLOWED) == set(), (
        "Read these through `.for_user(user)`, or say here what scopes them."
    )


def test_each_exception_is_still_needed() -> None:
    assert set(ALLOWED) - set(unscoped()) == set()
