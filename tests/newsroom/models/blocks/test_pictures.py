import pytest
from wagtail.blocks.struct_block import StructBlockValidationError

from newsroom.models.blocks.pictures import GalleryBlock
from tests.factories import make_image


def test_a_gallery_of_one_picture_says_what_to_take_instead(site) -> None:
    block = GalleryBlock()
    one = {"image": make_image("Hill").pk, "caption": ""}
    for pictures in ([], [one]):
        value = block.to_python({"title": "", "pictures": pictures})
        with pytest.raises(StructBlockValidationError) as refused:
            block.clean(value)
        said = refused.value.block_errors["pictures"].non_block_errors.as_text()
        assert "For one, take “Image”" in said and "minimum" not in said
        block.defer_required_validation()
        assert block.clean(value)["pictures"] is not None, "a draft may have one"
        block.restore_deferred_validation()
    block.clean(block.to_python({"title": "", "pictures": [one, one]}))
