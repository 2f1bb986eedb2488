"""The patients' API, its description, vendors' webhooks and the operators' addresses."""

from __future__ import annotations

from collections.abc import Mapping

from tests.permissions.table import Answer, Row, app, everyone, get_only, post_only

_V1 = "api/v1/"
_CODE = {"challenge_id": "00000000-0000-4000-8000-000000000000", "otp": "1234", "phone": "+436601234567"}
# An answer to one's own, and where another patient's is told apart: own, another's, body.
Given = tuple[Answer] | tuple[Answer, Answer] | tuple[Answer, Answer, Mapping[str, object]]


def api(route: str, *, before_step_up: bool = False, **answers: Given) -> list[Row]:
    """What `get`, `post`, `patch` and `delete` answer; `get` and `post` are refused where they are not named."""
    rows = []
    for method in ("get", "post", "patch", "delete"):
        if method not in answers and method in ("patch", "delete"):
            continue
        given = answers.get(method, (405,))
        own, another = given[0], given[1] if len(given) > 1 else given[0]
        expected = app(own, another, new_device=own if before_step_up else 403)
        rows.append(Row(f"{_V1}{route}", method.upper(), expected, given[2] if len(given) == 3 else {}))
    return rows


def public(route: str, answer: int, body: Mapping[str, object]) -> list[Row]:
    """Open to who has no token yet."""
    return post_only(f"{_V1}{route}", everyone(answer), body, refusing=everyone(405))


ROWS: list[Row] = [
    *public("auth/otp/request/", 202, {"phone": "+436601234567"}),
    *public("auth/otp/verify/", 400, _CODE),
    *api("auth/step-up/", before_step_up=True, post=(400,)),
    *api("auth/phone/", post=(202, 202, {"phone": "+436601111111"})),
    *api("auth/phone/verify/", post=(400, 400, _CODE)),
    *api("auth/devices/", get=(200,)),
    *api("auth/devices/<id:device_id>/", delete=(204, 404)),
    *api("auth/logout/", before_step_up=True, post=(204,)),
    *api("auth/logout-all/", post=(204,)),
    *api("me/", get=(200,), patch=(200, 200, {"full_name": "Paula Newname"})),
    *api("me/export/", get=(200,)),
    # Without a code; nobody has asked yet.
    *api("me/erase/", get=(404,), post=(400,), delete=(409,)),
    *api("me/erase/code/", post=(202,)),
    *api("hospitals/", before_step_up=True, get=(200,)),
    *api("hospitals/<id:hospital_id>/", before_step_up=True, get=(200,)),
    *api("access-log/", get=(200,)),
    *api("doctors/", before_step_up=True, get=(200,)),
    *api("doctors/<id:doctor_id>/", before_step_up=True, get=(200,)),
    *api("doctors/<id:doctor_id>/slots/", before_step_up=True, get=(200,)),
    *api("appointments/", get=(200,), post=(409, 409, {"doctor": "$doctor_id", "start": "$tomorrow", "reason": ""})),
    *api("appointments/requests/", get=(200,)),
    *api("appointments/requests/<id:request_id>/", get=(200, 404), delete=(200, 404)),
    *api("appointments/<id:appointment_id>/", get=(200, 404)),
    *api("appointments/<id:appointment_id>/reschedule/", post=(409, 404, {"start": "$tomorrow"})),
    *api("appointments/<id:appointment_id>/cancel/", post=(202, 404)),
    *api("appointments/<id:appointment_id>/accept/", post=(200, 404)),
    *api("prescriptions/", get=(200,)),
    *api("prescriptions/<id:prescription_id>/", get=(200, 404)),
    *api("ai-sessions/", get=(200,), post=(201, 201, {"hospital": "$hospital_id"})),
    *api("ai-sessions/<id:session_id>/", get=(200, 404)),
    # A phone call's: one's own is over, another's is not there.
    *api("ai-sessions/<id:session_id>/messages/", post=(409, 404, {"text": "Hello"})),
    *api("ai-sessions/<id:session_id>/messages/<id:request_id>/", get=(404,)),
    *api("ai-sessions/<id:session_id>/end/", post=(409, 404)),
    *get_only("api/schema/", everyone(200), refusing=everyone(405)),
    *get_only("api/docs/", everyone(200), refusing=everyone(405)),
    *get_only("api/problems/", everyone(200), refusing=everyone(405)),
    *get_only("api/problems/<slug:code>/", everyone(200), refusing=everyone(405)),
    # Unsigned, whoever is signed in.
    *post_only("webhooks/calcom/", everyone(401), {"triggerEvent": "PING"}, refusing=everyone(405)),
    *post_only("webhooks/vapi/", everyone(401), {"message": {"type": "hang"}}, refusing=everyone(405)),
    *post_only("webhooks/twilio/status/", everyone(403), {"MessageStatus": "delivered"}, refusing=everyone(405)),
    *get_only("healthz", everyone(200), refusing=everyone(200)),
    *get_only("readyz", everyone(200), refusing=everyone(200)),
    # From an internal address, as here; 404 from outside.
    *get_only("metrics", everyone(200), refusing=everyone(200)),
]
