"""What we ask for: words, amounts, where, until when."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.contenttypes.fields import GenericRelation
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Min, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from modelcluster.models import ClusterableModel
from wagtail import hooks
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    PageChooserPanel,
)
from wagtail.fields import RichTextField
from wagtail.models import DraftStateMixin, Orderable, PreviewableMixin, RevisionMixin

from donations import money
from donations.currencies import OFFERED
from donations.models.country import Country
from newsroom.core.languages import NAMES, apart, spoken
from newsroom.kept_pages.noting import remembered
from newsroom.models import ArticlePage, CreditedImage
from newsroom.models.blocks.once import OncePanel

from .amounts import AppealAmounts, Frequency
from .amounts_in_words import problem_in, problem_in_html, says_nothing

# A place (donations/asking/deciding.py) -> the field that allows it.
PLACES = {"below": "below", "third": "third", "banner": "banner", "issue": "on_issues"}


class AppealQuerySet(models.QuerySet["Appeal"]):
    def running(self) -> "AppealQuerySet":
        """Begun and not over; the newest first."""
        now = timezone.now()
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now, live=True
        ).order_by("-starts_at")

    def next_change(self) -> datetime | None:
        """When one begins or ends by itself, and pages ask for something else."""
        now = timezone.now()
        found = self.filter(live=True).aggregate(
            begins=Min("starts_at", filter=Q(starts_at__gt=now)),
            ends=Min("ends_at", filter=Q(ends_at__gt=now)),
        )
        return min((at for at in found.values() if at), default=None)


class Appeal(PreviewableMixin, DraftStateMixin, RevisionMixin, ClusterableModel):
    """A fundraising message with amounts per currency and frequency, start and end. Of those that
    run one is asked: the nearest to what is read, then by language, priority and begin."""

    title = models.CharField(
        max_length=100, verbose_name="headline", help_text="Stands above the message."
    )
    message = RichTextField(
        features=["bold", "italic", "link"],
        help_text="Why to give. For amounts in each reader’s own currency write {least}, the least "
        "that can be given, or {once}, {monthly}, {annual}, the smallest amount that is suggested "
        "below.",
    )
    signature = models.CharField(
        max_length=120, blank=True, help_text="Whose words these are: “Mira Sol, editor”."
    )
    picture = models.ForeignKey(
        CreditedImage,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Small, beside the signature: a face, say.",
    )
    language = models.CharField(
        max_length=8,
        blank=True,
        choices=[(code, str(name)) for code, name in NAMES.items()],
        help_text="Empty: whatever language a page speaks, if no other appeal is in that one.",
    )
    priority = models.PositiveSmallIntegerField(
        default=0, help_text="Of several that run the highest is asked, then the newest."
    )
    starts_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: no end.")
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
    frequency = models.CharField(
        max_length=8,
        choices=Frequency,
        default=Frequency.MONTHLY,
        verbose_name="chosen at first",
    )
    goal = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many contributions it is to bring. In people and not in money: sums in "
        "several currencies can’t be added. Empty: none is shown.",
    )
    reminder_subject = models.CharField(
        max_length=100,
        blank=True,
        verbose_name="subject of the reminder",
        help_text="Of the mail to who said “Remind me later” to this. Empty: the one in Settings → "
        "Wording of giving. It may be seen on a locked screen.",
    )
    reminder_words = models.TextField(
        max_length=600,
        blank=True,
        verbose_name="words of the reminder",
        help_text="Stand in that mail where the headline would. {least} and the like, as above.",
    )
    closed_in = ParentalManyToManyField(
        Country, blank=True, help_text="Readers who say they are there can't give to this appeal."
    )
    _revisions = GenericRelation("wagtailcore.Revision", related_query_name="appeal")

    objects = AppealQuerySet.as_manager()

    panels = [
        FieldPanel("title"),
        FieldPanel("message"),
        FieldRowPanel([FieldPanel("signature"), FieldPanel("picture")]),
        FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")], heading="When"),
        FieldRowPanel([FieldPanel("language"), FieldPanel("priority")], heading="Which of several"),
        MultiFieldPanel([FieldPanel(name) for name in PLACES.values()], heading="Where it asks"),
        InlinePanel(
            "asked_on",
            heading="Only on",
            label="section, article or topic",
            help_text="“This investigation was paid for by readers.” There it comes before all "
            "others. Without any it asks everywhere.",
        ),
        FieldPanel("goal"),
        MultiFieldPanel(
            [FieldPanel("reminder_subject"), FieldPanel("reminder_words")], heading="In mails"
        ),
        FieldPanel("closed_in", widget=forms.CheckboxSelectMultiple),
        FieldPanel("frequency"),
        OncePanel(
            "amounts",
            twice="Two rows are for the same currency and frequency, and readers can see one. Put "
            "all amounts into one of them, and remove the other.",
            heading="Amounts",
            label="currency and frequency",
            min_num=1,
        ),
    ]

    class Meta:
        ordering = ["-starts_at"]
        permissions = [("publish_appeal", "Can publish appeal")]

    def __str__(self) -> str:
        return self.title

    @property
    def revisions(self) -> Any:
        return self._revisions

    @property
    def places(self) -> frozenset[str]:
        return frozenset(place for place, name in PLACES.items() if getattr(self, name))

    @staticmethod
    @remembered
    def all_running() -> "list[Appeal]":
        shown = ("amounts", "closed_in", "asked_on__page", "picture__renditions")
        return list(Appeal.objects.running().prefetch_related(*shown))

    @staticmethod
    def current(page: Any = None) -> "Appeal | None":
        """The one that asks there, in the language that is spoken."""
        fitting = [
            (one.nearness(page), bool(one.language), one.priority, one.starts_at, one.pk, one)
            for one in Appeal.all_running()
            if one.language in ("", spoken()) and one.nearness(page) >= 0
        ]
        if len(fitting) > 1:
            behind = Appeal.behind_another()
            fitting = [found for found in fitting if found[-1].pk not in behind]
        return max(fitting, key=lambda found: found[:-1])[-1] if fitting else None

    @staticmethod
    def named(number: str) -> "Appeal | None":
        """By a link or a form; of those that run."""
        return next((one for one in Appeal.all_running() if str(one.pk) == number), None)

    @staticmethod
    @remembered
    def behind_another() -> frozenset[int]:
        """Asked only where the first of their experiment would be (experiment.py)."""
        others = Appeal.objects.filter(
            variants__number__gt=0,
            variants__experiment__begun_at__isnull=False,
            variants__experiment__ended_at=None,
        )
        return frozenset(others.values_list("pk", flat=True))

    @staticmethod
    @remembered
    def has_begun() -> bool:
        """Has the newsroom ever begun to ask? Between two appeals readers may give, too."""
        return Appeal.objects.filter(starts_at__lte=timezone.now(), live=True).exists()

    def nearness(self, page: Any) -> int:
        """Of what it is asked on to that page: 3 its own, 2 its topic's, 1 its section's, 0 for
        what asks everywhere; -1 when it is for others."""
        only = self.asked_on.all()
        return max((one.nearness(page) for one in only), default=0)

    def clean(self) -> None:
        """Raises ValidationError for an amount of money that is written out, a slip in one of the
        words that stand for amounts, or a message of empty lines."""
        plain = ("title", "reminder_subject", "reminder_words")
        said = {name: problem_in(getattr(self, name)) for name in plain}
        said["message"] = problem_in_html(self.message)
        problems = {name: problem for name, problem in said.items() if problem}
        if self.message and says_nothing(self.message):
            problems["message"] = "These are only empty lines. Write why to give."
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            problems["ends_at"] = "It ends before it begins."
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

    def suggestions(self, currency: str) -> dict[str, AppealAmounts]:
        """Frequency -> suggested amounts in that currency, in the order the page shows them."""
        found = {row.frequency: row for row in self.amounts.all() if row.currency == currency}
        return {frequency: found[frequency] for frequency in Frequency.values if frequency in found}

    def closed_for(self, country: Country | None) -> bool:
        """Must a reader who says they are there not give to it?"""
        return country is not None and country in self.closed_in.all()

    def currencies(self) -> list[str]:
        offered = {row.currency for row in self.amounts.all()}
        return [code for code in OFFERED if code in offered]

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        return [
            ("below", "Below an article"),
            ("third", "Below the third article of a month"),
            ("banner", "As a banner"),
            ("issue", "On an issue’s web page"),
            ("mail", "In an issue’s mail"),
            ("reminder", "In the reminder"),
        ]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """On a real article; how it looks stands above its model."""
        [registered] = hooks.get_hooks("appeal_preview")
        answer: HttpResponse = registered()(self, request, mode_name)
        return answer


class AskedOn(Orderable):
    """A section, an article or a topic that an appeal is for."""

    appeal = ParentalKey(Appeal, on_delete=models.CASCADE, related_name="asked_on")
    page = models.ForeignKey(
        "wagtailcore.Page", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    topic = models.ForeignKey(
        "taggit.Tag", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    panels = [
        PageChooserPanel("page", ["newsroom.SectionPage", "newsroom.ArticlePage"]),
        FieldPanel("topic"),
    ]

    def __str__(self) -> str:
        return str(self.page or self.topic)

    def clean(self) -> None:
        if bool(self.page) == bool(self.topic):
            raise ValidationError({"page": "Choose a page or a topic, one of the two."})

    def nearness(self, page: Any) -> int:
        if page is None or page.pk is None:
            return -1
        if self.page is not None:
            if self.page_id == page.pk:
                return 3
            return 1 if page.path.startswith(self.page.path) else -1
        is_about = isinstance(page, ArticlePage) and self.topic_id in page.topics
        return 2 if is_about else -1
