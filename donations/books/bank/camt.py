"""CAMT.053 (ISO 20022, “Bank to Customer Statement”), of any version and with any prefix.

Our own: what parses it in Python is under the GPL, or brings a web server along.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from lxml import etree

from donations.books.bank.line import Line, line
from newsroom.core.table_files.reading import Unreadable

UNCLEAR = "This is no statement that can be read here. Please take CAMT.053, MT940 or CSV."
DAMAGED = "This file is damaged, or was cut off. Please export it once more."
# Who, what for, and each number by which it may be found; one that is “NOTPROVIDED” says nothing.
SAYS = [
    "RltdPties//{*}Nm", "RmtInf//{*}Ustrd", "RmtInf//{*}Ref", "RmtInf//{*}AddtlRmtInf",
    "Refs/{*}EndToEndId", "Refs/{*}AcctSvcrRef", "Refs/{*}InstrId", "AddtlTxInf",
]  # fmt: skip


class Statement(NamedTuple):
    """``before`` and ``after``: what the account held, in whole units, or None."""

    lines: list[Line]
    before: Decimal | None
    after: Decimal | None


def statements(content: bytes) -> list[Statement]:
    """Raises Unreadable."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(DAMAGED) from error
    if root.getroottree().docinfo.doctype:
        raise Unreadable("A statement has no DTD: this file is not opened.")
    found = root.findall(".//{*}Stmt") or root.findall(".//{*}Rpt")
    if not found:
        raise Unreadable(UNCLEAR)
    return [_statement(one) for one in found]


def _statement(found: Any) -> Statement:
    account = _text(found, "{*}Acct/{*}Id//{*}IBAN") or _text(found, "{*}Acct/{*}Id//{*}Id")
    lines = [
        one
        for entry in found.findall("{*}Ntry")
        if _text(entry, "{*}Sts/{*}Cd") == "BOOK" or _text(entry, "{*}Sts") in ("BOOK", "")
        for one in _lines(entry, account)
    ]
    held = {_text(one, ".//{*}CdOrPrtry/{*}Cd"): one for one in found.findall("{*}Bal")}
    before = held.get("OPBD", held.get("PRCD"))
    return Statement(lines, _amount(before), _amount(held.get("CLBD")))


def _lines(entry: Any, account: str) -> Iterator[Line]:
    """An entry is a line. One of many payments is a line for each, if their amounts are all there
    and come to its own."""
    whole, day = _amount(entry), _day(entry)
    code = entry.find("{*}Amt").get("Ccy", "")
    parts = entry.findall("{*}NtryDtls/{*}TxDtls")
    amounts = [_amount(part) for part in parts]
    said = [_text(entry, "{*}AcctSvcrRef"), _text(entry, "{*}AddtlNtryInf")]
    if len(parts) > 1 and None not in amounts and sum(filter(None, amounts)) == whole:
        for part, amount in zip(parts, amounts, strict=True):
            yield line(day, amount, code, [*_said(part), *said], account)
    else:
        texts = [text for part in parts for text in _said(part)]
        yield line(day, whole, code, [*texts, *said], account)


def _said(part: Any) -> list[str]:
    found = [one.text or "" for path in SAYS for one in part.findall("{*}" + path)]
    return [text for text in found if text.strip().upper() != "NOTPROVIDED"]


def _day(entry: Any) -> date:
    text = _text(entry, "{*}BookgDt/*") or _text(entry, "{*}ValDt/*")
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise Unreadable(f"“{text[:20]}” is no day.") from error


def _amount(found: Any) -> Decimal | None:
    """With its sign; a part without one has its entry's. None where there is none."""
    text = _text(found, "{*}Amt") if found is not None else ""
    if not text:
        return None
    sign = _text(found, "{*}CdtDbtInd")
    if not sign and found.getparent() is not None:
        sign = _text(found.getparent().getparent(), "{*}CdtDbtInd")
    try:
        return Decimal(text) * (-1 if sign == "DBIT" else 1)
    except InvalidOperation as error:
        raise Unreadable(f"“{text[:40]}” is no amount.") from error


def _text(found: Any, path: str) -> str:
    return (found.findtext(path) or "").strip()
