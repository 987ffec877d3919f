"""One issue of a newsletter: its pieces in order, subject and preheader."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from modelcluster.fields import ParentalKey
from wagtail import hooks
from wagtail.admin.forms.pages import WagtailAdminPageForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page, PageManager, PageQuerySet

from newsroom.core.languages import addresses_below
from newsroom.kept_pages import noting
from newsroom.models import AddressedPage, ArticlePage

from .blocks import issue_body
from .newsletter import Newsletter
from .piece import WITH_ARTICLE, Piece
from .readers import Segment

if TYPE_CHECKING:
    from django.db.models import Manager

    from .mailing import Mailing


class IssueQuerySet(PageQuerySet):
    def unscheduled_for(self, newsletter: Newsletter, day: date) -> "IssueQuerySet":
        """The issues of that day that nobody has approved, or nobody has scheduled."""
        waiting = Q(mailings__status="approved")
        under_way = Q(mailings__isnull=False) & ~Q(mailings__status="cancelled") & ~waiting
        return self.child_of(newsletter).filter(issue_on=day).exclude(under_way)


IssueManager = PageManager.from_queryset(IssueQuerySet)


class IssueForm(WagtailAdminPageForm):
    """What an issue goes to stays to choose when it is put away: not in the list, it would be
    nobody's choice, and the next one who saves sends the issue to everybody."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "segment" in self.fields:
            offered = Q(archived=False, readers__isnull=False) | Q(pk=self.instance.segment_id)
            field: Any = self.fields["segment"]
            field.queryset = Segment.objects.filter(offered)


class IssuePage(AddressedPage):
    """One issue: pieces in order, subject, preheader; also its public web version.

    What goes out is never this row but the approved revision of it, see Mailing.
    """

    issue_on = models.DateField(help_text="The day it goes out.")
    subject = models.CharField(max_length=150, help_text="Best below 50 characters.")
    preheader = models.CharField(
        max_length=150, blank=True, help_text="What inboxes show after the subject."
    )
    body = StreamField(issue_body(), blank=True)
    segment = models.ForeignKey(
        Segment, null=True, blank=True, on_delete=models.RESTRICT, related_name="issues",
        help_text="A part of the newsletter’s readers; empty: all of them. Its web page is public "
        "like that of any issue.",
    )  # fmt: skip
    # How many they were when it was chosen.
    segment_readers = models.PositiveIntegerField(null=True, editable=False)
    sample_percent = models.PositiveSmallIntegerField(
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        verbose_name="part of the readers",
        help_text="In percent, all subjects together.",
    )
    test_minutes = models.PositiveSmallIntegerField(
        default=120,
        validators=[MinValueValidator(10), MaxValueValidator(1440)],
        help_text="Then the best one goes to the rest. You can choose by hand before.",
    )

    objects = IssueManager()

    base_form_class = IssueForm
    addresses_under = "newsletter/<page:slug>/"
    exclude_fields_in_copy = [*AddressedPage.exclude_fields_in_copy, "issue_on"]
    template = "subscriptions/issues/issue.html"
    content_panels = [
        *Page.content_panels,
        FieldPanel("issue_on"),
        MultiFieldPanel([FieldPanel("subject"), FieldPanel("preheader")], "In the inbox"),
        MultiFieldPanel([FieldPanel("segment")], "Audience", classname="collapsed"),
        FieldPanel("body", heading="Content"),
        MultiFieldPanel(
            [
                InlinePanel(
                    "other_subjects",
                    label="other subject",
                    max_num=3,
                    help_text="Each goes to a part of the readers. Of these and the one above, the "
                    "one with the most clicks goes to the rest; never counted by reader.",
                ),
                FieldRowPanel([FieldPanel("sample_percent"), FieldPanel("test_minutes")]),
            ],
            "Subject test",
            classname="collapsed",
        ),
    ]
    parent_page_types = ["subscriptions.Newsletter"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = "newsletter issue"

    if TYPE_CHECKING:
        mailings: "Manager[Mailing]"

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        return [("all", "Side by side"), *_previews().MODES]

    @property
    def default_preview_size(self) -> str:
        """Of the panel beside the editor: what is side by side wants a wide page, scaled down."""
        return "desktop"

    @cached_property
    def newsletter(self) -> Newsletter:
        return Newsletter.objects.parent_of(self).get()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.issue_on is None:  # a copy: it is no second issue of the same day
            self.issue_on = self.newsletter.next_free_day(timezone.now())
        super().save(*args, **kwargs)

    def save_revision(self, *args: Any, **kwargs: Any) -> Any:
        """The row of an unpublished issue is kept like its newest draft: Wagtail would leave it as
        it was made, but the newsletter's clock and the lists read it."""
        with transaction.atomic():
            self._note_size_of_segment()
            revision = super().save_revision(*args, **kwargs)
            if not self.live:
                kept = ("issue_on", "subject", "segment", "segment_readers")
                row = type(self).objects.filter(pk=self.pk)
                row.update(**{name: getattr(self, name) for name in kept})
        return revision

    def _note_size_of_segment(self) -> None:
        """Once, when it is chosen."""
        row = type(self).objects.filter(pk=self.pk).values_list("segment", "segment_readers")
        segment, readers = row.first() or (None, None)
        if segment != self.segment_id or readers is None:
            readers = self.segment.readers if self.segment else None
        self.segment_readers = readers

    def as_in(self, revision: Any) -> "IssuePage":
        """The issue as it is in that revision, its newest; so ``version`` names what is in it."""
        found: IssuePage = revision.as_object()
        found.latest_revision = revision  # Wagtail reads it a second time, when it may be another
        return found

    def get_latest_revision_as_object(self) -> "IssuePage":
        revision = self.get_latest_revision()
        return self.as_in(revision) if revision else self

    @property
    def version(self) -> str:
        """Names the newest state, also when it was saved over the one before, as Wagtail's editor
        does while somebody types."""
        revision = self.latest_revision
        return f"{revision.pk}.{revision.created_at.timestamp()}" if revision else ""

    def is_kept(self, revision: Any) -> bool:
        """Does an approval or a test stand for that revision? What a colleague has approved does
        not change below their approval."""
        return (
            self.mailings.filter(revision=revision).exists()
            or self.test_sends.filter(revision_id=revision.pk).exists()
        )

    def needs_somebody_else(self, user: Any) -> bool:
        """Did this editor make the newest revision, of a newsletter that two people answer for?"""
        last = self.latest_revision
        return bool(self.newsletter.two_people and last and last.user_id == user.pk)

    @property
    def subjects(self) -> list[str]:
        """Those of a subject test, the issue's own first; only that one without a test."""
        others = [row.subject for row in self.other_subjects.all()]
        return list(dict.fromkeys([self.subject, *others]))

    def sample_of(self, audience: int) -> int:
        """On how many of so many readers a subject test tries its subjects, all together."""
        return audience * self.sample_percent // 100

    def article_ids(self) -> list[int]:
        """Of every article in it, readable or not, deleted ones too."""
        return [
            piece["value"]["article"]
            for piece in self.body.raw_data
            if piece["type"] in WITH_ARTICLE and piece["value"].get("article")
        ]

    @cached_property
    def pieces(self) -> list[Piece]:
        """What readers see: an article that was withdrawn meanwhile is left out, and so is a
        heading with nothing below it."""
        noting.shows(self.article_ids())  # also what is not out yet
        readable = ArticlePage.objects.in_print().in_bulk(self.article_ids())
        pieces: list[Piece] = []
        section, heading = "", None
        for block, raw in zip(self.body, self.body.raw_data, strict=True):
            if block.block_type == "section":
                section = block.value
                heading = Piece("section", section, section)
                continue
            about = block.block.meta
            template, asks = getattr(about, "piece_template", ""), getattr(about, "asks", False)
            piece = Piece(block.block_type, block.value, section, template=template, asks=asks)
            if piece.kind in WITH_ARTICLE:
                piece.story = readable.get(raw["value"].get("article"))
                if piece.story is None:
                    continue
            if heading:
                pieces.append(heading)
                heading = None
            piece.whole = piece.kind == "article" and bool(piece.value.get("full_text"))
            pieces.append(piece)
        for first in [piece for piece in pieces if piece.story][:1]:
            first.leads = True
        _with_whole_texts(pieces)
        return pieces

    @cached_property
    def whole_pieces(self) -> list[Piece]:
        """The same, each article with its text."""
        pieces = [replace(piece, whole=piece.story is not None) for piece in self.pieces]
        _with_whole_texts(pieces)
        return pieces

    @property
    def stories(self) -> list[Piece]:
        """The pieces that are articles, the archive's too."""
        return [piece for piece in self.pieces if piece.story]

    @property
    def active_mailing(self) -> "Mailing | None":
        """The one that is not cancelled, of those that were looked up with it."""
        active = (m for m in self.mailings.all() if m.status != m.Status.CANCELLED)
        return next(active, None)

    @property
    def is_empty(self) -> bool:
        """Nothing to read; or nothing of what it was to be about, if that was articles. Words alone
        are an issue."""
        if self.article_ids() and not self.stories:
            return True
        return not any(piece.says_something for piece in self.pieces)

    @property
    def kinds(self) -> set[str]:
        return {piece.kind for piece in self.pieces}

    @property
    def asks(self) -> bool:
        """For support, in the mail: then there is an edition without it."""
        return self.asks_for_support or any(piece.asks for piece in self.pieces)

    @property
    def asks_for_support(self) -> bool:
        """Whoever puts an ask at the end of the mail looks first: none below obituaries alone."""
        return not self.stories or any(
            piece.story and piece.story.asks_for_support for piece in self.stories
        )

    @property
    def structured_data(self) -> dict[str, Any]:
        """The web version for machines (schema.org, PublicationIssue): its one address."""
        with addresses_below("/"):
            return {
                "@context": "https://schema.org",
                "@type": "PublicationIssue",
                "name": self.subject,
                "url": self.full_url,
                "inLanguage": self.newsletter.language,
                "datePublished": self.issue_on.isoformat(),
                "isPartOf": {
                    "@type": "Periodical",
                    "name": self.newsletter.title,
                    "url": self.newsletter.full_url,
                },
                "hasPart": [
                    {
                        "@type": "NewsArticle",
                        "headline": piece.story.title,
                        "url": piece.story.full_url,
                    }
                    for piece in self.pieces
                    if piece.story
                ],
            }

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        if mode_name == "web":
            return super().serve_preview(request, mode_name)
        if mode_name not in dict(self.preview_modes):
            raise Http404
        if mode_name == "all":
            web = super().serve_preview(request, "web")
            web.render()
            return _previews().side_by_side(self, web.content.decode())
        return _previews().one(self, mode_name)


def _previews() -> Any:
    """``issues/previews.py``, which registers itself: how a mail is made stands above its model."""
    [registered] = hooks.get_hooks("issue_previews")
    return registered()


class OtherSubject(Orderable):
    """A subject to try besides the issue's own."""

    issue = ParentalKey(IssuePage, on_delete=models.CASCADE, related_name="other_subjects")
    subject = models.CharField(max_length=150)

    panels = [FieldPanel("subject")]


def _with_whole_texts(pieces: Sequence[Piece]) -> None:
    """Lists leave the articles' bodies out; bring those that are shown, in one query."""
    whole = {piece.story.pk: piece.story for piece in pieces if piece.story and piece.whole}
    for article in ArticlePage.objects.filter(pk__in=whole):
        whole[article.pk].body = article.body
