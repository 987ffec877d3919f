"""The pieces an article is made of."""

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
from wagtail.images.blocks import ImageChooserBlock

TEXT = ["h2", "h3", "bold", "italic", "link", "document-link", "ol", "ul"]


class QuoteBlock(StructBlock):
    text = TextBlock()
    who = CharBlock(required=False, help_text="Who said it.")

    class Meta:
        icon = "openquote"
        template = "newsroom/publishing/blocks/quote.html"


class ImageBlock(StructBlock):
    image = ImageChooserBlock()
    caption = CharBlock(required=False)

    class Meta:
        icon = "image"
        template = "newsroom/publishing/blocks/image.html"


class EmbedBlock(StructBlock):
    """A video or post elsewhere, as a card with a link. Framing the other site's player would
    tell a third party who reads us, and asking it for a preview what we are about to publish."""

    url = URLBlock(label="Address", help_text="The address of a video or post.")
    title = CharBlock(help_text="What the reader will see there.")

    class Meta:
        icon = "media"
        template = "newsroom/publishing/blocks/embed.html"


class ArticleBody(StreamBlock):
    text = RichTextBlock(features=TEXT, template="newsroom/publishing/blocks/text.html")
    quote = QuoteBlock()
    image = ImageBlock()
    embed = EmbedBlock()
    list = ListBlock(
        CharBlock(label="Point"), icon="list-ul", template="newsroom/publishing/blocks/list.html"
    )
    table = TableBlock(template="newsroom/publishing/blocks/table.html")
