"""Receipts and annual statements as PDF, in the donor's language, written when asked for.

Typeset by Typst, whose own fonts cover Latin, Greek and Cyrillic; no font, file or network of
the machine is used. What a document says follows from its rows, so it is not stored.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format

from donations import money
from donations.giving.receipt_words import WORDS
from donations.models import Contribution, Donor, Receipt
from newsroom.models import Masthead

TEMPLATES: Path = settings.BASE_DIR / "templates/donations/receipts"


def receipt(found: Receipt) -> bytes:
    """The receipt of one contribution."""
    contribution = found.contribution
    language = _language(contribution.donor)
    words = WORDS[language]
    rows = [
        (words["number"], str(found)),
        (words["received"], _day(contribution.received_at, language)),
        (words["amount"], _amount(contribution.amount, contribution.currency)),
        (words["rhythm"], words[contribution.frequency]),
    ]
    if contribution.payment_method:
        rows.append((words["paid_with"], contribution.payment_method))
    if contribution.refunded:
        rows.append((words["returned"], _amount(contribution.refunded, contribution.currency)))
    if contribution.status == Contribution.Status.DISPUTED:
        rows.append((words["returned"], words["disputed"]))
    return _typeset(
        "receipt", contribution.donor, language, f"{words['receipt']} {found}", facts=rows
    )


def statement(donor: Donor, year: int) -> bytes | None:
    """All that a donor gave in a year, by the newsroom's clock; None when it was nothing."""
    contributions = list(contributions_of(donor, year))
    if not contributions:
        return None
    language = _language(donor)
    words = WORDS[language]
    totals: dict[str, int] = {}
    for contribution in contributions:
        totals[contribution.currency] = totals.get(contribution.currency, 0) + kept(contribution)
    return _typeset(
        "statement",
        donor,
        language,
        f"{words['statement']} {year}",
        columns=[words[name] for name in ("received", "number", "amount", "returned")],
        rows=[
            (
                _day(contribution.received_at, language),
                str(contribution.receipt),
                _amount(contribution.amount, contribution.currency),
                _amount(contribution.amount - kept(contribution), contribution.currency)
                if kept(contribution) < contribution.amount
                else "",
            )
            for contribution in contributions
        ],
        totals=[(words["total"], _amount(total, code)) for code, total in sorted(totals.items())],
    )


def contributions_of(donor: Donor, year: int) -> Any:
    """The contributions with a receipt of that year, oldest first."""
    return (
        donor.contributions.filter(receipt__year=year)
        .select_related("receipt")
        .order_by("receipt__number")
    )


def years_of(donor: Donor) -> list[int]:
    found = Receipt.objects.filter(contribution__donor=donor).values_list("year", flat=True)
    return sorted(set(found), reverse=True)


def kept(contribution: Contribution) -> int:
    """What is left of a contribution after refunds and disputes, in the smallest unit."""
    return (
        0
        if contribution.status == Contribution.Status.DISPUTED
        else contribution.amount - contribution.refunded
    )


def _typeset(name: str, donor: Donor | None, language: str, title: str, **data: Any) -> bytes:
    masthead = Masthead.load()
    data |= {
        "title": title,
        "language": language,
        "date": _day(timezone.now(), language),
        "donor": [line for line in (donor.name, donor.email) if line] if donor else [],
        "newsroom": {
            "name": masthead.name,
            "address": masthead.postal_address,
            "contact": masthead.contact_email,
        },
        "thanks": WORDS[language]["thanks"],
    }
    document: bytes = typst.compile(
        str(TEMPLATES / f"{name}.typ"),
        root=str(TEMPLATES),
        sys_inputs={"data": json.dumps(data)},
        ignore_system_fonts=True,
        pdf_standards="ua-1",  # tagged, for screen readers (PDF/UA-1, ISO 14289-1)
    )
    return document


def _language(donor: Donor | None) -> str:
    return donor.language if donor and donor.language in WORDS else "en"


def _day(moment: datetime | None, language: str) -> str:
    pattern = "j F Y" if language == "en" else "DATE_FORMAT"  # Django's English is American
    with translation.override(language):
        return date_format(timezone.localtime(moment), pattern) if moment else ""


def _amount(amount: int, code: str) -> str:
    """“12.50 EUR”: by its ISO code, which no tax office mistakes."""
    return f"{money.exact(amount, code):,f} {code.upper()}"
