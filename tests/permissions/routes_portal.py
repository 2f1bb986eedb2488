"""The browser admin: every registered model's pages, and our own beside them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.permissions.table import (
    DONE,
    NOT_THERE,
    PORTAL,
    SIGN_IN,
    Answer,
    Answers,
    Role,
    Row,
    both,
    everyone,
    get_only,
    portal,
    post_only,
)

_STAFF = {"full_name": "Nora New", "email": "nora@north.test", "hospital": "$hospital_id"}
_HOSPITAL = {
    "name": "East",
    "time_zone": "Europe/Vienna",
    "visit_length_minutes": "30",
    "buffer_minutes": "0",
    "booking_notice_minutes": "60",
    "is_active": "on",
}


def model(
    name: str, *, admin: str, operator: str, add: Mapping[str, object] | None = None, added: Answer = 200
) -> list[Row]:
    """What a hospital admin and an operator may do with a model: l(ist), v(iew), c(hange), a(dd).

    Another hospital's row is not there, unless the page is refused before a row is looked for. Nothing is deleted.
    """
    base = f"admin/{name.replace('.', '/')}/"
    row = f"{base}<path:object_id>/"

    def may(letter: str, yes: Answer, *, foreign: Answer) -> Answers:
        return portal(
            yes if letter in admin else 403,
            south=foreign if letter in admin else 403,
            operator=yes if letter in operator else 403,
        )

    # This page looks for the row first, and an admin's own hospital is there.
    own = 200 if "v" in admin else 403 if name == "hospitals.hospital" else NOT_THERE
    history = portal(own, south=NOT_THERE, operator=200 if "v" in operator else NOT_THERE)
    # People are not deleted either, and are told what to do instead.
    people = name.partition(".")[0] == "hospitals" and "c" in admin
    deleted = portal(DONE, south=NOT_THERE, operator=DONE) if people else portal(403, south=403, operator=403)
    changed = may("c", DONE, foreign=NOT_THERE)
    return [
        *both(base, may("l", 200, foreign=200), may("l", 200, foreign=200)),
        *both(f"{base}add/", may("a", 200, foreign=200), may("a", added, foreign=added), add),
        *both(f"{row}change/", may("v", 200, foreign=NOT_THERE), changed, add),
        *both(f"{row}history/", history, history),
        *both(f"{row}delete/", deleted, deleted),
        # The address of the change page before Django 1.9 leads to it.
        *both(row, portal(DONE, south=DONE, operator=DONE), portal(DONE, south=DONE, operator=DONE)),
    ]


def member_page(
    route: str,
    *,
    operator: Answer = 200,
    shown: Answer = 200,
    posted: Answer = DONE,
    body: Mapping[str, object] | None = None,
) -> list[Row]:
    """A page of ours about one member of staff."""
    denied = operator if operator == 403 else posted
    return both(
        f"admin/hospitals/{route}",
        portal(shown, south=NOT_THERE, operator=operator),
        portal(posted, south=NOT_THERE, operator=denied),
        body,
    )


_SIGNED_OUT = dict(everyone(PORTAL)) | {role: SIGN_IN for role in (Role.ADMIN, Role.ADMIN_SOUTH, Role.OPERATOR)}
_NO_METHOD = portal(405, south=405, operator=405)
_READ = portal(200, south=200, operator=200)
_WENT = portal(DONE, south=DONE, operator=DONE)
_WEEK = {"do": "save"}
_TIME_OFF = {"off-first_day": "2030-01-01"}
_HOURS = "doctor/<uuid:pk>/"
_VISIT = "admin/clinical/appointment/<uuid:pk>/"
_OPEN_TO_ADMINS = portal(200, south=200, operator=403)
_SAID = portal(DONE, south=NOT_THERE, operator=403)
_CAL_DOCTOR = "admin/integrations/callink/doctor/<uuid:pk>/"

ROWS: list[Row] = [
    *both("admin/", _READ, _READ),
    *both("admin/login/", everyone(SIGN_IN), everyone(SIGN_IN)),
    *both("admin/logout/", _SIGNED_OUT, _SIGNED_OUT, allowed=frozenset(Role)),
    *both("admin/password_change/", _WENT, _WENT),
    *both("admin/password_change/done/", _READ, _NO_METHOD),
    *both("admin/search/", _READ, _READ),
    *both("admin/autocomplete/", portal(403, south=403, operator=403), _NO_METHOD),
    *both("admin/jsi18n/", _READ, _NO_METHOD),
    *both(
        "admin/r/<path:content_type_id>/<path:object_id>/",
        portal(404, south=404, operator=404),
        portal(404, south=404, operator=404),
        uses={"object_id": "prescription_id"},
    ),
    *both("admin/^(?P<app_label>accounts|hospitals|clinical|integrations)/$", _READ, _READ),
    *both("admin/(?P<url>.*)$", portal(404, south=404, operator=404), portal(404, south=404, operator=404)),
    *both(
        "admin/break-glass/",
        portal(403, south=403, operator=200),
        portal(403, south=403, operator=DONE),
        {"hospital": "$hospital_id", "reason": "Looking for a lost visit.", "confirmed": "yes"},
        allowed=frozenset({Role.OPERATOR}),
    ),
    *both("admin/text-messages/", portal(403, south=403, operator=200), portal(403, south=403, operator=405)),
    *post_only("admin/break-glass/<uuid:pk>/end/", portal(403, south=403, operator=404), uses={"pk": "grant"}),
    *both(
        "admin/emergencies/",
        portal(200, south=200, operator=403),
        portal(DONE, south=DONE, operator=403),
        {"text": "Call 144.", "words": "gas leak"},
    ),
    *get_only("admin/erasures/", portal(403, south=403, operator=200), refusing=portal(403, south=403, operator=200)),
    *both(
        "admin/erasures/<uuid:pk>/",
        portal(403, south=403, operator=404),
        portal(403, south=403, operator=404),
        {"word": "ERASE"},
        uses={"pk": "visit_id"},
    ),
    *get_only("admin/find/", _READ),
    *both("admin/staff-import/", _READ, _READ),
    *get_only("admin/staff-import/template/", _READ),
    *both(
        "admin/staff-import/<uuid:pk>/",
        portal(200, south=NOT_THERE, operator=200),
        portal(DONE, south=NOT_THERE, operator=DONE),
        {"do": "confirm"},
        uses={"pk": "staffimport"},
    ),
    *post_only("admin/staff-export/", _READ),
    *model("accounts.accessevent", admin="lv", operator="lv"),
    *post_only("admin/accounts/accessevent/export/", portal(200, south=200, operator=200), refusing=_NO_METHOD),
    *model("hospitals.hospital", admin="", operator="lvca", add=_HOSPITAL, added=DONE),
    *model("hospitals.doctor", admin="lvca", operator="lvca", add=_STAFF),
    *model("hospitals.pharmacist", admin="lvca", operator="lvca", add=_STAFF),
    *model("hospitals.hospitaladmin", admin="lvca", operator="lvca", add=_STAFF),
    *model("clinical.appointment", admin="lv", operator=""),
    *both("admin/clinical/appointment/calendar/", _OPEN_TO_ADMINS, _OPEN_TO_ADMINS),
    *both("admin/clinical/appointment/conflicts/", _OPEN_TO_ADMINS, _OPEN_TO_ADMINS),
    *both(
        "admin/clinical/appointment/reassign/<uuid:pk>/",
        portal(200, south=NOT_THERE, operator=403),
        portal(200, south=NOT_THERE, operator=403),
        uses={"pk": "doctor"},
    ),
    *post_only(f"{_VISIT}payload/", portal(403, south=403, operator=403), refusing=_NO_METHOD),
    *post_only(f"{_VISIT}confirm/", _SAID, refusing=_NO_METHOD, uses={"pk": "phone_visit"}),
    *post_only(f"{_VISIT}match/", _SAID, refusing=_NO_METHOD, uses={"pk": "guest_visit"}),
    *post_only(f"{_VISIT}withdraw/", _SAID, refusing=_NO_METHOD, uses={"pk": "appointment_id"}),
    *post_only(f"{_VISIT}decide/", _SAID, {"choice": "keep"}, refusing=_NO_METHOD, uses={"pk": "appointment_id"}),
    *model("clinical.prescription", admin="lv", operator=""),
    *model("clinical.aisession", admin="lv", operator=""),
    *model("integrations.callink", admin="lv", operator="lv"),
    *get_only(
        f"{_CAL_DOCTOR}",
        portal(200, south=NOT_THERE, operator=200),
        refusing=portal(405, south=405, operator=405),
    ),
    *(
        row
        for what in ("push", "look", "connect")
        for row in post_only(f"{_CAL_DOCTOR}{what}/", portal(DONE, south=NOT_THERE, operator=DONE), refusing=_NO_METHOD)
    ),
    *both(
        f"{_CAL_DOCTOR}ids/",
        portal(403, south=403, operator=200),
        portal(403, south=403, operator=DONE),
        {"user_id": "1", "schedule_id": "2", "event_type_id": "3"},
    ),
    *both("admin/integrations/callink/connect/", _READ, portal(DONE, south=DONE, operator=200)),
    *model("integrations.bookingrequest", admin="lv", operator="lv"),
    *model("integrations.calwebhook", admin="", operator="lv"),
    *model("integrations.syncrun", admin="", operator="lv"),
    *model("integrations.syncdrift", admin="", operator="lv"),
    *model("integrations.bookinglookup", admin="", operator="lv"),
    *model("integrations.vapievent", admin="", operator="lv"),
    *model(
        "integrations.vapinumber",
        admin="",
        operator="lvca",
        add={"number": "+43155550177", "hospital": "$hospital_id"},
        added=DONE,
    ),
    *both(
        "admin/integrations/calwebhook/replay/",
        portal(403, south=403, operator=200),
        portal(403, south=403, operator=200),
    ),
    *post_only(
        "admin/clinical/aisession/<uuid:pk>/transcript/", portal(403, south=403, operator=403), refusing=_NO_METHOD
    ),
    *both(
        f"admin/hospitals/{_HOURS}move/",
        portal(403, south=403, operator=200),
        portal(403, south=403, operator=200),
    ),
    *member_page(f"{_HOURS}hours/", operator=403, body=_WEEK),
    *member_page(f"{_HOURS}time-off/", operator=403, shown=DONE, body=_TIME_OFF),
    *member_page(f"{_HOURS}visits/<uuid:visit_id>/", operator=403, body={"choice": "keep", "confirmed": "keep"}),
    *post_only(
        f"admin/hospitals/{_HOURS}time-off/<uuid:time_off_pk>/cancel/",
        portal(DONE, south=NOT_THERE, operator=403),
        refusing=_NO_METHOD,
    ),
    *(
        row
        for kind in ("doctor", "pharmacist", "hospitaladmin")
        for row in (
            *member_page(f"{kind}/<uuid:pk>/email/", posted=200),
            *member_page(f"{kind}/<uuid:pk>/release/", shown=DONE, operator=DONE),
            *member_page(f"{kind}/<uuid:pk>/second-factor/"),
        )
    ),
    # Visits are booked with the doctor: an admin is asked about them first; an operator sees none, and leaves them.
    *both(
        "admin/hospitals/doctor/<uuid:pk>/access/",
        portal(200, south=NOT_THERE, operator=200),
        portal(200, south=NOT_THERE, operator=DONE),
    ),
    *member_page("pharmacist/<uuid:pk>/access/"),
    *member_page("hospitaladmin/<uuid:pk>/access/"),
    *member_page("doctor/<uuid:pk>/password/", posted=200),
    *member_page("pharmacist/<uuid:pk>/password/", posted=200),
    # The admin's own, which is changed elsewhere.
    *both(
        "admin/hospitals/hospitaladmin/<uuid:pk>/password/",
        portal(200, south=NOT_THERE, operator=200),
        portal(DONE, south=NOT_THERE, operator=200),
    ),
]
