"""Whatever a cell holds, a spreadsheet program reads it back as what it is, and runs nothing."""

import csv
import io
import tracemalloc
import unicodedata
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from newsroom.core.spreadsheets import PRECISE, csv_file, xlsx_file

EVIL = [
    '=HYPERLINK("https://x.example","Ann")', "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1", "\n=1",
    "\tx", "\rx", "\nx", "＝1+1", "＋1", "－1", "＠SUM(A1)", "﹦1", "﹢1", "⁼1", "−1+1",
    "  =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\u2060=1", "\u202e=1", "\u3000＝1", "\u3164=1",
    "\x00=1", "\x1b=1", "\u034f=1", "=cmd|' /C calc'!A0", "Ann;=1+1", "Ann;\u200b@SUM(A1)",
    "Ann\t=1", "Ann\n=1", "Ann\r\n-1", "#N/A", "http://x.example/", "'=1", "_x003D_1", "=",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(EVIL), st.text(max_size=40))
NUMBERS = st.one_of(
    st.integers(-(10**14), 10**14),
    st.decimals(-(10**9), 10**9, places=2),
    st.decimals(-(10**9), 10**9, places=3),
)


def in_csv(*cells: object) -> list[str]:
    content = b"".join(csv_file([cells]))
    assert content.startswith("\ufeff".encode())
    [row] = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return row


def in_xlsx(*cells: object) -> list[Any]:
    book = load_workbook(xlsx_file([cells]))
    return [book.active.cell(1, column) for column in range(1, len(cells) + 1)]


def begins_formula(text: str) -> bool:
    """Told apart from the code under test: by the first character that shows any ink."""
    inkless = ("C", "Z", "M")
    blanks = "\u115f\u1160\u2800\u3164\uffa0"
    seen = [c for c in text if unicodedata.category(c)[0] not in inkless and c not in blanks]
    return bool(seen) and unicodedata.normalize("NFKC", seen[0])[0] in "=+-@−"


@pytest.mark.parametrize("text", EVIL)
def test_no_text_is_a_formula(text: str) -> None:
    [shown] = in_csv(text)
    for cell in (shown, *shown.replace("\t", ";").replace("\r", ";").replace("\n", ";").split(";")):
        assert not begins_formula(cell)
    assert not shown.startswith(("\t", "\r", "\n"))
    [cell] = in_xlsx(text)
    assert cell.data_type == "s" and cell.hyperlink is None


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_text_stays_what_it_was_but_for_apostrophes(text: str) -> None:
    [shown] = in_csv(text)
    assert not begins_formula(shown)
    assert not any(begins_formula(cell) for cell in shown.split(";"))
    letters = [c for c in text if c.isalnum()]
    assert [c for c in shown if c.isalnum()] == letters
    [cell] = in_xlsx(text)
    assert cell.data_type == ("s" if cell.value else "inlineStr")
    assert [c for c in cell.value or "" if c.isalnum()] == letters


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(NUMBERS)
def test_number_stays_a_number_below_zero_too(number: int | Decimal) -> None:
    assert Decimal(in_csv(number)[0]) == number
    [cell] = in_xlsx(number)
    assert cell.data_type == "n" and Decimal(str(cell.value)) == number


ANYTHING = st.one_of(
    TEXTS, NUMBERS, st.floats(), st.integers(), st.decimals(), st.booleans(), st.none(),
    st.datetimes(), st.datetimes(timezones=st.just(UTC)), st.dates(), st.times(),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(ANYTHING, min_size=1, max_size=8))
def test_any_row_can_be_written(cells: list[object]) -> None:
    assert len(in_csv(*cells)) == len(cells)
    assert all(cell.data_type != "f" for cell in in_xlsx(*cells))


def test_time_is_local_and_says_its_distance_from_utc() -> None:
    winter, summer = datetime(2026, 1, 31, 23, 30, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
    assert in_csv(winter, summer) == ["2026-02-01 00:30:00+01:00", "2026-07-01 02:00:00+02:00"]
    cold, warm = in_xlsx(winter, summer)
    assert cold.value == datetime(2026, 2, 1, 0, 30) and cold.number_format.endswith('"+01:00"')  # noqa: DTZ001
    assert warm.value == datetime(2026, 7, 1, 2, 0) and warm.number_format.endswith('"+02:00"')  # noqa: DTZ001
    assert warm.is_date
    assert in_csv(date(2026, 7, 1), time(9, 5)) == ["2026-07-01", "09:05:00"]


def test_amount_has_all_its_decimals() -> None:
    amounts = (Decimal("12.50"), Decimal("-0.10"), Decimal(1000), Decimal("1.250"))
    assert in_csv(*amounts) == ["12.50", "-0.10", "1000", "1.250"]
    cells = in_xlsx(*amounts)
    assert [cell.number_format for cell in cells] == ["0.00", "0.00", "0", "0.000"]
    assert [cell.value for cell in cells] == [12.5, -0.1, 1000, 1.25]


def test_number_with_more_digits_than_a_spreadsheet_keeps_is_text() -> None:
    long = 10**PRECISE + 1
    assert in_xlsx(long)[0].value == str(long)
    assert in_xlsx(Decimal("NaN"))[0].data_type == "s"


def test_day_before_the_spreadsheets_calendar_is_text() -> None:
    """Excel has a 29 February 1900, and nothing before that year."""
    last, first = date(1900, 2, 28), date(1900, 3, 1)
    assert [cell.data_type for cell in in_xlsx(last, first)] == ["s", "d"]
    moments = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in (last, first)]
    assert [cell.data_type for cell in in_xlsx(*moments)] == ["s", "d"]


def test_long_text_is_cut_in_xlsx_only() -> None:
    assert in_xlsx("x" * 32_767)[0].value == "x" * 32_767
    assert in_xlsx("x" * 32_768)[0].value == "x" * 32_766 + "…"
    assert in_csv("x" * 40_000) == ["x" * 40_000]


def test_empty_table_is_a_file_too() -> None:
    assert b"".join(csv_file([])) == "\ufeff".encode()
    assert load_workbook(xlsx_file([])).active.max_row <= 1


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows() -> None:
    def most(many: int) -> int:
        tracemalloc.start()
        for _ in csv_file(["Ann", number, Decimal("1.50")] for number in range(many)):
            pass
        xlsx_file(["Ann", number, Decimal("1.50")] for number in range(many)).close()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(10)
    assert most(6000) < most(300) + 200_000
