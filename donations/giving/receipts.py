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
    """The receipt of one gift."""
    gift = found.contribution
    language = _language(gift.donor)
    words = WORDS[language]
    rows = [
        (words["number"], str(found)),
        (words["received"], _day(gift.received_at, language)),
        (words["amount"], _amount(gift.amount, gift.currency)),
        (words["rhythm"], words[gift.frequency]),
    ]
    if gift.payment_method:
        rows.append((words["paid_with"], gift.payment_method))
    if gift.refunded:
        rows.append((words["returned"], _amount(gift.refunded, gift.currency)))
    if gift.status == Contribution.Status.DISPUTED:
        rows.append((words["returned"], words["disputed"]))
    return _typeset("receipt", gift.donor, language, f"{words['receipt']} {found}", facts=rows)


def statement(donor: Donor, year: int) -> bytes | None:
    """All that a donor gave in a year, by the newsroom's clock; None when it was nothing."""
    gifts = list(gifts_of(donor, year))
    if not gifts:
        return None
    language = _language(donor)
    words = WORDS[language]
    totals: dict[str, int] = {}
    for gift in gifts:
        totals[gift.currency] = totals.get(gift.currency, 0) + kept(gift)
    return _typeset(
        "statement",
        donor,
        language,
        f"{words['statement']} {year}",
        columns=[words[name] for name in ("received", "number", "amount", "returned")],
        rows=[
            (
                _day(gift.received_at, language),
                str(gift.receipt),
                _amount(gift.amount, gift.currency),
                _amount(gift.amount - kept(gift), gift.currency)
                if kept(gift) < gift.amount
                else "",
            )
            for gift in gifts
        ],
        totals=[(words["total"], _amount(total, code)) for code, total in sorted(totals.items())],
    )


def gifts_of(donor: Donor, year: int) -> Any:
    """The gifts with a receipt of that year, oldest first."""
    return (
        donor.contributions.filter(receipt__year=year)
        .select_related("receipt")
        .order_by("receipt__number")
    )


def years_of(donor: Donor) -> list[int]:
    found = Receipt.objects.filter(contribution__donor=donor).values_list("year", flat=True)
    return sorted(set(found), reverse=True)


def kept(gift: Contribution) -> int:
    """What is left of a gift after refunds and disputes, in the smallest unit."""
    return 0 if gift.status == Contribution.Status.DISPUTED else gift.amount - gift.refunded


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
    """«12.50 EUR»: by its ISO code, which no tax office mistakes."""
    return f"{money.exact(amount, code):,f} {code.upper()}"
