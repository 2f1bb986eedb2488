"""A file of staff is checked, kept, confirmed, and then added by a worker: everybody in it, or nobody."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence

import structlog
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import DataError, IntegrityError, transaction
from django.db.models.functions import Lower

from accounts.models import Profile, StaffMail, User
from accounts.permissions import Permission, require
from accounts.roles import STAFF_KINDS, kind_of_member
from core.wake_ups import wake
from hospitals.models import Hospital, StaffImport
from hospitals.staff.actions import (
    EmailTaken,
    Newcomer,
    email_is_free,
    give_password,
    invitation,
    record_change,
    role_row,
)
from hospitals.staff.csv_file import StaffLine

log = structlog.get_logger(__name__)
AT_ONCE = 250  # people of one set of statements
# Who checked a file and went away left names and emails behind.
KEPT = dt.timedelta(days=1)
State = StaffImport.State
_KEPT_SECONDS = 600


class ImportHasProblems(Exception):
    """What was checked is no longer so: the lines say what changed."""

    code = "import_has_problems"


class ImportIsOver(Exception):
    """It was confirmed already, or thrown away."""

    code = "import_is_over"


@transaction.atomic
def keep_staff_import(*, hospital: Hospital, lines: Sequence[StaffLine], by: User, at: dt.datetime) -> StaffImport:
    """Keep checked lines until somebody confirms them.

    Raises: NotPermitted, ImportHasProblems.
    """
    require(by, Permission.MANAGE_STAFF, hospital=hospital.pk)
    if any(one.problems for one in lines):
        raise ImportHasProblems
    rows = [{"line": one.line, **one.cells} for one in lines]
    return StaffImport.objects.create(hospital=hospital, created_by=by, created_at=at, rows=rows, people=len(rows))


@transaction.atomic
def confirm_staff_import(*, pk: uuid.UUID, by: User, at: dt.datetime) -> StaffImport:
    """Have a worker add what was checked.

    Raises: ImportHasProblems, ImportIsOver, StaffImport.DoesNotExist.
    """
    one: StaffImport = StaffImport.objects.for_user(by).select_for_update(of=("self",)).get(pk=pk)
    if one.state != State.CHECKED:
        raise ImportIsOver
    lines = lines_of(one)
    mark_taken(lines)
    if any(line.problems for line in lines):
        raise ImportHasProblems
    one.state, one.created_by, one.created_at = State.QUEUED, by, at
    one.save(update_fields=["state", "created_by", "created_at"])
    wake("import_staff")
    return one


@transaction.atomic
def discard_staff_import(*, pk: uuid.UUID, by: User, at: dt.datetime) -> None:
    """Forget what was checked; what is confirmed stays."""
    StaffImport.objects.for_user(by).filter(pk=pk, state=State.CHECKED).delete()


def import_next_staff(*, at: dt.datetime, told: Callable[[uuid.UUID, int], None]) -> bool:
    """Add the people of the oldest confirmed import; False where none waits. A worker that dies leaves it waiting.

    `told` hears how many were added so far; what it is told may yet be taken back.
    """
    with transaction.atomic():
        waiting = StaffImport.objects.filter(state=State.QUEUED).select_related("hospital", "created_by")
        one = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("created_at", "id").first()
        if one is None:
            return False
        one.state, one.finished_at = _outcome(one, at=at, told=told), at
        # What was refused is shown, with what is wrong with it.
        one.rows = one.rows if one.state == State.REFUSED else []
        one.save(update_fields=["state", "finished_at", "rows"])
    return True


def purge_staff_imports(*, at: dt.datetime) -> int:
    """Forget files that nobody confirmed, or that were refused."""
    old = StaffImport.objects.exclude(state__in=(State.QUEUED, State.DONE)).filter(created_at__lt=at - KEPT)
    return old.delete()[0]


def lines_of(one: StaffImport) -> list[StaffLine]:
    return [StaffLine(row["line"], {name: cell for name, cell in row.items() if name != "line"}) for row in one.rows]


def mark_taken(lines: Sequence[StaffLine]) -> None:
    """Say at each line whether its email is somebody's, as where one person is added: not whose, nor where."""
    good = {line.email.lower(): line for line in lines if "email" not in line.problems}
    users = User.objects.annotate(folded=Lower("email")).filter(folded__in=list(good))
    for folded in users.values_list("folded", flat=True):
        good[folded].mark_taken()


def _outcome(one: StaffImport, *, at: dt.datetime, told: Callable[[uuid.UUID, int], None]) -> State:
    by = one.created_by
    # Whoever confirmed it may have lost their access since.
    if by is None or not StaffImport.objects.for_user(by).filter(pk=one.pk).exists():
        return State.REFUSED
    try:
        with transaction.atomic():
            _add_all(one, by=by, at=at, told=told)
    except EmailTaken:
        return State.REFUSED
    except (IntegrityError, DataError) as error:
        log.error("staff_import.refused", staff_import_id=str(one.pk), error=type(error).__name__)
        return State.REFUSED
    return State.DONE


def _add_all(one: StaffImport, *, by: User, at: dt.datetime, told: Callable[[uuid.UUID, int], None]) -> None:
    people = [_newcomer(line) for line in lines_of(one)]
    for start in range(0, len(people), AT_ONCE):
        some = people[start : start + AT_ONCE]
        add_staff_members(hospital=one.hospital, people=some, by=by, at=at)
        told(one.pk, start + len(some))


@transaction.atomic
def add_staff_members(*, hospital: Hospital, people: Sequence[Newcomer], by: User | None, at: dt.datetime) -> None:
    """Add all of them or, when one is refused, nobody; each is mailed a link to set a password.

    Raises: NotPermitted, EmailTaken, NotStaffRole.
    """
    require(by, Permission.MANAGE_STAFF, hospital=hospital.pk)
    users = [User(id=uuid.uuid4(), email=one.email, role=one.role, hospital=hospital) for one in people]
    for user in users:
        # Without a password there is nothing to hash, which would take a quarter of a second each.
        give_password(user, None, make_password(None), at=at)
    with email_is_free():
        User.objects.bulk_create(users)
    pairs = list(zip(users, people, strict=True))
    Profile.objects.bulk_create(Profile(user=user, full_name=one.full_name) for user, one in pairs)
    rows = [role_row(user, hospital, one.detail) for user, one in pairs]
    for kind in STAFF_KINDS:
        kind.model.objects.bulk_create(row for row in rows if kind_of_member(row) is kind)
    StaffMail.objects.bulk_create(invitation(user, at=at) for user in users)
    for user in users:
        record_change(user, by=by, reason="added by import")
    wake("send_staff_mail")


def _newcomer(line: StaffLine) -> Newcomer:
    detail = line.kind.detail
    own = line.cells[detail.column] if detail else ""
    return Newcomer(line.kind.role, line.email, line.cells["full_name"], own or None)


def tell_progress(pk: uuid.UUID, added: int) -> None:
    cache.set(_key(pk), added, _KEPT_SECONDS)


def people_added(pk: uuid.UUID) -> int:
    """0 also where nobody knows."""
    return int(cache.get(_key(pk)) or 0)


def _key(pk: uuid.UUID) -> str:
    return f"staff_import:{pk}"
