"""The pieces an issue is made of, one under the other as readers meet them.

A section is a heading: what stands below it belongs to it, up to the next heading. So one drag
moves an article between sections.
"""

from django.conf import settings
from django.utils.module_loading import import_string
from wagtail.blocks import (
    BooleanBlock,
    CharBlock,
    DateTimeBlock,
    RichTextBlock,
    StreamBlock,
    StructBlock,
    TextBlock,
    URLBlock,
)
from wagtail.images.blocks import ImageChooserBlock

from newsroom.models.blocks import QuoteBlock
from newsroom.models.blocks.published import PublishedChooserBlock

LETTER_FEATURES = ["bold", "italic", "link", "ol", "ul"]


class ArticleItem(StructBlock):
    """An article, with what the editor says differently here."""

    article = PublishedChooserBlock("newsroom.ArticlePage")
    headline = CharBlock(required=False, max_length=200, help_text="Empty: the article's.")
    teaser = TextBlock(required=False, max_length=500, help_text="Empty: the article's deck.")
    image = ImageChooserBlock(
        required=False, help_text="Empty: the article's own, and only above the first article."
    )
    full_text = BooleanBlock(
        required=False,
        label="The whole article",
        help_text="For readers whose country blocks the site.",
    )

    class Meta:
        icon = "doc-full"
        label_format = "{article}"


class ArchiveItem(StructBlock):
    article = PublishedChooserBlock("newsroom.ArticlePage")
    why = TextBlock(required=False, max_length=300, label="Why today")

    class Meta:
        icon = "history"
        label_format = "{article}"
        label = "From the archive"


class PictureItem(StructBlock):
    image = ImageChooserBlock()
    caption = CharBlock(required=False, max_length=300)
    link = URLBlock(required=False)

    class Meta:
        icon = "image"


class EventItem(StructBlock):
    title = CharBlock(max_length=150)
    at = DateTimeBlock(label="When", help_text="By your own clock; readers see the newsletter's.")
    place = CharBlock(required=False, max_length=150)
    text = TextBlock(required=False, max_length=500)
    link = URLBlock(required=False)

    class Meta:
        icon = "calendar-alt"


class IssueBody(StreamBlock):
    section = CharBlock(max_length=60, icon="title", help_text="What follows belongs to it.")
    article = ArticleItem()
    letter = RichTextBlock(features=LETTER_FEATURES, icon="edit", label="Editor's letter")
    quote = QuoteBlock()
    picture = PictureItem()
    event = EventItem()
    archive = ArchiveItem()

    class Meta:
        collapsed = True  # a week at a glance, and short ways to drag


def issue_body() -> IssueBody:
    """With the blocks of other apps: a block's ``meta`` names its ``piece_template``, and how many
    an issue may have at ``most``."""
    added = [(name, import_string(path)) for name, path in settings.ISSUE_BLOCKS.items()]
    counts = {name: {"max_num": block.meta.most} for name, block in added}
    return IssueBody(added, block_counts=counts)
