"""Receipts and annual statements as PDF, in the donor's language, written when asked for.

What a document says follows from its rows, so it is not stored.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from donations import money
from donations.giving.typesetting import one_line, pdf
from donations.models import Contribution, Donor, Receipt
from newsroom.core.languages import OWN, apart, direction, speaking, spoken
from newsroom.models import Masthead


def receipt(found: Receipt) -> bytes:
    """The receipt of one contribution."""
    contribution = found.contribution
    with speaking(contribution.donor.language if contribution.donor else OWN):
        rows = [
            (_("Number"), apart(str(found))),
            (_("Received on"), _day(contribution.received_at)),
            (_("Amount"), _amount(contribution.amount, contribution.currency)),
            (_("How often"), str(contribution.get_frequency_display())),
        ]
        if contribution.payment_method:
            rows.append((_("Paid with"), one_line(contribution.payment_method)))
        if contribution.returned:
            rows.append((_("Returned"), _amount(contribution.returned, contribution.currency)))
        if contribution.status == Contribution.Status.DISPUTED:
            rows.append((_("Returned"), _("Taken back by the bank")))
        title = _("Receipt {number}").format(number=apart(str(found)))
        return _typeset("receipt", contribution.donor, title, facts=rows)


def statement(donor: Donor, year: int) -> bytes | None:
    """All that a donor gave in a year, by the newsroom's clock; None when it was nothing.

    Of each contribution it says what is left on the day it is written, though it may have gone back
    in another year: nobody is told to declare what they have back.
    """
    contributions = list(contributions_of(donor, year))
    if not contributions:
        return None
    totals: dict[str, int] = {}
    for contribution in contributions:
        totals[contribution.currency] = totals.get(contribution.currency, 0) + contribution.left
    with speaking(donor.language):
        return _typeset(
            "statement",
            donor,
            _("Contributions in {year}").format(year=year),
            columns=[_("Received on"), _("Number"), _("Amount"), _("Returned")],
            rows=[
                (
                    _day(contribution.received_at),
                    apart(str(contribution.receipt)),
                    _amount(contribution.amount, contribution.currency),
                    _amount(contribution.returned, contribution.currency)
                    if contribution.returned
                    else "",
                )
                for contribution in contributions
            ],
            totals=[(_("Total"), _amount(total, code)) for code, total in sorted(totals.items())],
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


def _typeset(name: str, donor: Donor | None, title: str, **data: Any) -> bytes:
    """In the language that is spoken."""
    masthead = Masthead.load()
    newsroom = one_line(masthead.name)
    contact = [one_line(text) for text in (masthead.postal_address, masthead.contact_email)]
    typed = [one_line(text) for text in (donor.name, donor.email)] if donor else []
    data |= {
        "title": title,
        "language": spoken(),
        "direction": direction(spoken()),
        "date": _day(timezone.now()),
        "donor": [apart(line) for line in typed if line],
        "newsroom": newsroom,
        "footer": " · ".join(apart(text) for text in (newsroom, *contact) if text),
        "thanks": _("Thank you. You keep us independent."),
    }
    return pdf(name, data)


def _day(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment)) if moment else ""


def _amount(amount: int, code: str) -> str:
    return apart(money.coded(amount, code))
