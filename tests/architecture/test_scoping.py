"""What faces a person reads rows through `.for_user`, or says here why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "hospitals", "clinical", "integrations", "config")
# Every room is looked at, by pattern; what stands here faces nobody, or asks before it reads.
NOT_FACING = {
    "*/migrations/*": "the schema",
    "*/management/*": "commands of the operator's own shell",
    "*/models/*": "models name no reader",
    "*/querysets.py": "what `.for_user` is made of",
    "*/personal_data.py": "all of one person's, for that person or an erasure; and the hourly clean-up",
    "*/tasks.py": "workers",
    "*/actions.py": "an action asks the permission itself and locks the row it was given",
    "accounts/access_log/*": "writing, sealing and checking the log; pages read it through `hospitals.access_log`",
    "accounts/codes/*": "who has proven a number",
    "accounts/devices/*": "who is signed in",
    "accounts/guessing/*": "counters of who guesses",
    "accounts/messages/*": "a worker sends what is queued",
    "accounts/own_data/*": "a patient's own request, and the worker that carries it out",
    "accounts/staff_sign_in/*": "who signs in",
    "clinical/mirror/*": "a worker applies what the booking calendar tells",
    "clinical/reminders/*": "a worker reminds of what is due",
    "clinical/patients/erasing.py": "a worker erases one person",
    "clinical/assistant/phone_calls.py": "a worker puts a call on record",
    "clinical/assistant/replies.py": "a worker asks the assistant",
    "clinical/visits/attendance.py": "an action, as `actions.py`",
    "clinical/visits/booking.py": "an action, as `actions.py`",
    "clinical/visits/decisions.py": "an action, as `actions.py`",
    "clinical/visits/reassigning.py": "an action, as `actions.py`; colleagues are read by `.for_user`",
    "clinical/assistant/chat.py": "an action, as `actions.py`",
    "hospitals/staff/import_file.py": "an action, as `actions.py`, and the worker that carries it out",
    "integrations/restored_dump.py": "the operator's own shell, after a restore",
    "integrations/calcom/*": "workers, and the public free times",
    "integrations/vapi/*": "workers, and what is public of doctors and hospitals",
    "integrations/twilio/*": "workers and reports",
}
SCOPING = {"for_user", "for_record", "for_reading", "none"}
# `module: Model`, and what scopes it there.
ALLOWED = {
    "accounts/people/api.py: Patient": "the signed-in patient's own row",
    "clinical/agenda/doctor_day.py: Appointment": "whether an earlier one exists, inside a scoped query",
    "clinical/agenda/doctor_day.py: DoctorAvailability": "the signed-in doctor's own hours",
    "clinical/agenda/doctor_day.py: DoctorTimeOff": "the signed-in doctor's own time off",
    "clinical/agenda/doctor_day.py: Prescription": "the signed-in doctor's own, of the own hospital",
    "clinical/agenda/doctor_day.py: PrescriptionMessage": "the last message of those",
    "clinical/agenda/doctor_week.py: DoctorAvailability": "the signed-in doctor's own hours",
    "clinical/agenda/doctor_week.py: DoctorTimeOff": "the signed-in doctor's own time off",
    "clinical/agenda/hospital_week.py: DoctorTimeOff": "of doctors that were read so",
    "clinical/agenda/views.py: DoctorTimeOff": "the signed-in doctor's own time off",
    "clinical/patients/find.py: AppointmentBooking": "the number of a visit, inside a scoped query",
    "clinical/assistant/emergencies.py: Appointment": "which hospital the signed-in patient goes to",
    "clinical/assistant/emergencies.py: Hospital": "a hospital's public emergency text",
    "clinical/assistant/transcripts.py: AiSession": "the row of a session that was read so, for the message's outcome",
    "clinical/assistant/transcripts.py: ChatMessage": "messages of a session that was read so",
    "clinical/patients/find.py: User": "whose number it is, inside a scoped query",
    "clinical/visits/shown.py: Appointment": "what was written in the app, inside a scoped query",
    "clinical/visits/requests_api.py: Doctor": "of the signed-in patient's own requests",
    "clinical/patients/find.py: Patient": "people of visits and prescriptions that were read so",
    "clinical/patients/search.py: Prescription": "a doctor's own, inside a scoped query",
    "clinical/pharmacy/forms.py: Profile": "names inside a scoped query",
    "clinical/pharmacy/queue.py: Patient": "dates of birth of the patients of prescriptions that were read so",
    "clinical/pharmacy/queue.py: PrescriptionMessage": "the last message of prescriptions that were read so",
    "clinical/pharmacy/queue.py: Profile": "names of the people on prescriptions that were read so",
    "clinical/prescriptions/current.py: Prescription": "current medications: that part of a record crosses hospitals",
    "clinical/prescriptions/follow_up.py: Prescription": "the doctor's own, rejected or expired",
    "clinical/prescriptions/history.py: User": "names of who moved a prescription that was read so",
    "clinical/prescriptions/prescribing_views.py: Prescription": "whether the doctor has sent this very form",
    "clinical/prescriptions/suggestions.py: Prescription": "the doctor's own, and the hospital's names of medicines",
    "clinical/visits/attention.py: AppointmentBooking": "beside visits that were read so",
    "clinical/visits/attention.py: DoctorTimeOff": "of doctors of visits that were read so",
    "clinical/visits/attention.py: User": "whose number a guest's is, inside a scoped query",
    "clinical/visits/attention.py: VisitDecision": "decisions about visits that were read so",
    "clinical/visits/booked_visits.py: Appointment": "visits of the doctor whose hours the page was given",
    "clinical/visits/booked_visits.py: VisitDecision": "decisions about those",
    "clinical/visits/document.py: VisitDecision": "an ask to move, inside a scoped query",
    "clinical/visits/history.py: AppointmentBooking": "bookings of a visit that was read so",
    "clinical/visits/history.py: User": "names of who changed a visit that was read so",
    "clinical/visits/history.py: VisitDecision": "decisions about a visit that was read so",
    "hospitals/access_log/operator_pages.py: ErasureRequest": "an operator's page, that names nobody",
    "hospitals/access_log/reading.py: User": "names in lines the reader may see, and whom to narrow those to",
    "hospitals/admin/filters.py: Hospital": "names for an operator's filter, asked after `is_operator`",
    "hospitals/hours/admin.py: DoctorTimeOff": "of a doctor the page found through `.for_user`",
    "hospitals/hours/page.py: DoctorAvailability": "of a doctor the page found through `.for_user`",
    "hospitals/staff/access_pages.py: Hospital": "where a doctor may move to: an operator's page",
    "hospitals/access_log/api.py: Hospital": "names of the hospitals in the patient's own access log",
    "hospitals/access_log/api.py: Profile": "names of who is in the patient's own access log",
    "hospitals/staff/forms.py: Hospital": "whether a name is taken: an operator's form",
    "hospitals/staff/search.py: Profile": "which of a list that was read so",
    "hospitals/staff/search.py: User": "which of a list that was read so; whose sign-in is closed, of the own hospital",
    "integrations/admin/cal_bulk.py: Doctor": "of the hospital that the page was asked for, and found for the user",
    "integrations/admin/sync_runs.py: AppointmentBooking": "beside rows that operators alone see",
    "integrations/figures.py: ChatMessage": "how many got no answer on the whole platform: a figure, no row",
    "integrations/queues.py: ChatMessage": "how many wait on the whole platform, and for how long: figures, no row",
    "integrations/queues.py: SmsMessage": "likewise",
    "integrations/queues.py: StaffMail": "likewise",
}
MODELS = {
    model.__name__ for app in ("accounts", "hospitals", "clinical") for model in apps.get_app_config(app).get_models()
}


def unscoped() -> Iterator[str]:
    for path in sorted(path for app in APPS for path in (ROOT / app).rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if any(fnmatch(name, pattern) for pattern in NOT_FACING):
            continue
        tree = ast.parse(path.read_text())
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(tree):
            model = _model_of_manager(node)
            if model and not SCOPING & set(_chain(node, parents)):
                yield f"{name}: {model}"


def _model_of_manager(node: ast.AST) -> str:
    """`Patient` for `Patient.objects` or `Patient._default_manager`; `model` for `kind.model.objects`."""
    match node:
        case ast.Attribute(value=ast.Attribute(attr="model"), attr="objects"):
            return "model"
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


def test_each_pattern_is_still_needed() -> None:
    names = [str(path.relative_to(ROOT)) for app in APPS for path in (ROOT / app).rglob("*.py")]
    assert [pattern for pattern in NOT_FACING if not any(fnmatch(name, pattern) for name in names)] == []
