"""Newsletters and their issues, as pages: editors know how to edit those."""

from datetime import date, datetime, time, timedelta
from email.utils import formataddr
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    MultiFieldPanel,
    MultipleChooserPanel,
)
from wagtail.fields import RichTextField
from wagtail.models import Orderable, Page, PageManager, PageQuerySet

from newsroom.models import ArticlePage

if TYPE_CHECKING:
    from django.db.models import Manager

    from .mailing import Mailing

LETTER = ["bold", "italic", "link", "ol", "ul"]
GRACE = timedelta(hours=3)  # after its hour by more than this, an issue is not sent unasked


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


def time_zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class NewsletterIndexPage(Page):
    """``/newsletter/``: what we mail, and where to sign up."""

    introduction = models.CharField(max_length=250, blank=True)

    template = "subscriptions/newsletter_index.html"
    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["newsroom.HomePage"]
    subpage_types = ["subscriptions.Newsletter"]
    max_count = 1

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        context["newsletters"] = Newsletter.objects.child_of(self).live()
        return context


class Newsletter(Page):
    """The product ("The Weekly"): what it is, when it goes out, and who sends it."""

    promise = models.CharField(
        max_length=200,
        default="Our free weekly newsletter. The best of our reporting, every Friday.",
        help_text="The line beside the sign-up box.",
    )
    about = RichTextField(features=LETTER, blank=True)
    weekday = models.PositiveSmallIntegerField(choices=Weekday, default=Weekday.FRIDAY)
    send_time = models.TimeField(default=time(9, 0))
    time_zone = models.CharField(max_length=40, choices=time_zones, default="Europe/Berlin")
    drafting_weekday = models.PositiveSmallIntegerField(
        choices=Weekday, default=Weekday.WEDNESDAY, help_text="The day the next issue is drafted."
    )
    draft_length = models.PositiveSmallIntegerField(
        default=8, help_text="How many articles a draft holds at most."
    )
    sender_name = models.CharField(max_length=60)
    sender_address = models.EmailField()
    reply_to = models.EmailField(blank=True)
    two_people = models.BooleanField(
        default=True,
        verbose_name="approved by a second person",
        help_text="Who edited an issue last can't approve it. Off: for a newsroom of one.",
    )
    canary_minutes = models.PositiveSmallIntegerField(
        default=10,
        help_text="A larger issue goes to the seed list and 200 readers first. The rest waits this "
        "long, and stops if too many bounce or complain. 0: no canary.",
    )

    template = "subscriptions/newsletter.html"
    content_panels = [
        *Page.content_panels,
        FieldPanel("promise"),
        FieldPanel("about"),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [FieldPanel("weekday"), FieldPanel("send_time"), FieldPanel("time_zone")]
                ),
                FieldRowPanel([FieldPanel("drafting_weekday"), FieldPanel("draft_length")]),
            ],
            "When",
        ),
        MultiFieldPanel(
            [FieldPanel("sender_name"), FieldPanel("sender_address"), FieldPanel("reply_to")],
            "Sender",
        ),
        FieldRowPanel([FieldPanel("two_people"), FieldPanel("canary_minutes")]),
    ]
    parent_page_types = ["subscriptions.NewsletterIndexPage"]
    subpage_types = ["subscriptions.IssuePage"]

    @property
    def sender(self) -> str:
        """«Name <address>», as a From header has it."""
        return formataddr((self.sender_name, self.sender_address))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def next_send_at(self, after: datetime) -> datetime:
        """The first sending hour later than ``after``, in the newsletter's own time zone.

        The wall-clock hour is kept across changes of daylight saving time. An hour that such
        a change skips is sent at the instant the clocks jump over it (PEP 495).
        """
        local = after.astimezone(self.zone)
        day = local.date() + timedelta(days=(self.weekday - local.weekday()) % 7)
        candidate = datetime.combine(day, self.send_time, self.zone)
        if candidate <= local:
            candidate = datetime.combine(day + timedelta(days=7), self.send_time, self.zone)
        return candidate

    def drafting_starts_at(self, send_at: datetime) -> datetime:
        """Midnight of the drafting day before ``send_at``."""
        day = send_at.astimezone(self.zone).date()
        day -= timedelta(days=(day.weekday() - self.drafting_weekday) % 7)
        return datetime.combine(day, time(0), self.zone)

    def latest_issue(self) -> "IssuePage | None":
        """The newest issue that readers may see."""
        return IssuePage.objects.child_of(self).live().order_by("-issue_on").first()

    def audience(self) -> int:
        """How many readers a mailing would reach now."""
        return self.subscriptions.mailable().count()

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        issues = IssuePage.objects.child_of(self).live().order_by("-issue_on")
        context["issues"] = issues[:52]
        return context


class IssueQuerySet(PageQuerySet):
    def unapproved_for(self, newsletter: Newsletter, day: date) -> "IssueQuerySet":
        """The issues of that day that nobody has approved."""
        approved = Q(mailings__isnull=False) & ~Q(mailings__status="cancelled")
        return self.child_of(newsletter).filter(issue_on=day).exclude(approved)


IssueManager = PageManager.from_queryset(IssueQuerySet)


class IssuePage(Page):
    """One edition: ordered items, subject, preheader; also its public web version.

    What goes out is never this row but the approved revision of it, see Mailing.
    """

    issue_on = models.DateField(help_text="The day it goes out.")
    subject = models.CharField(max_length=150, help_text="Best below 50 characters.")
    preheader = models.CharField(
        max_length=150, blank=True, help_text="What inboxes show after the subject."
    )
    introduction = RichTextField(features=LETTER, blank=True, help_text="The editor's letter.")

    objects = IssueManager()

    template = "subscriptions/issue.html"
    content_panels = [
        *Page.content_panels,
        FieldPanel("issue_on"),
        MultiFieldPanel([FieldPanel("subject"), FieldPanel("preheader")], "In the inbox"),
        FieldPanel("introduction"),
        MultipleChooserPanel(
            "items", chooser_field_name="article", heading="Articles", label="Article"
        ),
    ]
    parent_page_types = ["subscriptions.Newsletter"]
    subpage_types: list[str] = []
    preview_modes = [("web", "Web page"), ("email", "E-mail"), ("text", "Plain text")]

    class Meta:
        verbose_name = "newsletter issue"

    if TYPE_CHECKING:
        mailings: "Manager[Mailing]"

    @cached_property
    def newsletter(self) -> Newsletter:
        return Newsletter.objects.parent_of(self).get()

    def save_revision(self, *args: Any, **kwargs: Any) -> Any:
        """Keep the row of an unpublished issue like its newest draft: Wagtail would leave it
        as it was made, but the newsletter's clock and the lists read it."""
        revision = super().save_revision(*args, **kwargs)
        if not self.live:
            row = type(self).objects.filter(pk=self.pk)
            row.update(issue_on=self.issue_on, subject=self.subject)
        return revision

    def needs_somebody_else(self, user: Any) -> bool:
        """Did this editor make the newest revision, of a newsletter that two people answer for?"""
        last = self.latest_revision
        return bool(self.newsletter.two_people and last and last.user_id == user.pk)

    def stories(self) -> "list[IssueItem]":
        """The items that can be shown: an article that was withdrawn meanwhile is left out."""
        items = list(self.items.all())
        wanted = [item.article_id for item in items]
        articles = ArticlePage.objects.in_print().filter(pk__in=wanted).in_bulk()
        for item in items:
            item.story = articles.get(item.article_id)
        return [item for item in items if item.story]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from subscriptions import rendering

        if mode_name == "web":
            return super().serve_preview(request, mode_name)
        if mode_name == "email":
            return HttpResponse(rendering.for_display(rendering.render_issue(self).html))
        text = rendering.for_display(rendering.render_issue(self).text)
        return HttpResponse(text, content_type="text/plain; charset=utf-8")


class IssueItem(Orderable):
    """An article in an issue, with what the editor says differently there."""

    issue = ParentalKey(IssuePage, on_delete=models.CASCADE, related_name="items")
    article = models.ForeignKey(ArticlePage, on_delete=models.CASCADE, related_name="+")
    headline = models.CharField(max_length=200, blank=True, help_text="Empty: the article's.")
    teaser = models.TextField(max_length=500, blank=True, help_text="Empty: the article's deck.")

    panels = [FieldPanel("article"), FieldPanel("headline"), FieldPanel("teaser")]

    story: ArticlePage | None = None  # set by IssuePage.stories()

    @property
    def shown_headline(self) -> str:
        return self.headline or self.article.title

    @property
    def shown_teaser(self) -> str:
        return self.teaser or (self.story or self.article).teaser
