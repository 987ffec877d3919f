"""Articles: what the newsroom exists for."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import (
    Case,
    Q,
    When,
    prefetch_related_objects,
)
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey
from taggit.models import TaggedItemBase
from wagtail import hooks
from wagtail.admin.panels import (
    FieldPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
    TitleFieldPanel,
)
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page
from wagtail.search import index

from newsroom.core.languages import OWN, addresses_below
from newsroom.kept_pages import noting
from newsroom.models.addressed import AddressedPage, readable
from newsroom.models.blocks import ArticleBody
from newsroom.models.image import CreditedImage
from newsroom.models.masthead import Masthead
from newsroom.models.preview_link import PreviewLink
from newsroom.web.http import absolute_url

from .approval import ArticleRights, Stopped
from .lists import ArticleManager, authors
from .places import Places, places_of, section_list
from .times import ArticleForm, not_before

RELATED_SHOWN = 3


class ArticleTag(TaggedItemBase):
    content_object = ParentalKey(
        "newsroom.ArticlePage", on_delete=models.CASCADE, related_name="tagged_items"
    )


class ArticlePage(AddressedPage):
    """One article. Its headline is the page's title; deck is the sentence below it."""

    deck = models.CharField(max_length=300, blank=True, help_text="One sentence that carries on.")
    lead_image = models.ForeignKey(
        CreditedImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    caption = models.CharField(max_length=300, blank=True)
    body = StreamField(ArticleBody(), blank=True)
    wire_credit = models.CharField(
        max_length=120, blank=True, help_text="For example “AFP contributed reporting”."
    )
    pick = models.BooleanField(
        default=False,
        verbose_name="editors' pick",
        help_text="Comes first in the draft of the newsletter.",
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
        InlinePanel("bylines", heading="Bylines", label="byline"),
        MultiFieldPanel([FieldPanel("lead_image"), FieldPanel("caption")], "Lead image"),
        FieldPanel("body"),
        FieldPanel("wire_credit"),
    ]
    around_panels = [
        FieldPanel("pick"),
        FieldPanel("tags"),
        InlinePanel("related_articles", heading="Related articles", label="article"),
        MultiFieldPanel([FieldPanel("published_at"), FieldPanel("updated_at")], "Times shown"),
        InlinePanel("corrections", heading="Corrections", label="correction"),
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
        indexes = [models.Index(fields=["published_at"], name="articles_newest_first")]

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
        return [section_list(self.path)]  # “Read on”

    def shown_on(self) -> Places | None:
        return places_of(self.pk)

    def to_forget(self, before: Places | None, after: Places | None) -> set[str]:
        if not (before or after):
            return set()
        lists = set(before.lists if before else ()), set(after.lists if after else ())
        same_order = before and after and before.order == after.order
        changed = lists[0] ^ lists[1] if same_order else lists[0] | lists[1]
        return {f"article:{self.pk}", noting.ANY_ARTICLE, *changed}

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.wait_for_times_shown()
        self.hide_until_published()
        if self.live and self.published_at is None:
            self.published_at = self.first_published_at or timezone.now()
        super().save(*args, **kwargs)

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

    def structured_data(self, masthead: Masthead) -> dict[str, Any]:
        """A published article for machines (schema.org, NewsArticle): at its one address."""
        publisher = {"@type": "NewsMediaOrganization", "name": masthead.name}
        authors = [byline.author for byline in self.bylines.all()]
        pictures = self.lead_image.shown("shared") if self.lead_image else []
        with addresses_below("/"):
            return {
                "@context": "https://schema.org",
                "@type": "NewsArticle",
                "headline": self.title,
                "description": self.teaser,
                "url": self.full_url,
                "mainEntityOfPage": self.full_url,
                "image": [picture.full_url for picture in pictures],
                "inLanguage": OWN,
                "articleSection": self.section.title,
                "datePublished": self.shown_at.isoformat() if self.shown_at else None,
                "dateModified": self.changed_at.isoformat() if self.changed_at else None,
                "isAccessibleForFree": True,
                "author": [
                    {
                        "@type": "Person",
                        "name": author.name,
                        "url": absolute_url("author", author.slug),
                    }
                    for author in authors
                ]
                or publisher,
                "publisher": publisher,
            }

    def get_related(self) -> list["ArticlePage"]:
        """What the editors chose, filled up with the section's newest, in one query."""
        places = {link.article_id: place for place, link in enumerate(self.related_articles.all())}
        noting.shows(places)  # one that is not out yet will be
        section = self.path[: -Page.steplen]
        wanted = Q(pk__in=places) | Q(path__startswith=section, depth=self.depth)
        chosen_first = Case(When(pk__in=places, then=0), default=1)
        found = readable(ArticlePage.objects).as_teasers().exclude(pk=self.pk).filter(wanted)
        related = list(found.order_by(chosen_first, "-published_at")[:RELATED_SHOWN])
        return sorted(related, key=lambda article: places.get(article.pk, len(places)))

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        prefetch_related_objects([self], "lead_image__renditions")
        if self.pk:  # the bylines of a preview before the first save are in no table
            prefetch_related_objects([self], authors())
        context["related"] = self.get_related()
        shown = not getattr(request, "is_preview", False)  # a draft may have what is not out yet
        context["in_print"] = bool(
            shown and self.pk and self.live and not self.get_view_restrictions()
        )
        if context["in_print"]:
            masthead = Masthead.load(request_or_site=request)
            context["structured_data"] = self.structured_data(masthead)
        return context


@noting.remembered
def section_at(path: str) -> Page:
    return Page.objects.get(path=path)


class ArticleByline(Orderable):
    article = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="bylines")
    author = models.ForeignKey("newsroom.Author", on_delete=models.PROTECT, related_name="+")

    panels = [FieldPanel("author")]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["article", "author"], name="author_signs_once")
        ]


class RelatedArticle(Orderable):
    source = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="related_articles")
    article = models.ForeignKey(ArticlePage, on_delete=models.CASCADE, related_name="+")

    panels = [FieldPanel("article")]


class Correction(Orderable):
    """A mistake owned up to, with its date; shown at the end of the article for good."""

    article = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="corrections")
    corrected_on = models.DateField()
    text = models.CharField(max_length=500)

    panels = [FieldPanel("corrected_on"), FieldPanel("text")]
