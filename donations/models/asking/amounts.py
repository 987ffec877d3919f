"""How much an appeal suggests, for each currency and frequency."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel

from donations import money
from donations.currencies import OFFERED


class Frequency(models.TextChoices):
    ONCE = "once", _("Once")
    MONTHLY = "monthly", _("Monthly")
    ANNUAL = "annual", _("Annual")


# What came by itself at another rhythm: “every three weeks” can't be chosen here, only imported.
CHARGED = [*Frequency.choices, ("other", _("Regularly"))]


class AppealAmounts(models.Model):
    """Suggested amounts of an appeal for one currency and frequency, as an editor writes them:
    “5 10 25”, in whole units, “12.50” where there are decimals."""

    appeal = ParentalKey("donations.Appeal", on_delete=models.CASCADE, related_name="amounts")
    currency = models.CharField(max_length=3, choices=[(code, code.upper()) for code in OFFERED])
    frequency = models.CharField(max_length=8, choices=Frequency)
    amounts = models.CharField(max_length=100, help_text="Separated by spaces: 5 10 25.")
    suggested = models.CharField(max_length=20, help_text="The one that is chosen at first.")

    panels = [
        FieldRowPanel([FieldPanel("currency"), FieldPanel("frequency")]),
        FieldRowPanel([FieldPanel("amounts"), FieldPanel("suggested")]),
    ]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appeal", "currency", "frequency"], name="amounts_once_per_appeal"
            )
        ]
        verbose_name = "amounts"

    def __str__(self) -> str:
        return f"{self.currency} {self.frequency}"

    def clean(self) -> None:
        """Written down in one way, whatever way they were typed in."""
        if not self.currency:
            return
        try:
            amounts, suggested = self.smallest(), money.parse(self.suggested, self.currency)
        except money.BadAmount as error:
            raise ValidationError({"amounts": str(error)}) from error
        if suggested not in amounts:
            raise ValidationError({"suggested": "Choose one of the amounts."})
        self.amounts = " ".join(money.plain(amount, self.currency) for amount in amounts)
        self.suggested = money.plain(suggested, self.currency)

    def smallest(self) -> list[int]:
        """The amounts in the smallest unit. Raises money.BadAmount, which clean() rules out."""
        return [money.parse(amount, self.currency) for amount in self.amounts.split()]

    def choices(self) -> list[dict[str, Any]]:
        suggested = money.parse(self.suggested, self.currency)
        return [
            {
                "value": money.plain(amount, self.currency),
                "label": money.show(amount, self.currency),
                "suggested": amount == suggested,
            }
            for amount in self.smallest()
        ]
