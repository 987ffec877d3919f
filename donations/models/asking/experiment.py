"""Which of several appeals brings more: two to four of them, asked at the same time."""

import hashlib
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel
from wagtail.models import Orderable

from newsroom.kept_pages.noting import remembered
from newsroom.models.blocks.once import OncePanel

from .appeal import Appeal

FEWEST, MOST = 2, 4


class Experiment(ClusterableModel):
    """Appeals that stand where the first of them would: each reader is asked by one, by chance and
    for as long as it runs. What each brought is counted without anybody's name."""

    name = models.CharField(max_length=100, help_text="For you: “A shorter message”.")
    matters = models.FloatField(
        default=0.5,
        validators=[MinValueValidator(0.01), MaxValueValidator(100)],
        verbose_name="what would matter",
        help_text="The least difference that is worth a change: so many gifts more or less of each "
        "1,000 times that the ask is shown. A smaller one takes far longer to see.",
    )
    language = models.CharField(max_length=8, blank=True, editable=False)  # of its appeals
    begun_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_why = models.CharField(max_length=200, blank=True, editable=False)

    panels = [
        FieldPanel("name"),
        OncePanel(
            "variants",
            twice="The same appeal stands here twice, so there would be nothing to compare. Choose "
            "another one in its place. To try a change of an appeal, write a second one with that "
            "change (Giving → Appeals), and choose both here.",
            heading="Appeals",
            label="appeal",
            min_num=FEWEST,
            max_num=MOST,
            help_text="The first is the one that the others are compared with. They differ in what "
            "you want to try: words, amounts, which frequency is chosen at first, where they ask. "
            "Drafts are published when it begins.",
        ),
        FieldPanel("matters"),
    ]

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["language"],
                condition=Q(begun_at__isnull=False, ended_at=None),
                name="one_running_experiment_per_language",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(begun_at__isnull=False, ended_at__gte=F("begun_at")),
                name="experiment_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(matters__gt=0), name="difference_that_matters_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def runs(self) -> bool:
        return self.begun_at is not None and self.ended_at is None

    @staticmethod
    @remembered
    def all_running() -> "list[Experiment]":
        found = Experiment.objects.filter(begun_at__isnull=False, ended_at=None)
        return list(found.prefetch_related("variants"))

    @staticmethod
    def of(appeal: Appeal) -> "list[Variant]":
        """By which buckets see what where this appeal would be asked; none where it stands alone,
        as when another one of them is not asked any more."""
        for one in Experiment.all_running():
            variants = one.drawn()
            appeals = [variant.appeal_id for variant in variants]
            if appeals[0] == appeal.pk:
                asked = {running.pk for running in Appeal.all_running()}
                return variants if asked.issuperset(appeals) else []
        return []

    def drawn(self) -> "list[Variant]":
        """In the order of their numbers."""
        return sorted(self.variants.all(), key=lambda one: (one.number or 0, one.sort_order or 0))


class Variant(Orderable):
    """An appeal of an experiment."""

    experiment = ParentalKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    appeal = models.ForeignKey(
        Appeal, null=True, on_delete=models.SET_NULL, related_name="variants"
    )
    number = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text="Among those drawn; 0: the first. Since it began."
    )
    title = models.CharField(max_length=100, editable=False, blank=True)  # the appeal's, then
    fingerprint = models.CharField(
        max_length=32, editable=False, blank=True, help_text="Of what it showed when it began."
    )

    panels = [FieldPanel("appeal", widget=forms.Select)]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "appeal"], name="appeal_once_in_an_experiment"
            ),
            models.UniqueConstraint(
                fields=["experiment", "number"], name="number_once_in_an_experiment"
            ),
            models.CheckConstraint(condition=Q(number__lt=MOST), name="at_most_four_variants"),
        ]

    def __str__(self) -> str:
        return f"{self.letter}: {self.title or self.appeal}"

    @property
    def letter(self) -> str:
        return "ABCD"[self.number or 0]

    @staticmethod
    def shown(number: Any) -> "Variant | None":
        """What a form says was shown to its reader, if it is drawn now. Anybody can write there
        what they like: then it is none."""
        if not number:
            return None
        for experiment in Experiment.all_running():
            for one in experiment.variants.all():
                if str(one.pk) == str(number):
                    return one
        return None


def fingerprint(appeal: Appeal) -> str:
    """Of what readers see of an appeal, and where."""
    amounts = [
        (row.currency, row.frequency, row.amounts, row.suggested) for row in appeal.amounts.all()
    ]
    names = ("title", "message", "signature", "picture_id", "frequency", "goal")
    seen = [getattr(appeal, name) for name in names]
    return hashlib.sha256(
        repr([seen, sorted(appeal.places), sorted(amounts)]).encode()
    ).hexdigest()[:32]
