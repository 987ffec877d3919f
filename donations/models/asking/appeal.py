"""What we ask for, and how much we suggest."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel

from donations import money
from donations.currencies import OFFERED
from donations.models.country import Country
from newsroom.core.languages import apart
from newsroom.kept_pages.noting import remembered


class Frequency(models.TextChoices):
    ONCE = "once", _("Once")
    MONTHLY = "monthly", _("Monthly")
    ANNUAL = "annual", _("Annual")


# What came by itself at another rhythm: “every three weeks” can't be chosen here, only imported.
CHARGED = [*Frequency.choices, ("other", _("Regularly"))]


# Amounts in an appeal's words, for each reader in their currency: “from {least} a month”.
IN_WORDS = re.compile(r"\{(least|" + "|".join(Frequency.values) + r")\}")
_SIGNS = "|".join(
    re.escape(sign) for one in OFFERED.values() for sign in (one.symbol, one.code.upper())
)
# Signs of other currencies, too (Unicode's category Sc): who can't give in them reads them as well.
_SIGNS += "|[¢-¥֏؋৲৳৻૱௹฿៛\u20a0-\u20cf﷼﹩＄￠￡￥￦]"
# “$2”, “2 €”, “USD 2”: an amount in one currency, which a reader of another would see, too.
WRITTEN_OUT = re.compile(rf"(?:{_SIGNS})\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:{_SIGNS})(?!\w)")


# A place (donations/asking/deciding.py) -> the field that allows it.
PLACES = {"below": "below", "third": "third", "banner": "banner", "issue": "on_issues"}


class AppealQuerySet(models.QuerySet["Appeal"]):
    def running(self) -> "AppealQuerySet":
        """Begun and not over; the newest first."""
        now = timezone.now()
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now, active=True
        ).order_by("-starts_at")

    def next_change(self) -> datetime | None:
        """When one begins or ends by itself, and pages ask for something else."""
        now = timezone.now()
        found = self.filter(active=True).aggregate(
            begins=Min("starts_at", filter=Q(starts_at__gt=now)),
            ends=Min("ends_at", filter=Q(ends_at__gt=now)),
        )
        return min((at for at in found.values() if at), default=None)


class Appeal(ClusterableModel):
    """A fundraising message with amounts per currency and frequency, start and end."""

    title = models.CharField(max_length=100, help_text="Stands above the message.")
    message = models.TextField(
        help_text="Why to give. A blank line starts a paragraph. For amounts in each reader’s own "
        "currency write {least}, the least that can be given, or {once}, {monthly}, {annual}, the "
        "smallest amount that is suggested below."
    )
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: no end.")
    active = models.BooleanField(default=True)
    below = models.BooleanField(default=True, verbose_name="below each article")
    third = models.BooleanField(
        default=False,
        verbose_name="below articles, from the third one of a month on",
        help_text="With the box below each article, too: this one says that they read us often.",
    )
    banner = models.BooleanField(
        default=False,
        verbose_name="slim banner on top",
        help_text="Once a day, to who has read something before; on articles, if no box is below.",
    )
    on_issues = models.BooleanField(default=True, verbose_name="on issues of a newsletter")
    closed_in = ParentalManyToManyField(
        Country, blank=True, help_text="Readers who say they are there can't give to this appeal."
    )

    objects = AppealQuerySet.as_manager()

    panels = [
        FieldPanel("title"),
        FieldPanel("message"),
        FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at"), FieldPanel("active")]),
        MultiFieldPanel([FieldPanel(name) for name in PLACES.values()], heading="Where it asks"),
        FieldPanel("closed_in", widget=forms.CheckboxSelectMultiple),
        InlinePanel("amounts", heading="Amounts", label="currency and frequency", min_num=1),
    ]

    class Meta:
        ordering = ["-starts_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def places(self) -> frozenset[str]:
        return frozenset(place for place, name in PLACES.items() if getattr(self, name))

    @staticmethod
    @remembered
    def current() -> "Appeal | None":
        return Appeal.objects.running().prefetch_related("amounts", "closed_in").first()

    @staticmethod
    @remembered
    def has_begun() -> bool:
        """Has the newsroom ever begun to ask? Between two appeals readers may give, too."""
        return Appeal.objects.filter(starts_at__lte=timezone.now(), active=True).exists()

    def clean(self) -> None:
        """Raises ValidationError for an amount of money that is written out, or a slip in one of
        the words that stand for amounts."""
        problems = {
            name: problem
            for name in ("title", "message")
            if (problem := _problem_in(getattr(self, name)))
        }
        if problems:
            raise ValidationError(problems)

    def amounts_in_words(self, currency: str) -> dict[str, str]:
        """What ``IN_WORDS`` finds -> the amount, as the language that is spoken writes it."""
        least, _most = money.bounds(currency)
        smallest = {name: min(row.smallest()) for name, row in self.suggestions(currency).items()}
        return {
            name: apart(money.show(smallest.get(name, least), currency))
            for name in ("least", *Frequency.values)
        }

    def suggestions(self, currency: str) -> dict[str, "AppealAmounts"]:
        """Frequency -> suggested amounts in that currency, in the order the page shows them."""
        found = {row.frequency: row for row in self.amounts.all() if row.currency == currency}
        return {frequency: found[frequency] for frequency in Frequency.values if frequency in found}

    def closed_for(self, country: Country | None) -> bool:
        """Must a reader who says they are there not give to it?"""
        return country is not None and country in self.closed_in.all()

    def currencies(self) -> list[str]:
        offered = {row.currency for row in self.amounts.all()}
        return [code for code in OFFERED if code in offered]


def _problem_in(text: str) -> str:
    if found := WRITTEN_OUT.search(text):
        return (
            f"“{found[0]}” would stand there for readers of every currency. Write {{least}}, "
            "{once}, {monthly} or {annual}; or, if you mean this very sum, its currency as a word."
        )
    if unknown := re.search(r"\{[^}]*\}?", IN_WORDS.sub("", text)):
        return (
            f"“{unknown[0]}” stands for no amount: {{least}}, {{once}}, {{monthly}}, {{annual}} do."
        )
    return ""


class AppealAmounts(models.Model):
    """Suggested amounts of an appeal for one currency and frequency, as an editor writes them:
    “5 10 25”, in whole units, “12.50” where there are decimals."""

    appeal = ParentalKey(Appeal, on_delete=models.CASCADE, related_name="amounts")
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
