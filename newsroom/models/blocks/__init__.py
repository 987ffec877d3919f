"""The pieces an article is made of. One with a ``plain_template`` is made by it where no style and
no script is: in feeds and mails."""

from wagtail.blocks import (
    CharBlock,
    ListBlock,
    RichTextBlock,
    StreamBlock,
    StructBlock,
    TextBlock,
    URLBlock,
)
from wagtail.contrib.table_block.blocks import TableBlock

from .chart import ChartBlock
from .media import AudioBlock, VideoBlock
from .pictures import GalleryBlock, ImageBlock, images_in

__all__ = ["ArticleBody", "images_in"]

TEXT = ["h2", "h3", "bold", "italic", "link", "document-link", "ol", "ul"]


class QuoteBlock(StructBlock):
    text = TextBlock()
    who = CharBlock(required=False, help_text="Who said it.")

    class Meta:
        icon = "openquote"
        template = "newsroom/publishing/blocks/quote.html"


class EmbedBlock(StructBlock):
    """A video or post elsewhere, as a card with a link. Framing the other site's player would
    tell a third party who reads us, and asking it for a preview what we are about to publish."""

    url = URLBlock(label="Address", help_text="The address of a video or post.")
    title = CharBlock(help_text="What the reader will see there.")

    class Meta:
        icon = "media"
        template = "newsroom/publishing/blocks/embed.html"


class FactBoxBlock(StructBlock):
    title = CharBlock()
    text = RichTextBlock(features=["bold", "italic", "link", "ol", "ul"])

    class Meta:
        icon = "info-circle"
        label = "Fact box"
        template = "newsroom/publishing/blocks/fact_box.html"
        plain_template = "newsroom/publishing/blocks/plain/fact_box.html"


class ArticleBody(StreamBlock):
    text = RichTextBlock(features=TEXT, template="newsroom/publishing/blocks/text.html")
    quote = QuoteBlock()
    image = ImageBlock()
    gallery = GalleryBlock()
    video = VideoBlock()
    audio = AudioBlock()
    embed = EmbedBlock()
    list = ListBlock(
        CharBlock(label="Point"), icon="list-ul", template="newsroom/publishing/blocks/list.html"
    )
    table = TableBlock(template="newsroom/publishing/blocks/table.html")
    chart = ChartBlock()
    fact_box = FactBoxBlock()
