"""The bookings of a month as DATEV's programs import them (DATEV-Format, “Buchungsstapel”, header
700, version 13): a file for each currency, and one more for each 99,999 rows.

A row has one account on each side, so a booking of more postings is several rows. Text is in
quotation marks, empty text too; numbers are not (DATEV-Format, “Einstieg”).
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils import timezone

from donations import money
from donations.books.exports.journal import bookings
from donations.currencies import DECIMALS
from donations.models import Account, Booking, ClosedMonth, Datev, Posting
from newsroom.core.clock import month_of

MOST_ROWS = 99_999
MOST = 999_999_999_999  # hundredths in one row: ten digits before the comma
ENCODING = "cp1252"  # “Zeichensatz”: what each of its programs reads
VERSION, CATEGORY, NAME, FORMAT = 700, 21, "Buchungsstapel", 13


def _numbered(first: str, second: str, most: int) -> Iterator[str]:
    return chain.from_iterable((f"{first} {n}", f"{second} {n}") for n in range(1, most + 1))


HEADINGS = [
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz",
    "WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum",
    "Belegfeld 1", "Belegfeld 2", "Skonto", "Buchungstext", "Postensperre",
    "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre", "Beleglink",
    *_numbered("Beleginfo - Art", "Beleginfo - Inhalt", 8),
    "KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge",
    "EU-Land u. UStID (Bestimmung)", "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart",
    "Sachverhalt L+L", "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp",
    "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung",
    *_numbered("Zusatzinformation - Art", "Zusatzinformation- Inhalt", 20),
    "Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr",
    "Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer", "Buchungstyp",
    "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID",
    "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername",
    "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer", "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung",
    "Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)",
    "Steuersatz", "Land", "Abrechnungsreferenz", "BVV-Position", "EU-Land u. UStID (Ursprung)",
    "EU-Steuersatz (Ursprung)", "Abw. Skontokonto",
]  # fmt: skip
# By their numbers, as DATEV counts them.
TEXTS = {
    2, 3, 6, 9, 11, 12, 14, 16, *range(20, 39), 40, 42, *range(48, 88), 91, 95, 96, 98, 102, 103,
    105, 107, 109, 110, 112, 118, 120, 121, 123,
}  # fmt: skip


class Row(NamedTuple):
    """One account on each side; ``amount`` is above zero."""

    amount: Decimal
    debit: int
    credit: int
    day: date
    number: str
    reference: str
    words: str


def archive(file: IO[bytes], month: date, now: datetime) -> None:
    """A ZIP of all that was booked in the month that begins so. Which accounts they are must be
    known (``Datev.missing``)."""
    rules, after = Datev.load(), month_of(month, 1)
    booked = Booking.objects.filter(booked_on__gte=month, booked_on__lt=after)
    left_out = []
    with ZipFile(file, "w", ZIP_DEFLATED) as zipped:
        for currency in sorted(booked.order_by().values_list("currency", flat=True).distinct()):
            if DECIMALS[currency] > 2:
                left_out.append(currency.upper())
                continue
            found = rows(bookings(month, after, currency), rules)
            for number, some in enumerate(_files(found), 1):
                name = f"EXTF_Buchungsstapel_{month:%Y-%m}_{currency.upper()}_{number}.csv"
                with zipped.open(name, "w") as written:
                    for line in _lines(some, rules, month, currency, now):
                        written.write(line.encode(ENCODING, "replace"))
        if left_out:
            words = f"Not in here: {', '.join(left_out)}. DATEV has two decimals, these have three."
            zipped.writestr("NOT-IN-HERE.txt", words)


def _files(found: Iterator[Row]) -> Iterator[Iterator[Row]]:
    """Each of as many rows as a file may have. Each is to be read before the next."""

    def some(first: Row) -> Iterator[Row]:
        yield first
        for _ in range(MOST_ROWS - 1):
            if (row := next(found, None)) is None:
                return
            yield row

    while (first := next(found, None)) is not None:
        yield some(first)


def rows(found: Iterable[tuple[Booking, list[Posting]]], rules: Datev) -> Iterator[Row]:
    """As many for a booking as it has postings, less one."""
    for booking, lines in found:
        what = str(booking.get_kind_display())
        posted = {Account(line.account): line.amount for line in lines}
        for amount, debit, credit in pairs(posted):
            whole = money.units(amount, booking.currency).scaleb(2)
            for part in _parts(int(whole)):
                yield Row(
                    Decimal(part).scaleb(-2), rules.number_of(debit), rules.number_of(credit),
                    booking.booked_on, f"{booking.pk}", booking.reference,
                    f"{what} {booking.memo}".strip(),
                )  # fmt: skip


def pairs(posted: dict[Account, int]) -> Iterator[tuple[int, Account, Account]]:
    """Amount, debit, credit: what is posted, with one account on each side. The largest first."""
    left = dict(posted)
    while left:
        debit, credit = max(left, key=left.__getitem__), min(left, key=left.__getitem__)
        amount = min(left[debit], -left[credit])
        yield amount, debit, credit
        left[debit] -= amount
        left[credit] += amount
        left = {account: rest for account, rest in left.items() if rest}


def _parts(hundredths: int) -> Iterator[int]:
    while hundredths:
        yield min(hundredths, MOST)
        hundredths -= min(hundredths, MOST)


def _lines(
    found: Iterable[Row], rules: Datev, month: date, currency: str, now: datetime
) -> Iterator[str]:
    yield header(rules, month, currency, now)
    yield f"{';'.join(HEADINGS)}\r\n"
    for row in found:
        yield line(row, currency)


def header(rules: Datev, month: date, currency: str, now: datetime) -> str:
    """Of 31 fields. A month that is closed comes so that nobody changes it (“Festschreibung”)."""
    closed = ClosedMonth.objects.filter(month=month).exists()
    last = month_of(month, 1).toordinal() - 1
    made = timezone.localtime(now).strftime("%Y%m%d%H%M%S%f")[:17]
    fields: list[object] = [
        _quoted("EXTF"), VERSION, CATEGORY, _quoted(NAME), FORMAT, made, "", _quoted(""),
        _quoted(""), _quoted(""), rules.consultant, rules.client,
        f"{rules.year_of(month):%Y%m%d}", rules.digits, f"{month:%Y%m%d}",
        f"{date.fromordinal(last):%Y%m%d}", _quoted(f"Books {month:%Y-%m} {currency.upper()}"),
        _quoted(""), 1, 0, int(closed), _quoted(currency.upper()), "", _quoted(""), "", "",
        _quoted(""), "", "", _quoted(""), _quoted(""),
    ]  # fmt: skip
    return f"{';'.join(map(str, fields))}\r\n"


def line(row: Row, currency: str) -> str:
    """The whole reference stands where there is room for it; “Belegfeld 1” is the booking's
    number, by which both find it."""
    filled = {
        1: f"{row.amount:.2f}".replace(".", ","),
        2: "S",
        3: currency.upper(),
        7: row.debit,
        8: row.credit,
        10: f"{row.day:%d%m}",
        11: row.number,
        14: row.words[:60],
        21: "Reference",
        22: row.reference[:210],
    }
    fields = (
        _quoted(filled.get(n, "")) if n in TEXTS else str(filled.get(n, ""))
        for n in range(1, len(HEADINGS) + 1)
    )
    return f"{';'.join(fields)}\r\n"


def _quoted(text: object) -> str:
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", str(text)).replace('"', '""')
    return f'"{plain}"'
