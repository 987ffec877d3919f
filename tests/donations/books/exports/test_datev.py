"""What DATEV would import: each field as “DATEV-Format” has it, and sums that are the books'."""

import csv
import io
import re
import zipfile
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from donations.books import closing
from donations.books.booking import Entry, write
from donations.books.exports import datev
from donations.models import Account, Booking, Datev
from tests.donations.books.test_closing import NOW, OCTOBER, A, at, gift, october
from tests.factories import make_user

__all__ = ["october"]
pytestmark = pytest.mark.django_db
TEXT, NOTHING = r'"(?:[^"\x00-\x1f]|"")*"', ""
# Of the header's 31 fields (“Header”), as they stand in the file.
HEADER = [
    '"EXTF"', "700", "21", '"Buchungsstapel"', "13", r"20\d{15}", NOTHING, r'"\w{0,2}"',
    r'"\w{0,25}"', r'"\w{0,25}"', r"\d{4,7}", r"\d{1,5}", r"20\d\d(0[1-9]|1[0-2])01", "[4-8]",
    r"20\d{6}", r"20\d{6}", r'"[\w.\-/ ]{0,30}"', '"([A-Z]{2}){0,2}"', "[12]?",
    "(0|30|40|50|64)?", "[01]", '"[A-Z]{3}"', NOTHING, '""', NOTHING, NOTHING, r'"\d{0,4}"',
    r"\d{0,4}", NOTHING, '""', '".{0,16}"',
]  # fmt: skip
# Of a row's 125 (“Buchungsstapel”): those that may be filled; the others are empty.
FIELDS = {
    1: r"(?!0{1,10},00)\d{1,10},\d{2}", 2: '"[SH]"', 3: '"[A-Z]{3}"', 4: r"([1-9]\d{0,3},\d{2,6})?",
    5: r"(\d{1,10},\d{2})?", 6: '"([A-Z]{3})?"', 7: r"(?!0+$)\d{1,9}", 8: r"(?!0+$)\d{1,9}",
    9: r'"(\d{4})?"', 10: r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])", 11: r'"[\w$&%*+\-/]{0,36}"',
    12: r'"[\w$&%*+\-/]{0,12}"', 13: r"([1-9]\d{0,7},\d{2})?", 14: '"(?:[^"]|""){0,60}"',
    21: '"(?:[^"]|""){0,20}"', 22: '"(?:[^"]|""){0,210}"', 114: "[01]?",
}  # fmt: skip
CELL = re.compile(rf"({TEXT}|[^;\"]*)(;|$)")


def cells(line: str) -> list[str]:
    """As they stand there, in their quotation marks."""
    found, at = [], 0
    while True:
        match = CELL.match(line, at)
        assert match, line[at:]
        found.append(match[1])
        if not match[2]:
            return found
        at = match.end()


def problems(name: str, content: bytes) -> list[str]:
    """Where a file breaks the format. [] for one that DATEV takes."""
    found = [] if re.fullmatch(r"EXTF_[\w-]+\.csv", name) else [f"name {name}"]
    text = content.decode("cp1252")
    *lines, last = text.split("\r\n")
    if last or "\n" in "".join(lines):
        return [*found, "ends of lines"]
    header = cells(lines[0])
    found += [] if len(header) == 31 else [f"{len(header)} fields in the header"]
    for n, (value, wanted) in enumerate(zip(header, HEADER, strict=False), 1):
        found += [] if re.fullmatch(wanted, value) else [f"header {n}: {value}"]
    found += [] if 1001 <= int(header[10]) <= 9_999_999 else ["consultant"]
    begins, first, last_day = (header[n] for n in (12, 14, 15))
    found += [] if begins <= first <= last_day else ["days of the header"]
    rows = lines[2:]
    found += [] if lines[1] == ";".join(datev.HEADINGS) else ["headings"]
    found += [] if 0 < len(rows) <= 99_999 else [f"{len(rows)} rows"]
    for number, row in enumerate(map(cells, rows), 1):
        found += [f"row {number}: {words}" for words in problems_of(row, header)]
    return found


def problems_of(row: list[str], header: list[str]) -> list[str]:
    if len(row) != 125:
        return [f"{len(row)} fields"]
    found = []
    for n, value in enumerate(row, 1):
        empty = '""' if n in datev.TEXTS else ""
        if not re.fullmatch(FIELDS.get(n, empty), value):
            found.append(f"field {n}: {value}")
    day = header[14][:4] + row[9][2:] + row[9][:2]
    found += [] if header[14] <= day <= header[15] else [f"day {day}"]
    digits = int(header[13])
    found += [] if max(len(row[6]), len(row[7])) <= digits + 1 else ["length of an account"]
    found += [] if row[6] != row[7] else ["both sides the same"]
    foreign = row[2] != header[21]
    found += ["a rate is missing"] if foreign and not (row[3] and row[4]) else []
    return found


@pytest.fixture
def rules(site) -> Datev:
    found = Datev.load()
    found.consultant, found.client = 29098, 55003
    for number, account in enumerate(Account, 1360):
        setattr(found, account.value, number)
    found.save()
    return found


def files(month: date = OCTOBER) -> dict[str, bytes]:
    made = io.BytesIO()
    datev.archive(made, month, NOW)
    with zipfile.ZipFile(made) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def sums_of(content: bytes) -> Counter[int]:
    """Account -> what its rows come to, in hundredths."""
    found: Counter[int] = Counter()
    rows = list(csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";"))[2:]
    for row in rows:
        amount = int(Decimal(row[0].replace(",", ".")) * 100) * (1 if row[1] == "S" else -1)
        found[int(row[6])] += amount
        found[int(row[7])] -= amount
    return Counter({account: amount for account, amount in found.items() if amount})


def test_file_is_as_the_format_has_it_and_comes_to_what_the_books_say(october, rules) -> None:
    write([gift('txn "x";ä→', at(7)), Entry(
        "bank", "bank line 7, 2", "usd", {A.BANK: 5, A.TRANSIT: -5}, at(31), "“memo”\r\n" + "x" * 99
    )])  # fmt: skip
    found = files()
    assert list(found) == [
        "EXTF_Buchungsstapel_2026-10_JPY_1.csv", "EXTF_Buchungsstapel_2026-10_USD_1.csv",
    ]  # fmt: skip
    for name, content in found.items():
        assert problems(name, content) == []
        code = name[-9:-6].lower()
        one = 1 if code == "usd" else 100
        said = Booking.objects.filter(currency=code).balances()
        assert sums_of(content) == {
            rules.number_of(Account(account)): amount * one
            for (_, account), amount in said.items()
            if amount
        }
    text = found["EXTF_Buchungsstapel_2026-10_USD_1.csv"].decode("cp1252")
    assert '"Reference";"txn ""x"";ä?"' in text and '96,67;"S";"USD"' in text
    assert found["EXTF_Buchungsstapel_2026-10_JPY_1.csv"].count(b'2900,00;"S"') == 1


def test_header_says_whose_books_and_whether_the_month_is_closed(october, rules) -> None:
    rules.year_begins_in = 11
    rules.save()

    def header() -> list[str]:
        return cells(
            files()["EXTF_Buchungsstapel_2026-10_USD_1.csv"].decode("cp1252").split("\r\n")[0]
        )

    expected = '29098;55003;20251101;4;20261001;20261031;"Books 2026-10 USD";"";1;0;0;"USD"'
    assert header()[10:22] == expected.split(";")
    closing.close(OCTOBER, "officer", NOW)
    assert header()[20] == "1"


def test_no_file_has_more_rows_than_may_be_imported(october, rules, monkeypatch) -> None:
    monkeypatch.setattr(datev, "MOST_ROWS", 2)
    found = {name: content for name, content in files().items() if "USD" in name}
    assert [content.count(b"\r\n") - 2 for content in found.values()] == [2, 1]
    assert [name[-5] for name in found] == ["1", "2"]
    assert not any(problems(name, content) for name, content in found.items())


def test_what_has_three_decimals_is_named_as_left_out(october, rules) -> None:
    write([gift("txn_kwd", at(7), 25_001, "kwd")])
    found = files()
    assert len(found) == 3 and found["NOT-IN-HERE.txt"].startswith(b"Not in here: KWD.")


def test_amount_that_is_too_long_for_a_field_takes_several_rows(october, rules) -> None:
    much = 2 * 10**12 + 7
    write([Entry("balance", "much", "eur", {A.CLEARING: much, A.DONATIONS: -much}, at(7))])
    [(name, content)] = [one for one in files().items() if "EUR" in one[0]]
    assert problems(name, content) == [] and content.count(b"\r\n") == 2 + 3
    assert sums_of(content)[rules.clearing] == much


def test_checker_sees_what_is_wrong(october, rules) -> None:
    name, good = next(iter(files().items()))
    for wrong, right in (
        (b"EXTF", b"DTVF"), (b";700;", b";510;"), (b'"S"', b"S"), (b"2900,00", b"2900.00"),
        (b"2900,00", b"2.900,00"), (b"2900,00", b"-2900,00"), (b";3110;", b";3111;"),
        (b";1360;", b";;"), (b"\r\n", b"\n"), (b"29098", b"998"), (b'"JPY"', b'"EUR"'),
        (b'"Reference"', b'"Reference";'), (b";1360;", b";1360000;"),
    ):  # fmt: skip
        assert wrong in good, wrong
        assert problems(name, good.replace(wrong, right, 1)), right
    assert problems("books.csv", good)


def test_accounts_are_asked_for_and_are_not_too_long(rules) -> None:
    rules.fees = None
    assert rules.missing == ["“Fees”"]
    rules.bank = 100_000
    with pytest.raises(ValidationError, match="At most 5 digits"):
        rules.full_clean()
    rules.bank, rules.consultant = 99_999, 1000
    with pytest.raises(ValidationError, match="1001"):
        rules.full_clean()


def test_finance_takes_it_away_once_the_accounts_are_known(october, client) -> None:
    client.force_login(make_user("Finance leads"))
    page = client.get("/admin/months/2026-10/datev/", follow=True).text
    assert "do not say yet: consultant, client, “At Stripe”" in page
    form = {"consultant": 29098, "client": 1, "digits": 4, "year_begins_in": 1}
    form |= {account: n for n, account in enumerate(Account.values, 1360)}
    pk = Datev.load().pk
    assert client.post(f"/admin/settings/donations/datev/{pk}/", form).status_code == 302
    answer = client.get("/admin/months/2026-10/datev/")
    assert "journal-2026-10.datev.zip" in answer["Content-Disposition"]
    assert answer.getvalue()[:2] == b"PK"


splits = st.dictionaries(
    st.sampled_from(list(Account)), st.integers(-(10**9), 10**9).filter(bool), min_size=1
)


@given(splits)
def test_pairs_come_to_what_is_posted(posted: dict[Account, int]) -> None:
    posted = dict(posted)
    rest = -sum(posted.values())
    first = next(iter(posted))
    posted[first] += rest
    posted = {account: amount for account, amount in posted.items() if amount}
    found: Counter[Account] = Counter()
    pairs = list(datev.pairs(posted))
    for amount, debit, credit in pairs:
        assert amount > 0
        found[debit] += amount
        found[credit] -= amount
    assert {account: amount for account, amount in found.items() if amount} == posted
    assert len(pairs) <= max(len(posted) - 1, 0)
