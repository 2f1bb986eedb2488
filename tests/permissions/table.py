"""Who may do what: each route and method, and what everybody is answered.

The rows tried are hospital North's and one patient's: its staff and that patient meet their own, everybody else
another's. `test_every_route_is_in_the_table` fails for a route that is not here; `CONTRIBUTING.md` says more.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Role(enum.StrEnum):
    ANONYMOUS = "anonymous"
    PATIENT = "the patient"
    NEW_DEVICE = "the patient on a device that proved the phone alone"
    OTHER_PATIENT = "another patient"
    DOCTOR = "doctor North"
    COLLEAGUE = "doctor North who never met the patient"
    PHARMACIST = "pharmacist North"
    ADMIN = "admin North"
    DOCTOR_SOUTH = "doctor South"
    PHARMACIST_SOUTH = "pharmacist South"
    ADMIN_SOUTH = "admin South"
    OPERATOR = "operator"


# An answer is a status, or for a redirect where it leads.
SIGN_IN = "to sign-in"
# Where the portal leads who asked for a row that is not there for them.
PORTAL = "to the portal's first page"
NOT_THERE = PORTAL
DONE = "elsewhere"
Answer = int | str
Answers = Mapping[Role, Answer]
# What says no. Whoever gets one of these changed nothing, and nothing was sent.
DENIALS = frozenset({401, 403, 404, 405, SIGN_IN, NOT_THERE})

_PATIENTS = (Role.PATIENT, Role.NEW_DEVICE, Role.OTHER_PATIENT)


@dataclass(frozen=True, slots=True)
class Row:
    route: str
    method: str
    answers: Answers
    body: Mapping[str, object] = field(default_factory=dict)
    # Which of the world's rows stands for a part of the address, where it is not the one of that name.
    uses: Mapping[str, str] = field(default_factory=dict)
    # Who is led where others are refused to, and may have changed something.
    allowed: frozenset[Role] = frozenset()

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    @property
    def is_webhook(self) -> bool:
        return self.route.startswith("webhooks/")


def everyone(answer: Answer, **special: Answer) -> Answers:
    return {role: special.get(role.name, answer) for role in Role}


def app(own: Answer, another: Answer | None = None, *, new_device: Answer = 403) -> Answers:
    """The patient's app: a bearer token of a patient, or 401. A browser's session is no token."""
    given = {Role.PATIENT: own, Role.NEW_DEVICE: new_device, Role.OTHER_PATIENT: own if another is None else another}
    return dict(everyone(401)) | given


def doctors(own: Answer, *, colleague: Answer = 404, south: Answer = 404) -> Answers:
    given = {Role.DOCTOR: own, Role.COLLEAGUE: colleague, Role.DOCTOR_SOUTH: south}
    return _dashboard() | given


def pharmacists(own: Answer, *, south: Answer = 404) -> Answers:
    return _dashboard() | {Role.PHARMACIST: own, Role.PHARMACIST_SOUTH: south}


def _dashboard() -> dict[Role, Answer]:
    """A patient's session is nobody's: the dashboards do not know patients."""
    return {role: SIGN_IN if role in (Role.ANONYMOUS, *_PATIENTS) else 403 for role in Role}


def portal(north: Answer, *, south: Answer, operator: Answer) -> Answers:
    answers: dict[Role, Answer] = dict.fromkeys(Role, SIGN_IN)
    return answers | {Role.ADMIN: north, Role.ADMIN_SOUTH: south, Role.OPERATOR: operator}


def get_only(
    route: str, answers: Answers, *, refusing: Answers | None = None, uses: Mapping[str, str] | None = None
) -> list[Row]:
    """A page to read; another method is 405 to whoever may read it."""
    return [
        Row(route, "GET", answers, {}, uses or {}),
        Row(route, "POST", refusing or _not_allowed(answers), {}, uses or {}),
    ]


def post_only(
    route: str,
    answers: Answers,
    body: Mapping[str, object] | None = None,
    *,
    refusing: Answers | None = None,
    uses: Mapping[str, str] | None = None,
    allowed: frozenset[Role] = frozenset(),
) -> list[Row]:
    return [
        Row(route, "POST", answers, body or {}, uses or {}, allowed),
        Row(route, "GET", refusing or _not_allowed(answers), {}, uses or {}),
    ]


def sent_to(
    route: str,
    answers: Answers,
    body: Mapping[str, object] | None = None,
    *,
    uses: Mapping[str, str] | None = None,
    refusing: Answers | None = None,
    allowed: frozenset[Role] = frozenset(),
) -> list[Row]:
    """What only forms are sent to; reading it leads whoever may come in to the form's page."""
    led = {role: answer if answer in (401, 403, SIGN_IN) else DONE for role, answer in answers.items()}
    return [
        Row(route, "POST", answers, body or {}, uses or {}, allowed),
        Row(route, "GET", refusing or led, {}, uses or {}),
    ]


def both(
    route: str,
    get: Answers,
    post: Answers,
    body: Mapping[str, object] | None = None,
    *,
    uses: Mapping[str, str] | None = None,
    allowed: frozenset[Role] = frozenset(),
) -> list[Row]:
    return [Row(route, "GET", get, {}, uses or {}), Row(route, "POST", post, body or {}, uses or {}, allowed)]


def _not_allowed(answers: Answers) -> Answers:
    """Who may not come in at all is told that first, then comes the method, then the row."""
    return {role: answer if answer in (401, 403, SIGN_IN) else 405 for role, answer in answers.items()}
