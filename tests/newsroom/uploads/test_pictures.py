from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from newsroom.uploads import pictures
from tests.newsroom.uploads import kinds


def cleaned(data: bytes) -> Image.Image:
    image = Image.open(pictures.clean(BytesIO(data)))
    image.load()
    return image


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_nothing_but_pixels_is_kept(kind: str) -> None:
    data = pictures.clean(BytesIO(kinds.KINDS[kind]())).read()
    assert kinds.NAME.encode() not in data
    image = Image.open(BytesIO(data))
    image.load()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not image.getexif() and not image.getxmp()
    assert (image.format, image.mode) in {("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA")}
    assert not data.partition(b"\xff\xd9" if image.format == "JPEG" else b"IEND\xaeB`\x82")[2]


@pytest.mark.parametrize("kind", [k for k in kinds.KINDS if k not in ("tiny", "a line", "a tower")])
def test_it_still_looks_the_same(kind: str) -> None:
    image = cleaned(kinds.KINDS[kind]()).convert("RGBA")
    (*above, _), (*below, _) = image.getpixel((48, 6)), image.getpixel((48, 30))
    assert min(above) > 200 and max(below) < 90


@pytest.mark.parametrize("kind", kinds.REFUSED)
def test_what_is_refused_is_said(kind: str) -> None:
    make, words = kinds.REFUSED[kind]
    with pytest.raises(ValidationError, match=words):
        pictures.clean(BytesIO(make()))


@pytest.mark.parametrize("held", range(10))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_picture_stands_upright(held: int, format: str) -> None:
    """As every browser would have turned the original."""
    data = kinds.saved(kinds.draw(), format, exif=kinds.exif(held))
    wanted = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    shown = cleaned(data)
    assert shown.size == wanted.size
    for place in ((2, 2), (wanted.width - 3, 2), (2, wanted.height - 3)):
        near = zip(shown.getpixel(place), wanted.getpixel(place), strict=True)
        assert all(abs(one - other) < 12 for one, other in near)


@pytest.mark.parametrize("profile", [kinds.ADOBE_RGB, kinds.DISPLAY_P3])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_wide_colours_become_srgb(profile: bytes, format: str) -> None:
    """The same red is a larger number in a smaller space."""
    reddish = Image.new("RGB", (32, 32), (180, 90, 90))
    red, _, _ = cleaned(kinds.saved(reddish, format, icc_profile=profile)).getpixel((9, 9))
    assert red > 186


def test_what_was_made_transparent_is_gone() -> None:
    assert cleaned(kinds.KINDS["png, transparent"]()).getpixel((2, 2)) == (0, 0, 0, 0)


def test_large_picture_is_made_smaller() -> None:
    image = kinds.draw(size=(6000, 3000))
    cleaned = pictures.clean(BytesIO(kinds.saved(image, "JPEG")))
    assert Image.open(cleaned).size == (2880, 1440)
    assert cleaned.scale == pytest.approx(0.48)


@given(st.binary(max_size=300), st.integers(0, 2000), st.sampled_from(sorted(kinds.KINDS)))
def test_damaged_file_is_cleaned_or_refused(damage: bytes, at: int, kind: str) -> None:
    data = kinds.KINDS[kind]()
    at %= len(data)
    try:
        kept = pictures.clean(BytesIO(data[:at] + damage + data[at + len(damage) :]))
    except ValidationError:
        return
    assert kinds.NAME.encode() not in kept.read()
