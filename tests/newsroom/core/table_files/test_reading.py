"""Files as people have them: any encoding, any separator, broken in any place."""

import csv
import io
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook

from newsroom.core.table_files import reading
from newsroom.core.table_files.reading import Row, Unreadable, tables

HEAD = ["Email", "Name"]
ANN = ["ann@example.org", "Ännchen; “A”, O'Neil"]


def read(data: bytes, name: str = "readers.csv") -> list[Row]:
    return [row for table in tables(io.BytesIO(data), name) for row in table.rows]


def cells(data: bytes) -> list[list[str]]:
    return [row.cells for row in read(data) if not row.problem]


def written(rows: list[list[str]], separator: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_seen(encoding: str, separator: str) -> None:
    rows = [HEAD, ANN, ["bob@example.org", "Bob"]]
    assert cells(written(rows, separator).encode(encoding)) == rows


def test_excel_may_name_the_separator() -> None:
    assert cells("sep=;\r\nEmail;Name, first\r\na@b.org;A\r\n".encode("utf-8-sig")) == [
        ["Email", "Name, first"],
        ["a@b.org", "A"],
    ]


def test_letter_in_another_encoding_far_behind_is_read() -> None:
    data = b"Email,Name\n" + b"a@b.org,x\n" * 50_000 + "c@d.org,Jos\xe9\n".encode("latin-1")
    assert cells(data)[-1] == ["c@d.org", "José"]


CELL = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=5))
@example([["a", "x\ny"], ["", 'q"']])
def test_what_csv_writes_is_read(rows: list[list[str]]) -> None:
    rows = [HEAD, *rows]
    wide = [row for row in rows if any(row)]
    assert cells(written(rows).encode("utf-8-sig")) == wide


@given(st.binary(max_size=400))
@example(b"PK\x03\x04")
@example(b'"')
@example(b"\xff\xfe\x00")
@example(b"sep=\n")
def test_any_bytes_are_rows_or_said_to_be_none(data: bytes) -> None:
    with suppress(Unreadable):
        assert all(row.problem or any(row.cells) for row in read(data))


@given(st.integers(20, 400))
def test_file_that_was_cut_off_gives_no_wrong_row(end: int) -> None:
    rows = [["Email", "Name", "Tags"]]
    rows += [[f"reader{n}@example.org", 'a "quoted"\nname', "x,y"] for n in range(9)]
    data = written(rows).encode()
    assert all(row in rows or row[:2] in [r[:2] for r in rows] for row in cells(data[:end]))


def test_open_quote_costs_one_row() -> None:
    lines = [b"Email,Name", b'a@b.org,"A', *(b"r%d@b.org,R" % n for n in range(20_000))]
    rows = read(b"\n".join(lines) + b"\n")
    assert [(row.number, row.problem) for row in rows if row.problem] == [
        (2, "a quote is not closed")
    ]
    assert len(rows) == 20_002 and rows[-1].cells == ["r19999@b.org", "R"]


def test_cell_of_ten_megabytes_costs_one_row() -> None:
    data = b"Email,Name\na@b.org," + b"x" * 10_000_000 + b"\nc@d.org,C\n"
    assert [(row.cells, row.problem) for row in read(data)] == [
        (["Email", "Name"], ""),
        ([], "a cell is too long"),
        (["c@d.org", "C"], ""),
    ]


def test_nul_and_ragged_rows_are_read() -> None:
    assert cells(b"Email,Name\na@b.\0org\nc@d.org,C,more\n\n\n") == [
        ["Email", "Name"],
        ["a@b.org"],
        ["c@d.org", "C", "more"],
    ]


def xlsx(rows: list[list[Any]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return out.getvalue()


def test_xlsx_is_read_as_text() -> None:
    rows = [["Email", "Number"], ["a@b.org", 7.0], [None, None], ["=1+1", True]]
    assert cells(xlsx(rows)) == [["Email", "Number"], ["a@b.org", "7"], ["", "true"]]


def test_zip_is_read_file_by_file() -> None:
    data = packed(b_dot_csv=b"Email\nb@b.org\n", a_dot_csv=b"Email\na@b.org\n", c_dot_pdf=b"x")
    found = {table.name: [r.cells for r in table.rows] for table in tables(io.BytesIO(data), "z")}
    assert found == {"a.csv": [["Email"], ["a@b.org"]], "b.csv": [["Email"], ["b@b.org"]]}


BOMB = packed(xl__workbook_dot_xml=b"<a/>", xl__worksheets__sheet1_dot_xml=b" " * 50_000_000)
ENTITIES = packed(xl__workbook_dot_xml=b'<!DOCTYPE x [<!ENTITY a "aa">]><x/>')


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOMB, "far larger"),
        (ENTITIES, "damaged"),
        (xlsx([["a"]])[:-30], "damaged"),
        (xlsx([["a"]])[:3000], "damaged"),
        (packed(a_dot_pdf=b"x"), "no CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as CSV"),
        (b"PK\x05\x06" + b"\0" * 18, "nothing in this zip"),
    ],
    ids=["bomb", "entities", "cut", "cut early", "no csv", "old excel", "empty"],
)
def test_what_can_not_be_opened_is_said(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(data, "x.xlsx")


def test_shared_texts_of_a_sheet_are_bounded(monkeypatch: Any) -> None:
    """They are held in memory."""
    monkeypatch.setattr(reading, "MOST_SHARED", 100)
    with pytest.raises(Unreadable, match="too large"):
        read(xlsx([["a"]]))
