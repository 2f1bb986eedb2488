from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spreadsheets import csv_text, plain_cell, safe_cell
from hospitals.staff.csv_file import COLUMNS, MAX_ROWS, StaffLine, UnreadableFile, example_rows, read_staff
from tests.hospitals.staff.staff_files import GOOD, HEADER, file_of


def problems(line: StaffLine) -> dict[str, str]:
    return {name: str(text) for name, text in line.problems.items()}


def told(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        read_staff(content)
    return str(refusal.value.message)


def test_a_good_file_has_no_problems() -> None:
    lines = read_staff(file_of(*GOOD))
    assert [(one.line, str(one.kind.role), one.email, one.problems) for one in lines] == [
        (2, "DOCTOR", "nora@north.test", {}),
        (3, "PHARMACIST", "phil@north.test", {}),
        (4, "HOSPITAL_ADMIN", "Anna@north.test", {}),
    ]


def test_excels_semicolons_and_its_mark_at_the_beginning_are_read() -> None:
    content = b"\xef\xbb\xbf" + file_of("doctor;Nora Größe;nora@north.test;;", header=HEADER.replace(",", ";"))
    (one,) = read_staff(content)
    assert (one.cells["full_name"], one.problems) == ("Nora Größe", {})


def test_columns_come_in_any_order_and_the_last_two_may_be_missing() -> None:
    (one,) = read_staff(file_of("nora@north.test\tDoctor\tNora New", header="Email\tRole\tFull name"))
    assert (one.cells, one.problems) == (
        {"role": "Doctor", "full_name": "Nora New", "email": "nora@north.test", "specialty": "", "pharmacy": ""},
        {},
    )


def test_empty_lines_and_line_breaks_in_quotes_keep_the_count() -> None:
    lines = read_staff(file_of('doctor,"Nora\r\nNew",nora@north.test,,', "", ",,,,", "doctor,Max New,max@north.test,,"))
    assert [(one.line, problems(one)) for one in lines] == [
        (2, {"full_name": "Has a line break or a sign that cannot be shown."}),
        (6, {}),
    ]


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (",Nora,nora@north.test,,", {"role": "Required."}),
        ("nurse,Nora,nora@north.test,,", {"role": "Not a role: doctor, pharmacist or admin."}),
        ("doctor,,nora@north.test,,", {"full_name": "Required."}),
        ("doctor", {"full_name": "Required.", "email": "Required."}),
        ("doctor,Nora,nora at north,,", {"email": "Not an email address."}),
        (f"doctor,Nora,{'n' * 60}@{'x.' * 120}org,,", {"email": "Not an email address."}),
        (f"doctor,{'N' * 201},nora@north.test,,", {"full_name": "Longer than 200 letters."}),
        ("admin,Nora,nora@north.test,Surgery,", {"specialty": "Only doctors have a specialty."}),
        ("doctor,Nora,nora@north.test,,East", {"pharmacy": "Only pharmacists have a pharmacy."}),
        (
            "doctor,New, Nora,nora@north.test,,East",
            {"email": "Not an email address.", "role": "More cells than columns: is a separator inside a name?"},
        ),
    ],
)
def test_what_is_wrong_is_said_by_column(row: str, wrong: dict[str, str]) -> None:
    (one,) = read_staff(file_of(row))
    assert problems(one) == wrong


def test_the_second_of_two_equal_emails_is_told_of_the_first() -> None:
    lines = read_staff(file_of(GOOD[0], GOOD[1], "doctor,Nora Twin,NORA@north.test,,"))
    assert [problems(one) for one in lines] == [{}, {}, {"email": "Duplicate of line 2."}]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n\r\n", "The file is empty."),
        (file_of(), "has no rows below them"),
        (file_of("doctor;Größe".encode().decode(), header=HEADER).decode().encode("latin-1"), "Line 2 has letters"),
        (file_of(*GOOD).decode().encode("utf-16"), "Unicode text"),
        (file_of(*GOOD).decode().encode("utf-16-le"), "Unicode text"),
        (b"PK\x03\x04\x00\x00", "Unicode text"),
        (file_of('doctor,"Nora,nora@north.test,,'), "From line 2 on the file cannot be read"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_plainly(content: bytes, text: str) -> None:
    assert text in told(content)


@pytest.mark.parametrize("header", ["name,mail", "role,full_name", f"{HEADER},{HEADER}", f"{HEADER},salary"])
def test_a_wrong_header_says_what_was_expected_and_what_was_found(header: str) -> None:
    text = told(file_of(*GOOD, header=header))
    assert "role, full_name, email, specialty, pharmacy" in text
    assert header.replace(",", ", ") in text


def test_5000_people_are_read_and_one_more_is_refused() -> None:
    rows = [f"doctor,Doctor {n},doctor{n}@north.test,,".encode() for n in range(MAX_ROWS)]
    content = b"\n".join([HEADER.encode(), *rows])
    assert len(read_staff(content)) == 5000
    assert "more than 5,000 people" in told(content + b"\ndoctor,One More,more@north.test,,")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    with contextlib.suppress(UnreadableFile):
        assert read_staff(b"role,full_name,email\n" + content)


@pytest.mark.parametrize("value", ["=1+1", "+43", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_no_cell_is_calculated(value: str) -> None:
    assert safe_cell(value) == f"'{value}"
    assert plain_cell(safe_cell(value)) == value


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        ("Ada;=1+1", "Ada;'=1+1"),
        (";=1+1", ";'=1+1"),
        ('Ada; "=1+1', "Ada; \"'=1+1"),
        ("Ada;'=1+1", "Ada;''=1+1"),
        ("Ada\n@SUM(A1)", "Ada\n'@SUM(A1)"),
        ("=1;-1", "'=1;'-1"),
        ("Ada,=1+1", "Ada,'=1+1"),
    ],
)
def test_nor_is_what_excel_takes_for_the_next_cell_in_another_country(value: str, safe: str) -> None:
    assert safe_cell(value) == safe
    assert plain_cell(safe) == value


@given(st.text(alphabet="a=+;,'\" \t\n", max_size=12))
def test_every_cell_comes_back_as_it_was(value: str) -> None:
    assert plain_cell(safe_cell(value)) == value or value.startswith("'")


@pytest.mark.parametrize("value", ["Ada", "O'Brien", "'quoted'", "a=b", ""])
def test_other_cells_stay_as_they_are(value: str) -> None:
    assert (safe_cell(value), plain_cell(value)) == (value, value)


def test_the_example_is_a_good_file() -> None:
    content = csv_text(COLUMNS, example_rows()).encode()
    assert [one.problems for one in read_staff(content)] == [{}, {}, {}]
    assert next(csv.reader(io.StringIO(content.decode("utf-8-sig")))) == list(COLUMNS)


@pytest.mark.parametrize("first", ["sep=;\r\n", "SEP=;\n", '"sep=;"\r\n', "sep=;;;;\n", "\r\nsep=;\r\n"])
def test_excels_line_about_the_separator_is_read(first: str) -> None:
    header = HEADER.replace(",", ";")
    (one,) = read_staff(b"\xef\xbb\xbf" + first.encode() + file_of("doctor;Nora, MD;nora@north.test;;", header=header))
    assert (one.line, one.cells["full_name"], one.problems) == (2 + first.count("\n"), "Nora, MD", {})


def test_cells_are_taken_without_what_nobody_sees() -> None:
    row = "doctor\u200b,علی\u200cرضا\u00a0کریمی,\u200bnora@\u2060north.test\u00a0,,"
    (one,) = read_staff(file_of(row))
    assert (one.cells["full_name"], one.email, one.problems) == ("علی\u200cرضا کریمی", "nora@north.test", {})


def test_a_name_that_cannot_be_seen_is_missing() -> None:
    (one,) = read_staff(file_of("doctor,\u200b\u3164,nora@north.test,,"))
    assert problems(one) == {"full_name": "Required."}


@pytest.mark.parametrize("header", ["role," * 400_000, ",,,,"])
def test_a_header_of_repetitions_or_of_nothing_is_refused(header: str) -> None:
    """Compared pair by pair, these 2 MB took more than an hour."""
    with pytest.raises(UnreadableFile):
        read_staff(f"{header}\nx".encode())
