"""The dashboards of doctors and pharmacists, and the staff's sign-in."""

from __future__ import annotations

from tests.cast import PASSWORD
from tests.clinical.records import MEDICATION_ROW
from tests.permissions.table import (
    DONE,
    PORTAL,
    SIGN_IN,
    Role,
    Row,
    both,
    doctors,
    everyone,
    get_only,
    pharmacists,
    sent_to,
)

_VISIT = "staff/doctor/visits/<uuid:visit_id>/"
_OWN_RX = "staff/doctor/prescriptions/<uuid:prescription_id>/"
_RX = "staff/pharmacy/<uuid:prescription_id>/"
# The dashboards know no patients: whatever session one has is nobody's.
_NOT_STAFF = (Role.ANONYMOUS, Role.PATIENT, Role.NEW_DEVICE, Role.OTHER_PATIENT)
_NOT_SIGNED_IN = {role.name: 200 for role in _NOT_STAFF}
_NOBODY = {role.name: SIGN_IN for role in _NOT_STAFF}
_AT_THE_PORTAL = {Role.ADMIN.name: PORTAL, Role.ADMIN_SOUTH.name: PORTAL, Role.OPERATOR.name: PORTAL}
_WRONG = {"email": "doctor@north.test", "password": f"not-{PASSWORD}"}
_WEEK = {"d1-0-start": "08:00", "d1-0-end": "12:00", "do": "save"}
_CLAIMED = {"prescription_id": "claimed"}
_OWN = {"prescription_id": "own"}
# With the tick that what the patient has already needs.
_LINE = {**MEDICATION_ROW, "rows": 1, "m0-anyway": "ramipril", "action": "send"}

ROWS: list[Row] = [
    Row("", "GET", everyone(DONE)),
    Row("", "POST", everyone(DONE)),
    *get_only("staff/", everyone(DONE, **_NOBODY, **_AT_THE_PORTAL), refusing=everyone(405, **_NOBODY)),
    *both(
        "staff/login/",
        everyone(DONE, **_NOT_SIGNED_IN),
        everyone(DONE, **{name: 422 for name in _NOT_SIGNED_IN}),
        _WRONG,
    ),
    *sent_to("staff/logout/", everyone(SIGN_IN), refusing=everyone(DONE), allowed=frozenset(Role)),
    *both("staff/session/", everyone(200, **_NOBODY), everyone(200, **_NOBODY)),
    *both("staff/login/code/", everyone(SIGN_IN), everyone(SIGN_IN)),
    *get_only("staff/help/", everyone(200, **_NOBODY), refusing=everyone(405, **_NOBODY)),
    *both("staff/profile/", everyone(200, **_NOBODY), everyone(DONE, **_NOBODY), {"full_name": "Dr. Nora Newname"}),
    *both("staff/password/", everyone(200, **_NOBODY), everyone(422, **_NOBODY)),
    *both("staff/password/forgot/", everyone(200), everyone(422)),
    *both("staff/password/set/", everyone(200), everyone(200)),
    *both("staff/second-factor/", everyone(200, **_NOBODY), everyone(422, **_NOBODY)),
    *sent_to("staff/second-factor/recovery-codes/", everyone(DONE, **_NOBODY)),
    *sent_to("staff/second-factor/remove/", everyone(DONE, **_NOBODY)),
    *get_only("staff/doctor/", doctors(200, colleague=200, south=200)),
    *get_only("staff/doctor/day/<date:date>/", doctors(200, colleague=200, south=200)),
    *get_only("staff/doctor/week/", doctors(200, colleague=200, south=200)),
    *get_only("staff/doctor/week/<date:date>/", doctors(200, colleague=200, south=200)),
    *both(
        "staff/doctor/hours/", doctors(200, colleague=200, south=200), doctors(DONE, colleague=DONE, south=DONE), _WEEK
    ),
    *both(
        "staff/doctor/hours/time-off/",
        doctors(DONE, colleague=DONE, south=DONE),
        doctors(DONE, colleague=DONE, south=DONE),
        {"off-first_day": "2099-11-23"},
    ),
    *sent_to("staff/doctor/hours/time-off/<uuid:time_off_pk>/cancel/", doctors(DONE)),
    *get_only(_VISIT, doctors(200)),
    *sent_to(f"{_VISIT}complete/", doctors(DONE)),
    *sent_to(f"{_VISIT}no-show/", doctors(DONE)),
    *sent_to(f"{_VISIT}unmark/", doctors(DONE)),
    *sent_to(f"{_VISIT}change/", doctors(DONE), {"choice": "cancel_for_good", "reason": "I am ill."}),
    *sent_to(f"{_VISIT}keep/", doctors(DONE)),
    *sent_to(f"{_VISIT}confirm/", doctors(DONE), uses={"visit_id": "phone_visit"}),
    *get_only("staff/doctor/patients/", doctors(200, colleague=200, south=200)),
    *get_only("staff/doctor/patients/<uuid:patient_id>/", doctors(200)),
    *sent_to("staff/doctor/patients/<uuid:patient_id>/let-phone-in/", doctors(DONE)),
    *both("staff/doctor/patients/<uuid:patient_id>/prescribe/", doctors(200), doctors(DONE), _LINE),
    *both("staff/doctor/ai-sessions/<uuid:session_id>/transcript/", doctors(DONE), doctors(200)),
    *get_only(_OWN_RX, doctors(200), uses=_OWN),
    *get_only(f"{_OWN_RX}print/", doctors(200), uses=_OWN),
    *sent_to(f"{_OWN_RX}withdraw/", doctors(DONE), uses=_OWN),
    *sent_to(f"{_OWN_RX}answer/", doctors(DONE), {"text": "Twice a day."}, uses=_CLAIMED),
    *sent_to(f"{_OWN_RX}dismiss/", doctors(DONE), uses=_OWN),
    *sent_to(f"{_OWN_RX}undismiss/", doctors(DONE), uses=_OWN),
    *get_only("staff/pharmacy/", pharmacists(200, south=200)),
    *get_only(_RX, pharmacists(200)),
    *sent_to(f"{_RX}claim/", pharmacists(DONE)),
    *sent_to(f"{_RX}release/", pharmacists(DONE), uses=_CLAIMED),
    *sent_to(f"{_RX}take-over/", pharmacists(DONE), {"reason": "Gone home."}, uses=_CLAIMED),
    *sent_to(f"{_RX}approve/", pharmacists(DONE), uses=_CLAIMED),
    *sent_to(f"{_RX}deny/", pharmacists(DONE), {"reason": "dose"}, uses=_CLAIMED),
    *sent_to(f"{_RX}ask/", pharmacists(DONE), {"text": "How often?"}, uses=_CLAIMED),
    *sent_to(
        f"{_RX}dispense/",
        pharmacists(DONE),
        {"quantity-0": "30", "batch-0": "A1"},
        uses={"prescription_id": "approved"},
    ),
    *sent_to(f"{_RX}undo/", pharmacists(DONE), uses={"prescription_id": "dispensed"}),
]
