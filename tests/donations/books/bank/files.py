"""Statements as banks write them, small."""

from collections.abc import Sequence

Rows = Sequence[tuple[str, str, str]]  # day, amount with a sign, text
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-03T05:00:00</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>{code}</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="{code}">1000.00</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="{code}">{after:.2f}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-30</Dt></Dt></Bal>
{entries}</Stmt></BkToCstmrStmt></Document>"""
ENTRY = """<Ntry><Amt Ccy="{code}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>
<AcctSvcrRef>REF</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>E2E</EndToEndId></Refs>
<Amt Ccy="{code}">{amount}</Amt><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""


def camt(rows: Rows, code: str = "EUR", after: float | None = None) -> bytes:
    entries = "".join(
        ENTRY.format(
            code=code, day=day, text=text, amount=amount.lstrip("-"),
            sign="DBIT" if amount.startswith("-") else "CRDT",
        )
        for day, amount, text in rows
    )  # fmt: skip
    end = 1000 + sum(float(amount) for _, amount, _ in rows) if after is None else after
    return CAMT.format(code=code, after=end, entries=entries).encode()


def mt940(rows: Rows, code: str = "EUR", after: float | None = None) -> bytes:
    lines = [":20:START", ":25:37040044/0532013000", ":28C:1/1", f":60F:C261101{code}1000,00"]
    for day, amount, text in rows:
        sign = "D" if amount.startswith("-") else "C"
        short = day[2:].replace("-", "")
        lines.append(
            f":61:{short}{short[2:]}{sign}{amount.lstrip('-').replace('.', ',')}N051NONREF"
        )
        lines.append(f":86:166?20{text}")
    end = 1000 + sum(float(amount) for _, amount, _ in rows) if after is None else after
    return "\r\n".join([*lines, f":62F:C261130{code}{end:.2f}".replace(".", ","), "-", ""]).encode()


def table(rows: Rows, code: str = "EUR") -> bytes:
    lines = [f"{day},{amount},{code},{text}" for day, amount, text in rows]
    return "\n".join(["Date,Amount,Currency,Description", *lines]).encode()
