"""The patients' API, its description, vendors' webhooks and the operators' addresses."""

from __future__ import annotations

from collections.abc import Mapping

from tests.permissions.table import Row, app, everyone, get_only, post_only

_V1 = "api/v1/"
_UNKNOWN = "00000000-0000-4000-8000-000000000000"
# A token is looked at before the method.
_NO_METHOD = app(405)
_CODE = {"challenge_id": _UNKNOWN, "code": "1234", "phone": "+436601234567"}


def api(route: str, **answers: tuple[object, ...]) -> list[Row]:
    """`get=(own, another's)`; methods not named are refused by 405."""
    rows = []
    for method in ("get", "post", "patch", "delete"):
        given = answers.get(method)
        if given is None:
            if method in ("get", "post"):
                rows.append(Row(f"{_V1}{route}", method.upper(), _NO_METHOD))
            continue
        own, another, body = (*given, given[0], {})[:3] if len(given) == 1 else (*given, {})[:3]
        rows.append(Row(f"{_V1}{route}", method.upper(), app(own, another), body))  # type: ignore[arg-type]
    return rows


def public(route: str, answer: int, body: Mapping[str, object]) -> list[Row]:
    """Open to who has no token yet."""
    return post_only(f"{_V1}{route}", everyone(answer), body, refusing=everyone(405))


ROWS: list[Row] = [
    *public("auth/otp/request/", 202, {"phone": "+436601234567"}),
    *public("auth/otp/verify/", 400, _CODE),
    *api("auth/devices/", get=(200,)),
    *api("auth/devices/<uuid:device_id>/", delete=(204, 404)),
    *api("auth/logout/", post=(204,)),
    *api("auth/logout-all/", post=(204,)),
    *api("me/", get=(200,), patch=(200, 200, {"full_name": "Paula Newname"})),
    *api("hospitals/", get=(200,)),
    *api("hospitals/<uuid:pk>/", get=(200,)),
    *api("access-log/", get=(200,)),
    *api("doctors/", get=(200,)),
    *api("doctors/<uuid:doctor_id>/", get=(200,)),
    *api("doctors/<uuid:doctor_id>/slots/", get=(200,)),
    *api("appointments/", get=(200,), post=(409, 409, {"doctor": "$doctor_id", "start": "$tomorrow", "reason": ""})),
    *api("appointments/requests/<uuid:request_id>/", get=(200, 404)),
    *api("appointments/<uuid:appointment_id>/", get=(200, 404)),
    *api("appointments/<uuid:appointment_id>/reschedule/", post=(409, 404, {"start": "$tomorrow"})),
    *api("appointments/<uuid:appointment_id>/cancel/", post=(202, 404)),
    *api("appointments/<uuid:appointment_id>/accept/", post=(200, 404)),
    *api("prescriptions/", get=(200,)),
    *api("prescriptions/<uuid:prescription_id>/", get=(200, 404)),
    *api("ai-sessions/", get=(200,)),
    *api("ai-sessions/<uuid:session_id>/", get=(200, 404)),
    *get_only("api/schema/", everyone(200), refusing=everyone(405)),
    *get_only("api/docs/", everyone(200), refusing=everyone(405)),
    # Unsigned, whoever is signed in.
    *post_only("webhooks/calcom/", everyone(401), {"triggerEvent": "PING"}, refusing=everyone(405)),
    *get_only("healthz", everyone(200), refusing=everyone(200)),
    *get_only("readyz", everyone(200), refusing=everyone(200)),
]
