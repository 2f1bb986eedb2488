"""What a file of staff says: rows, and what is wrong with each. Whether an email is free is asked elsewhere."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext_lazy as _

from accounts.access_log.record import AccessAction, record_access
from accounts.models import User
from accounts.permissions import Permission, require
from accounts.roles import STAFF_KINDS, StaffKind
from core.spreadsheets import BYTE_ORDER_MARK, plain_cell
from core.text.lines import is_one_line, typed_email, typed_line

Text = str | Promise
REQUIRED = ("role", "full_name", "email")
OPTIONAL = tuple(kind.detail.column for kind in STAFF_KINDS if kind.detail)
COLUMNS = (*REQUIRED, *OPTIONAL)
# Neither whose it is nor where: they may be at any hospital, and an admin sees one.
EMAIL_TAKEN = _("This email is already in use.")
MAX_ROWS = 5_000
MAX_BYTES = 2 * 1024 * 1024
MAX_CELL = 200
MAX_EMAIL = 254  # the longest that can be delivered
_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'(?P<before>[\r\n]*)"?sep=(?P<separator>[,;\t])"?[,;\t ]*(?:\r?\n|\Z)', re.IGNORECASE)
_KINDS = {word: kind for kind in STAFF_KINDS for word in kind.words}
Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


class UnreadableFile(Exception):
    """`message` tells the person what to do about it."""

    code = "unreadable_file"

    def __init__(self, message: Text) -> None:
        super().__init__(self.code)
        self.message = message


@dataclass(slots=True)
class StaffLine:
    """One row as typed, where it stands in the file, and what is wrong by column."""

    line: int
    cells: dict[str, str]
    problems: dict[str, Text] = field(default_factory=dict)

    @property
    def kind(self) -> StaffKind:
        return _KINDS[self.cells["role"].lower()]

    @property
    def email(self) -> str:
        return self.cells["email"]

    def mark_taken(self) -> None:
        self.problems["email"] = EMAIL_TAKEN


def read_staff(content: bytes) -> list[StaffLine]:
    """The rows of a file, each with its problems.

    Raises: UnreadableFile.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(_("The file is larger than 2 MB. Split it into smaller ones."))
    text = _decoded(content)
    # Excel's own first line, which says how cells are separated. The numbers of lines stay as people see them.
    said = _SEPARATOR_LINE.match(text)
    text = f"{said['before']}\n{text[said.end() :]}" if said else text
    first_line, _newline, _rest = text.lstrip("\r\n").partition("\n")
    if not first_line.strip():
        raise UnreadableFile(_("The file is empty. The first line names the columns; each line below is one person."))
    separator = said["separator"] if said else max(_SEPARATORS, key=first_line.count)
    lines = list(_lines(text, separator))
    if not lines:
        raise UnreadableFile(_("The file names its columns, and has no rows below them."))
    _mark_duplicates(lines)
    return lines


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise UnreadableFile(
            _("The file is no CSV in UTF-8 but, it seems, “Unicode text” or a workbook. Save it as “CSV UTF-8”.")
        )
    try:
        return content.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(
            _("Line %(line)s has letters in an old encoding, as Excel's plain “CSV” does. Save it as “CSV UTF-8”.")
            % {"line": line}
        ) from None


def _lines(text: str, separator: str) -> Iterator[StaffLine]:
    rows = _rows(text, separator)
    _line, header = next(rows, (1, []))
    columns = _columns(header)
    for count, (line, row) in enumerate(rows, start=1):
        if count > MAX_ROWS:
            raise UnreadableFile(_("The file has more than 5,000 people. Split it into smaller ones."))
        cells = {name: _typed(name, plain_cell(cell.strip())) for name, cell in zip(columns, row, strict=False)}
        one = StaffLine(line, {name: cells.get(name, "") for name in COLUMNS})
        one.problems = _problems(one.cells)
        if len(row) > len(columns) and any(cell.strip() for cell in row[len(columns) :]):
            one.problems["role"] = _("More cells than columns: is a separator inside a name?")
        yield one


def _typed(column: str, cell: str) -> str:
    return typed_email(cell) if column == "email" else typed_line(cell)


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with anything in them, and the line each begins on."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error:
        raise UnreadableFile(
            _("From line %(line)s on the file cannot be read: a quotation mark is open, or stands inside a cell.")
            % {"line": line}
        ) from None


def _columns(header: list[str]) -> list[str]:
    names = [typed_line(cell).lower().replace(" ", "_") for cell in header]
    while names and not names[-1]:
        names.pop()
    missing = [name for name in REQUIRED if name not in names]
    if missing or not set(names) <= set(COLUMNS) or len(names) > len(set(names)):
        raise UnreadableFile(
            _("The first line must name the columns %(expected)s; %(optional)s may be left out. It says: %(found)s.")
            % {
                "expected": ", ".join(COLUMNS),
                "optional": get_text_list(list(OPTIONAL), str(_("and"))),
                "found": ", ".join(header)[:MAX_CELL],
            }
        )
    return names


def _problems(cells: dict[str, str]) -> dict[str, Text]:
    problems: dict[str, Text] = {}
    for name, cell in cells.items():
        if len(cell) > MAX_CELL and name != "email":
            problems[name] = _("Longer than 200 letters.")
        elif not is_one_line(cell):
            problems[name] = _("Has a line break or a sign that cannot be shown.")
    for name in REQUIRED:
        if not cells[name]:
            problems[name] = _("Required.")
    _check_role(cells, problems)
    if "email" not in problems and not _is_email(cells["email"]):
        problems["email"] = _("Not an email address.")
    return problems


def _check_role(cells: dict[str, str], problems: dict[str, Text]) -> None:
    if "role" in problems:
        return
    kind = _KINDS.get(cells["role"].lower())
    if kind is None:
        roles = get_text_list([one.words[0] for one in STAFF_KINDS], str(_("or")))
        problems["role"] = _("Not a role: %(roles)s.") % {"roles": roles}
        return
    for other in STAFF_KINDS:
        if other is not kind and other.detail and cells[other.detail.column]:
            problems.setdefault(other.detail.column, other.detail.not_for_others)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= MAX_EMAIL


def _mark_duplicates(lines: list[StaffLine]) -> None:
    first: dict[str, int] = {}
    for one in lines:
        email = one.email.lower()
        if not email:
            continue
        if email in first:
            text = _("Duplicate of line %(line)s.") % {"line": first[email]}
            one.problems.setdefault("email", text)
        else:
            first[email] = one.line


@transaction.atomic
def staff_table(*, by: User, at: dt.datetime) -> Table:
    """Header and rows of all staff the person may see; that it was taken out is on record. Raises: NotPermitted."""
    require(by, Permission.MANAGE_STAFF)
    record_access(by=by, action=AccessAction.EXPORTED, object_kind="staff")
    return (*COLUMNS, "access", "hospital"), sorted(_staff_rows(by), key=lambda row: (row[-1], row[1].lower(), row[2]))


def _staff_rows(by: User) -> Iterator[tuple[str, ...]]:
    for kind in STAFF_KINDS:
        for member in kind.model.objects.for_user(by).with_names():
            is_set_up = member.user.has_usable_password()
            access = "deactivated" if not member.user.is_active else "active" if is_set_up else "no password yet"
            row = person_row(kind, member.full_name, member.user.email or "", kind.detail_of(member))
            yield (*row, access, member.hospital.name)


def example_rows() -> list[tuple[str, ...]]:
    """One person of each kind, as a file may have them."""
    return [person_row(kind, *kind.example, kind.detail.example if kind.detail else "") for kind in STAFF_KINDS]


def person_row(kind: StaffKind, full_name: str, email: str, detail: str) -> tuple[str, ...]:
    """One row of `COLUMNS`."""
    own = kind.detail.column if kind.detail else ""
    return (kind.words[0], full_name, email, *(detail if column == own else "" for column in OPTIONAL))
