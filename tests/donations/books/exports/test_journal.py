"""A month's journal, as a table and for beancount, whose own check reads it."""

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

from donations.books.booking import Entry, write
from donations.books.exports import beancount, journal
from newsroom.core.clock import month_of
from tests.donations.books.test_closing import NOVEMBER, OCTOBER, A, at, gift, october
from tests.tools import path_of

pytestmark = pytest.mark.django_db
__all__ = ["october"]


def test_journal_is_one_that_beancount_accepts(october, tmp_path: Path) -> None:
    write([gift("txn_kwd", at(7), 25_001, "kwd"), gift('txn "\\ “x”', at(8))])
    write([Entry("balance", "m", "usd", {A.FEES: 1, A.CLEARING: -1}, at(2, 11), 'a "memo"')])
    for first in (OCTOBER, NOVEMBER):
        text = "".join(beancount.ledger(first, month_of(first, 1)))
        assert bean_check(tmp_path / f"{first}.beancount", text) == ""
        other = re.sub(r"(balance Expenses:Fees) .* USD", r"\1 77 USD", text)
        assert "Balance failed" in bean_check(tmp_path / f"{first}-other.beancount", other)


def bean_check(file: Path, text: str) -> str:
    """What beancount says against it; it remembers a file by its name."""
    program = path_of("bean-check")
    if program is None:
        pytest.skip("needs Debian's beancount")
    file.write_text(text)
    found = subprocess.run([program, str(file)], capture_output=True, text=True, check=False)
    assert bool(found.returncode) == bool(found.stdout + found.stderr)
    return found.stdout + found.stderr


def test_journal_has_a_row_for_each_posting_and_nothing_of_other_months(october) -> None:
    write([gift("txn_november", at(2, 11))])
    head, *rows = journal.rows(OCTOBER, NOVEMBER)
    assert head[0] == "Date" and len(rows) == 8
    assert {str(row[3]) for row in rows} == {"txn_1", "txn_2", "txn_3"}
    debit = {code: sum(row[5] or 0 for row in rows if row[7] == code) for code in ("USD", "JPY")}
    credit = {code: sum(row[6] or 0 for row in rows if row[7] == code) for code in ("USD", "JPY")}
    assert debit == credit and debit["JPY"] == 3000
    assert not list(journal.bookings(date(2020, 1, 1), date(2020, 2, 1)))
