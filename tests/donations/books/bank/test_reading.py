"""Statements of banks, as they come."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations.books.bank import columns
from donations.books.bank.reading import read
from newsroom.core.table_files.reading import Unreadable
from tests.donations.books.bank.files import camt, mt940, table

ROWS = [("2026-11-02", "48.00", "STRIPE po 1"), ("2026-11-03", "-10.50", "RENT Ä")]
LINES = [(date(2026, 11, 2), 4800, "eur"), (date(2026, 11, 3), -1050, "eur")]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("CAMT.053", camt(ROWS)), ("CAMT.053", b"\xef\xbb\xbf" + camt(ROWS)),
        ("CAMT.053", camt(ROWS).decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")),
        ("CAMT.053", camt(ROWS).replace(b"001.08", b"001.02")),
        ("CAMT.053", camt(ROWS).replace(b"xmlns=", b"xmlns:n=").replace(b"<", b"<n:").replace(
            b"<n:/", b"</n:").replace(b"<n:?xml", b"<?xml")),
        ("MT940", mt940(ROWS)), ("MT940", mt940(ROWS).decode().encode("cp1252")),
        ("CSV", table(ROWS)), ("CSV", table(ROWS).decode().encode("utf-16")),
        ("CSV", "Kontonummer;DE02\n\nBuchungstag;Verwendungszweck;Betrag (EUR)\n"
                "02.11.2026;STRIPE po 1;48,00\n03.11.2026;RENT Ä;-10,50\n".encode("cp1252")),
        ("CSV", "Completed Date,Description,Paid in,Paid out,Currency\n"
                "2026-11-02,STRIPE po 1,48.00,,EUR\n2026-11-03,RENT Ä,,10.50,EUR\n".encode()),
    ],
)  # fmt: skip
def test_same_lines_from_every_kind(kind: str, content: bytes) -> None:
    found, lines = read(content, "november")
    assert (found, [line[:3] for line in lines]) == (kind, LINES)
    assert "STRIPE po 1" in lines[0].text and "RENT Ä" in lines[1].text


def test_an_entry_of_many_payments_is_a_line_for_each_if_they_come_to_it() -> None:
    """Else it is one, so that none is counted twice."""
    entry = camt([("2026-11-02", "48.00", "one")])
    part = entry[entry.index(b"<TxDtls>") : entry.index(b"</NtryDtls>")]
    halves = part.replace(b"48.00", b"24.00") + part.replace(b"48.00", b"24.00").replace(
        b"one", b"two"
    )
    for parts, amounts in ((halves, [2400, 2400]), (part + part, [4800])):
        assert [one.amount for one in read(entry.replace(part, parts), "x")[1]] == amounts


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"), (b"\xef\xbb\xbf \n", "empty"), (b"x" * 20_000_001, "larger than 20 MB"),
        (b"<html><body>Sign in</body></html>", "no statement"), (camt(ROWS)[:900], "damaged"),
        (camt([]), "no line"), (camt(ROWS, after=1.0), "do not come"),
        (mt940(ROWS, after=1.0), "do not come"), (camt(ROWS, code="XXX"), "not known"),
        (camt(ROWS).replace(b"<Document", b'<!DOCTYPE x [<!ENTITY a "b">]><Document', 1), "no DTD"),
        (camt([("2026-13-02", "1.00", "x")]), "is no day"),
        (camt([("2026-11-02", "1.005", "x")]), "no amount in EUR"),
        (camt([("2026-11-02", "1e99", "x")]), "no amount"),
        (camt([("2026-11-02", "NaN", "x")]), "no amount"),
        (mt940(ROWS)[: mt940(ROWS).index(b":62F:")], "damaged"),
        (mt940(ROWS)[: mt940(ROWS).rindex(b",") - 60], "damaged"),
        (mt940(ROWS, after=1.0).replace(b":60F:", b":60M:"), "do not come"),
        (b"a,b\n1,2\n", "columns are not known"), (b"\0" * 99, "columns"),
        (b"Date,Amount\n2026-11-02,5\n", "no currency"), (b"%PDF-1.7 x", "not read"),
        (b"Date,Amount,Currency\n03/04/2026,1.00,EUR\n", "two ways"),
        (b"Date,Amount,Currency\n2026-11-02,1.234,EUR\n", "two ways"),
        (b"Date,Amount,Currency\nyesterday,1.00,EUR\n", "days can"),
        (b"Date,Amount,Currency\n2026-11-02,five,EUR\n", "is no amount"),
    ],
    ids=str,
)  # fmt: skip
def test_what_can_not_be_read_is_said_in_words(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(content, "november")


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1), st.sampled_from([",.", ".,"]))
def test_a_column_of_amounts_is_read_as_it_was_written(cents: list[int], signs: str) -> None:
    other = str.maketrans(",.", signs)
    written = [f"{one / 100:,.2f}".translate(other) for one in cents]
    assert [int(one * 100) for one in columns.numbers(written)] == cents
