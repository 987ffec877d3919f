"""Which accounts of DATEV's ours are, as the tax adviser says."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from .account import Account


def between(least: int, most: int) -> list[Callable[[Any], None]]:
    return [MinValueValidator(least), MaxValueValidator(most)]


@register_setting(icon="table")
class Datev(BaseGenericSetting):
    """Of the header of its files (DATEV-Format, “Header”), and a number for each account, in a
    field of the account's own name."""

    consultant = models.PositiveIntegerField(
        null=True, blank=True, validators=between(1001, 9_999_999), help_text="“Beraternummer”."
    )
    client = models.PositiveIntegerField(
        null=True, blank=True, validators=between(1, 99_999), help_text="“Mandantennummer”."
    )
    digits = models.PositiveSmallIntegerField(
        default=4, validators=between(4, 8), help_text="Of an account: “Sachkontenlänge”."
    )
    year_begins_in = models.PositiveSmallIntegerField(
        default=1, validators=between(1, 12), help_text="The month: 1 is January."
    )

    panels = [
        MultiFieldPanel(
            [FieldPanel("consultant"), FieldPanel("client"), FieldPanel("digits"),
             FieldPanel("year_begins_in")],
            "As your tax adviser says",
        ),
        MultiFieldPanel(
            [FieldPanel(account.value) for account in Account],
            "Accounts (without tax that is computed by itself)",
        ),
    ]  # fmt: skip

    class Meta:
        verbose_name = "accounts at DATEV"

    def __str__(self) -> str:
        return "accounts at DATEV"

    @property
    def missing(self) -> list[str]:
        """What has to be said before a file can be made."""
        needed = {"consultant": "consultant", "client": "client"}
        needed |= {account.value: f"“{account.label}”" for account in Account}
        return [words for name, words in needed.items() if not getattr(self, name)]

    def number_of(self, account: Account) -> int:
        return int(getattr(self, account.value))

    def year_of(self, day: date) -> date:
        """The first day of the financial year in which it is."""
        begins = self.year_begins_in
        return date(day.year if day.month >= begins else day.year - 1, begins, 1)

    def clean(self) -> None:
        """A debtor's or creditor's number may be one digit longer."""
        most = 10 ** (self.digits + 1)
        long = {name: f"At most {self.digits + 1} digits." for name in Account.values
                if (getattr(self, name) or 0) >= most}  # fmt: skip
        if long:
            raise ValidationError(long)


for one in Account:
    Datev.add_to_class(
        one.value,
        models.PositiveIntegerField(
            one.label, null=True, blank=True, validators=[MinValueValidator(1)]
        ),
    )
