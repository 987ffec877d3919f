"""Pictures in a text, one or many, and which of them any piece has."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from wagtail.blocks import CharBlock, ListBlock, StructBlock
from wagtail.blocks.list_block import ListBlockValidationError, ListValue
from wagtail.blocks.stream_block import StreamValue
from wagtail.blocks.struct_block import StructBlockValidationError, StructValue
from wagtail.images.blocks import ImageChooserBlock

from newsroom.models.image import CreditedImage


class ImageBlock(StructBlock):
    image = ImageChooserBlock()
    caption = CharBlock(required=False)

    class Meta:
        icon = "image"
        template = "newsroom/publishing/blocks/image.html"


class GalleryBlock(StructBlock):
    title = CharBlock(required=False)
    pictures = ListBlock(ImageBlock(icon="image", label="Picture"), min_num=2, max_num=60)

    class Meta:
        icon = "image"
        template = "newsroom/publishing/blocks/gallery.html"
        plain_template = "newsroom/publishing/blocks/plain/gallery.html"

    def clean(self, value: Any) -> Any:
        if len(value["pictures"]) < 2 and not self.is_deferred_validation:
            few = ValidationError("A gallery has two pictures or more. For one, take “Image”.")
            raise StructBlockValidationError({"pictures": ListBlockValidationError({}, [few])})
        return super().clean(value)


def images_in(value: Any) -> Iterator[CreditedImage]:
    """Of a whole text or of one piece, whatever kinds there are."""
    match value:
        case CreditedImage():
            yield value
        case StreamValue():
            for piece in value:
                yield from images_in(piece.value)
        case StructValue():
            for part in value.values():
                yield from images_in(part)
        case ListValue():
            for part in value:
                yield from images_in(part)
