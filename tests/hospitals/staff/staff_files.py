"""Files of staff, as somebody's spreadsheet program would write them."""

from __future__ import annotations

from accounts.models import User
from hospitals.models import Hospital, StaffImport

HEADER = "role,full_name,email,specialty,pharmacy"
GOOD = [
    "doctor,Nora New,nora@north.test,Surgery,",
    "pharmacist,Phil New,phil@north.test,,East wing",
    "Admin,Anna New,Anna@north.test,,",
]


def file_of(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines, "")).encode()


def make_import(
    hospital: Hospital, *, by: User | None = None, email: str = "nora@north.test", state: str = "checked"
) -> StaffImport:
    row = {"line": 2, "role": "doctor", "full_name": "Nora New", "email": email, "specialty": "", "pharmacy": ""}
    return StaffImport.objects.create(hospital=hospital, created_by=by, rows=[row], people=1, state=state)
