"""Articles: what the newsroom exists for."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q, prefetch_related_objects
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from modelcluster.contrib.taggit import ClusterTaggableManager
from wagtail import hooks
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail.search import index

from newsroom.kept_pages import noting
from newsroom.models.addressed import AddressedPage
from newsroom.models.blocks import ArticleBody, images_in
from newsroom.models.blocks.footnotes import lifted
from newsroom.models.blocks.once import OncePanel
from newsroom.models.image import CreditedImage
from newsroom.models.masthead import Masthead
from newsroom.models.preview_link import PreviewLink
from newsroom.models.series import Series

from . import words
from .approval import ArticleRights, Stopped
from .kinds import Kind
from .lists import ArticleManager, authors
from .live import live_context, live_data
from .parts import ArticleTag, Correction
from .places import NOWHERE, Places, places_of, section_list, series_lists
from .related import related_to
from .search_entry import SearchEntry
from .series import part_of_series
from .structured import structured_data
from .times import ArticleForm, not_before


class ArticlePage(AddressedPage):
    """One article. Its headline is the page's title; deck is the sentence below it."""

    kind = models.CharField(
        max_length=10,
        choices=Kind.choices,
        default=Kind.NEWS,
        db_default=Kind.NEWS,
        help_text="Readers are told of all but news. An obituary asks for no support; a live "
        "article has updates (“Live” in its menu of dots).",
    )
    series = models.ForeignKey(
        Series, null=True, blank=True, on_delete=models.SET_NULL, related_name="articles"
    )
    series_part = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        verbose_name="place",
        help_text="1 comes first. Readers see the numbers of those that are published.",
    )
    deck = models.CharField(max_length=300, blank=True, help_text="One sentence that carries on.")
    lead_image = models.ForeignKey(
        CreditedImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    caption = models.CharField(max_length=300, blank=True)
    body = StreamField(
        ArticleBody(),
        blank=True,
        help_text="A footnote is typed where its number is to stand: [[its words]].",
    )
    wire_credit = models.CharField(
        max_length=120, blank=True, help_text="For example “AFP contributed reporting”."
    )
    pick = models.BooleanField(
        default=False,
        verbose_name="editors' pick",
        help_text="Comes first in the draft of the newsletter.",
    )
    may_ask = models.BooleanField(
        default=True, db_default=True, verbose_name="readers may be asked for support here"
    )
    tags = ClusterTaggableManager(through=ArticleTag, blank=True)
    published_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The time shown, and in the future the time when it is published. "
        "Empty: when it is first published.",
    )
    updated_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Shown as “Updated”: set it when the meaning changed. "
        "In the future: the time when this version is published.",
    )

    reading_minutes = models.PositiveSmallIntegerField(default=0, editable=False)

    card_title = models.CharField(
        max_length=150, blank=True, verbose_name="title", help_text="Empty: the headline."
    )
    card_image = models.ForeignKey(
        CreditedImage,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name="picture",
        help_text="Empty: the lead image.",
    )

    objects = ArticleManager()

    rights = ArticleRights
    is_approved = True
    addresses_under = "<page:slug>/"  # its section's feed
    base_form_class = ArticleForm
    # A copy is a new article: with a date of its own, and without the other's mistakes.
    exclude_fields_in_copy = [
        *AddressedPage.exclude_fields_in_copy,
        *("published_at", "updated_at", "first_published_at", "last_published_at"),
        *("pick", "corrections"),
    ]
    template = "newsroom/publishing/article.html"
    parent_page_types = ["newsroom.SectionPage"]
    subpage_types: list[str] = []

    story_panels = [
        TitleFieldPanel("title", heading="Headline", placeholder="Headline"),
        FieldPanel("deck"),
        FieldPanel("kind"),
        OncePanel(
            "bylines",
            twice="An author signs an article once. Remove one of the two lines with their name.",
            heading="Bylines",
            label="byline",
        ),
        MultiFieldPanel([FieldPanel("lead_image"), FieldPanel("caption")], "Lead image"),
        FieldPanel("body"),
        FieldPanel("wire_credit"),
    ]
    around_panels = [
        FieldPanel("pick"),
        FieldPanel("tags"),
        FieldRowPanel([FieldPanel("series"), FieldPanel("series_part")], "Series"),
        InlinePanel("related_articles", heading="Related articles", label="article"),
        MultiFieldPanel([FieldPanel("published_at"), FieldPanel("updated_at")], "Times shown"),
        InlinePanel("corrections", heading="Corrections", label="correction"),
        FieldPanel("may_ask"),
    ]
    card_panel = MultiFieldPanel(
        [FieldPanel("card_title"), FieldPanel("card_image")],
        "Sharing card",
        help_text="What messengers and social networks show of a link to this article.",
    )
    edit_handler = TabbedInterface(
        [
            ObjectList(story_panels, heading="Story"),
            ObjectList(around_panels, heading="Around it"),
            ObjectList([*Page.promote_panels, card_panel], heading="Promote"),
            ObjectList(Page.settings_panels, heading="Settings"),
        ]
    )

    search_fields = [
        *Page.search_fields,
        index.SearchField("deck", boost=2),
        index.SearchField("body"),
        index.RelatedFields("tags", [index.SearchField("name")]),
        index.FilterField("published_at"),
    ]

    class Meta:
        verbose_name = "article"
        indexes = [
            models.Index(fields=["published_at"], name="articles_newest_first"),
            models.Index(
                fields=["published_at"], name="picks_newest_first", condition=Q(pick=True)
            ),
        ]

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        if self.published_at is None and self.first_published_at:
            self.published_at = self.first_published_at
        self.wait_for_times_shown()
        super().full_clean(*args, **kwargs)

    def wait_for_times_shown(self) -> None:
        goes_live: datetime | None = self.go_live_at  # type: ignore[has-type]
        self.go_live_at = not_before(goes_live, self.published_at, self.updated_at)

    @classmethod
    def from_serializable_data(cls, *args: Any, **kwargs: Any) -> Any:
        """Whoever publishes a version, and however it was saved: not before its time."""
        page = super().from_serializable_data(*args, **kwargs)
        page.wait_for_times_shown()
        return page

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> "ArticlePage":
        """Whatever page it is read for shows it."""
        article = super().from_db(*args, **kwargs)
        noting.shows([article.pk])
        return article

    def lists_on_it(self) -> list[str]:
        """Those of “Read on”, of its series and its updates."""
        updates = [f"live:{self.pk}"] if self.kind == Kind.LIVE else []
        topics = [f"topic:{pk}" for pk in self.topics]
        return [section_list(self.path), *topics, *series_lists(self.series_id), *updates]

    def shown_on(self) -> Places | None:
        return places_of(self.pk)

    def to_forget(self, before: Places | None, after: Places | None) -> set[str]:
        if not (before or after):
            return set()
        was, now = before or NOWHERE, after or NOWHERE
        changed = was.lists ^ now.lists if was.order == now.order else was.lists | now.lists
        tags = {f"article:{self.pk}", noting.ANY_ARTICLE, *changed}
        if was.corrections != now.corrections:
            tags.add(noting.CORRECTIONS)
            if not Correction.objects.in_print().exclude(article=self.pk).exists():
                tags.add(noting.EVERYTHING)  # the link to them, at the foot of each page
        return tags

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.wait_for_times_shown()
        self.hide_until_published()
        if self.live and self.published_at is None:
            self.published_at = self.first_published_at or timezone.now()
        if kwargs.get("update_fields") is None:
            self.reading_minutes = words.minutes(self.plain_text)
        super().save(*args, **kwargs)

    def after_save(self) -> None:
        SearchEntry.write(self)

    def publish(self, revision: Any, *args: Any, **kwargs: Any) -> None:
        """Whoever does it, and whether now, later or when it was approved. Raises Stopped."""
        version = revision.as_object()
        for stops in hooks.get_hooks("stops_article"):
            if reason := stops(version):
                raise Stopped(version, f"“{version}” is not published. {reason}")
        super().publish(revision, *args, **kwargs)

    def is_kept(self, revision: Any) -> bool:
        """Does a preview link show it? A lawyer's “yes” is about the words that they read."""
        return PreviewLink.objects.filter(revision_id=revision.pk).exists()

    @cached_property
    def section(self) -> Page:
        return section_at(self.path[: -Page.steplen])

    @cached_property
    def topics(self) -> list[int]:
        """The numbers of its tags, for a page that shows it."""
        return [tagged.tag_id for tagged in self.tagged_items.all()]

    @property
    def plain_text(self) -> str:
        """What can be read in its body, its notes in brackets."""
        text = " ".join(self.body.stream_block.get_searchable_content(self.body))
        return lifted(text, " ({})".format)

    @property
    def authors(self) -> list[str]:
        return [byline.author.name for byline in self.bylines.all()]

    @cached_property
    def byline(self) -> str:
        """“A”, “A and B”, “A, B and C”, or nothing."""
        return get_text_list(self.authors, _("and"))

    @property
    def teaser(self) -> str:
        return self.deck or self.search_description

    @property
    def share_title(self) -> str:
        """What stands on the card that others show of a link to it."""
        return self.card_title or self.title

    @property
    def share_image(self) -> CreditedImage | None:
        chosen = self.card_image
        return chosen if chosen and not chosen.is_broken else self.lead_image

    @property
    def shown_at(self) -> datetime | None:
        return self.published_at or self.first_published_at

    @property
    def changed_at(self) -> datetime | None:
        """When readers last got another text; never a time that is still to come."""
        times = [self.last_published_at, self.updated_at, self.shown_at]
        return max((at for at in times if at and at <= timezone.now()), default=self.shown_at)

    @property
    def label(self) -> str:
        """What tells readers that it is no plain news, wherever its headline stands."""
        return "" if self.kind == Kind.NEWS else str(self.get_kind_display())

    @property
    def asks_for_support(self) -> bool:
        """Whoever puts a box on its page asks first: beside the dead nobody is asked for money."""
        return self.kind != Kind.OBITUARY

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        prefetch_related_objects([self], "lead_image__renditions")
        prefetch_related_objects(list(images_in(self.body)), "renditions")
        if self.pk:  # the bylines of a preview before the first save are in no table
            prefetch_related_objects([self], authors())
        context["related"] = related_to(self)
        context["part"] = part_of_series(self)
        shown = not getattr(request, "is_preview", False)  # a draft may have what is not out yet
        context["in_print"] = bool(
            shown and self.pk and self.live and not self.get_view_restrictions()
        )
        if context["in_print"]:
            masthead = Masthead.load(request_or_site=request)
            data = context["structured_data"] = structured_data(self, masthead)
            if self.kind == Kind.LIVE:
                context |= live_context(self, request)
                data |= live_data(context["live"], context["entries"], data["url"])
        return context


@noting.remembered
def section_at(path: str) -> Page:
    return Page.objects.get(path=path)
