"""Newsletters, as pages: editors know how to edit those."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.http import HttpRequest
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    HelpPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
)
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page

from newsroom.core import languages
from newsroom.core.uris import domain_of
from newsroom.kept_pages import noting
from newsroom.mail import look
from newsroom.mail.headers import named
from newsroom.models import AddressedPage, SectionPage, readable
from newsroom.models.blocks.once import OncePanel
from newsroom.web.addresses import refuse_taken

from .blocks import LETTER_FEATURES
from .days import RHYTHM, Weekday

if TYPE_CHECKING:
    from .issue import IssuePage

COLOUR = forms.TextInput(attrs={"type": "color"})
DRAFT_LENGTH = 8  # articles, of a newsletter without rules of its own
MOST_WELCOMES = 5
OWN_ADDRESS = "newsletter"  # of the index, if nobody wants another one
ASK_AFTER = {6: "6 months", 12: "a year", 18: "18 months", 24: "two years"}


def time_zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class NewsletterIndexPage(AddressedPage):
    """``/newsletter/``, or another address: what we mail, and where to sign up."""

    introduction = models.CharField(max_length=250, blank=True)

    addresses_under = None  # see clean()
    template = "subscriptions/readers/newsletter_index.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["newsroom.HomePage"]
    subpage_types = ["subscriptions.Newsletter"]
    max_count = 1

    def clean(self) -> None:
        """“newsletter” is where views of ours are, too, and answers for all that they don't."""
        super().clean()
        if self.slug != OWN_ADDRESS:
            try:
                refuse_taken(self.slug, "")
            except ValidationError as refusal:
                raise ValidationError({"slug": refusal}) from refusal

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        noting.keep()
        context = super().get_context(request, *args, **kwargs)
        context["newsletters"] = list(readable(Newsletter.objects.child_of(self)))
        return context


class Newsletter(AddressedPage):
    """The product ("The Weekly"): what it is, when it goes out, and who sends it."""

    CANARY = 200  # readers, besides the seed list; an issue to fewer than five times that has none

    tagline = models.CharField(
        max_length=200,
        default="Our free weekly newsletter. The best of our reporting, every Friday.",
        help_text="The line beside the sign-up box.",
    )
    about = RichTextField(features=LETTER_FEATURES, blank=True)
    weekday = models.PositiveSmallIntegerField(
        choices=Weekday,
        default=Weekday.FRIDAY,
        null=True,
        blank=True,
        help_text="Empty: it has no fixed day, like breaking news.",
    )
    send_time = models.TimeField(default=time(9, 0))
    time_zone = models.CharField(max_length=40, choices=time_zones, default="Europe/Berlin")
    drafting_weekday = models.PositiveSmallIntegerField(
        choices=Weekday, default=Weekday.WEDNESDAY, help_text="The day the next issue is drafted."
    )
    grace_hours = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1)],
        help_text="After its hour by more than this, an issue is not sent unasked.",
    )
    sender_name = models.CharField(max_length=60)
    sender_address = models.EmailField()
    reply_to = models.EmailField(blank=True)
    two_people = models.BooleanField(
        default=True,
        verbose_name="approved by a second person",
        help_text="Who edited an issue last can't approve it. Off: for a newsroom of one.",
    )
    ask_supporters = models.BooleanField(
        default=False,
        verbose_name="supporters are asked for support, too",
        help_text="Off: to who gives regularly, or has given within a year, an issue goes without "
        "its appeal, and without the line at its end.",
    )
    canary_minutes = models.PositiveSmallIntegerField(
        default=10,
        help_text=f"A larger issue goes to the seed list and {CANARY} readers first. The rest "
        "waits this long, and stops if too many bounce or complain. 0: no canary.",
    )
    language = models.CharField(max_length=2, choices=languages.CHOICES, default="en")
    accent = models.CharField(
        max_length=7,
        default=look.Look.accent,
        validators=[look.readable_on_paper],
        verbose_name="colour",
        help_text="Of links and buttons.",
    )
    accent_dark = models.CharField(
        max_length=7,
        default=look.Look.accent_dark,
        validators=[look.readable_at_night],
        verbose_name="colour on dark screens",
        help_text="Of links, where a reader's mail program is dark.",
    )
    leave_out = ParentalManyToManyField(
        "self",
        blank=True,
        symmetrical=False,
        related_name="+",
        verbose_name="leave out who gets",
        help_text="Readers of these newsletters don't get this one.",
    )
    settle_days = models.PositiveSmallIntegerField(
        default=0,
        help_text="New readers get their first issue after so many days: the welcome series first.",
    )
    ask_after = models.PositiveSmallIntegerField(
        choices=list(ASK_AFTER.items()),
        null=True,
        blank=True,
        verbose_name="ask who has pressed nothing for",
        help_text="We don’t watch who opens a mail. Who has pressed no button of ours for so long "
        "is asked once, by a mail of its own, whether they still read it. Who doesn’t press “Yes” "
        "within 30 days leaves the list. Empty: nobody is asked.",
    )

    addresses_under = f"{OWN_ADDRESS}/"
    copied_with_subpages = False  # its issues went to its readers
    template = "subscriptions/issues/newsletter.html"
    product_panels = [
        *Page.content_panels,
        FieldPanel("tagline"),
        FieldPanel("about"),
        MultiFieldPanel(
            [FieldPanel("sender_name"), FieldPanel("sender_address"), FieldPanel("reply_to")],
            "Sender",
        ),
        FieldRowPanel(
            [
                FieldPanel("language"),
                FieldPanel("accent", widget=COLOUR),
                FieldPanel("accent_dark", widget=COLOUR),
            ]
        ),
    ]
    rhythm_panels = [
        FieldRowPanel([FieldPanel("weekday"), FieldPanel("send_time"), FieldPanel("time_zone")]),
        FieldRowPanel([FieldPanel("drafting_weekday"), FieldPanel("grace_hours")]),
        InlinePanel("holidays", heading="Holidays", label="holiday"),
        InlinePanel(
            "rules",
            heading="What a draft is made of",
            label="section",
            help_text="In this order. An article goes into the first section that takes it: "
            "editors' picks first, then the most read, then the newest; nothing that was in the "
            "last issue.",
        ),
    ]
    reader_panels = [
        FieldPanel("two_people"),
        FieldPanel("ask_supporters"),
        FieldPanel("canary_minutes"),
        FieldPanel("leave_out", widget=forms.CheckboxSelectMultiple),
        FieldPanel("settle_days"),
        MultiFieldPanel(
            [FieldPanel("ask_after"), HelpPanel(template="subscriptions/desk/sunset_panel.html")],
            "Readers who have fallen silent",
        ),
        OncePanel(
            "welcomes",
            twice="Two mails are on the same day after the reader has confirmed. Give one of them "
            "another number of days: a new reader gets one mail of the series a day.",
            heading="Welcome series",
            label="mail",
            max_num=MOST_WELCOMES,
            help_text="Besides the welcome that a reader gets when they have confirmed.",
        ),
        OncePanel(
            "words",
            twice="The words of one mail stand here twice in the same language. Put them into one "
            "of the two, and remove the other.",
            heading="Words of mails and pages, in place of ours",
            label="words",
        ),
        HelpPanel(template="subscriptions/desk/embedded_panel.html", heading="For other sites"),
    ]
    edit_handler = TabbedInterface(
        [
            ObjectList(product_panels, heading="Newsletter"),
            ObjectList(rhythm_panels, heading="Rhythm and draft"),
            ObjectList(reader_panels, heading="Sending and readers"),
            ObjectList(Page.promote_panels, heading="Promote"),
            ObjectList(Page.settings_panels, heading="Settings"),
        ]
    )
    parent_page_types = ["subscriptions.NewsletterIndexPage"]
    subpage_types = ["subscriptions.IssuePage"]

    @property
    def sender(self) -> str:
        """Name and address, in the script that they are written in."""
        return named(self.sender_name, self.sender_address)

    @property
    def sender_domain(self) -> str:
        return domain_of(self.sender_address)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def grace(self) -> timedelta:
        return timedelta(hours=self.grace_hours)

    def next_send_at(self, after: datetime) -> datetime:
        """The first sending hour later than ``after``, in the newsletter's own time zone; weeks
        off are skipped. Raises ValueError for a newsletter without a fixed day.

        The wall-clock hour is kept across changes of daylight saving time. An hour that such
        a change skips is sent at the instant the clocks jump over it (PEP 495).
        """
        if self.weekday is None:
            raise ValueError(f"{self.title} has no fixed day")
        local = after.astimezone(self.zone)
        day = local.date() + timedelta(days=(self.weekday - local.weekday()) % 7)
        if datetime.combine(day, self.send_time, self.zone) <= local:
            day += timedelta(days=7)
        while any(off.starts_on <= day <= off.ends_on for off in self.holidays.all()):
            day += timedelta(days=7)
        return self.hour_on(day)

    def hour_on(self, day: date) -> datetime:
        return datetime.combine(day, self.send_time, self.zone)

    def drafting_starts_at(self, send_at: datetime) -> datetime:
        """Midnight of the drafting day before ``send_at``."""
        day = send_at.astimezone(self.zone).date()
        day -= timedelta(days=(day.weekday() - self.drafting_weekday) % 7)
        return datetime.combine(day, time(0), self.zone)

    @property
    def rhythm(self) -> Any:
        """When it comes, a sentence. A whole one for each day: in many languages a day's name
        changes the words around it."""
        return RHYTHM[self.weekday]

    @property
    def tag(self) -> str:
        """What Django calls its language."""
        return languages.tag(self.language)

    def next_free_day(self, after: datetime) -> date:
        """The day of the next issue that nobody has made yet."""
        if self.weekday is None:
            return after.astimezone(self.zone).date()
        taken = set(self.issues().values_list("issue_on", flat=True))
        hour = self.next_send_at(after)
        while hour.date() in taken:
            hour = self.next_send_at(hour)
        return hour.date()

    def issues(self) -> Any:
        """Its issues, the newest first."""
        issues = apps.get_model("subscriptions", "IssuePage").objects  # it imports this module
        return issues.child_of(self).order_by("-issue_on", "-pk")

    def latest_issue(self) -> "IssuePage | None":
        """The newest issue that readers may see."""
        latest: IssuePage | None = readable(self.issues()).first()
        return latest

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["issues"] = readable(self.issues())[:52]
        return context


class NewsletterRule(Orderable):
    """A section of the draft: its heading, where its articles come from, and how many."""

    newsletter = ParentalKey(Newsletter, on_delete=models.CASCADE, related_name="rules")
    heading = models.CharField(max_length=60, blank=True, help_text="Empty: none.")
    source = models.ForeignKey(
        SectionPage,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Empty: any section of the site.",
    )
    most = models.PositiveSmallIntegerField(default=3, help_text="How many articles at most.")

    panels = [
        FieldRowPanel([FieldPanel("heading"), FieldPanel("most")]),
        FieldPanel("source"),
    ]

    class Meta(Orderable.Meta):
        verbose_name = "rule of the draft"
