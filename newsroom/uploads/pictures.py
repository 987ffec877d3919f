"""A picture as it may be published: upright, in sRGB, not too large, and nothing but pixels.

A camera writes into its files where it was, when, and whose it is; a phone adds a second picture
after the first, a drawing program the names of folders. None of that is a pixel: so pixels are all
that is taken over.
"""

import math
from collections.abc import Callable
from io import BytesIO
from threading import Lock
from typing import Any

from django.core.exceptions import ValidationError
from PIL import Image, ImageCms

from newsroom.uploads.clean import Clean, read

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "AVIF"]
PHOTOGRAPHS = {"JPEG", "MPO", "WEBP", "AVIF"}  # MPO: a JPEG with more pictures behind the first
# Pixels, as the header says, before anything is decoded. So many take up to 700 MB for a moment,
# and most of a process's threads may be asked at once.
MOST_PIXELS = 50_000_000
ONE_AT_A_TIME = Lock()
LONGEST_SIDE = 2880  # pixels that are kept: twice the widest that a page shows
# A progressive JPEG is some ten scans; ten thousand empty ones are minutes of work in 100 kB.
MOST_SCANS, SCAN = 100, b"\xff\xda"
QUALITY = 90
SRGB = ImageCms.createProfile("sRGB")

FLIP, TURN = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180
# EXIF 3.0, 4.6.5.1.8: how the camera was held -> what puts the picture upright.
ORIENTATION = 0x0112
UPRIGHT = {
    2: FLIP,
    3: TURN,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

NOT_A_PICTURE = "We cannot read this picture. We take JPEG, PNG, WebP, AVIF, and still GIF."
BROKEN = "This picture is damaged, or not all of it is here. Please export it again."
TOO_MANY_PIXELS = (
    f"This picture has more than {MOST_PIXELS // 1_000_000} million pixels. Please make it smaller."
)
MOVES = "This picture moves. Pages and mails show still ones: please upload one of its frames."


def clean(file: Any) -> Clean:
    """A JPEG, or a PNG where an edge or a transparent place would suffer. The format is the
    content's, whatever the name says. Raises ValidationError, with words for an editor."""
    data = read(file)
    picture = careful(NOT_A_PICTURE, lambda: Image.open(BytesIO(data), formats=FORMATS))
    if math.prod(picture.size) > MOST_PIXELS:
        raise ValidationError(TOO_MANY_PIXELS)
    if data.startswith(b"\xff\xd8") and data.count(SCAN) > MOST_SCANS:
        raise ValidationError(BROKEN)
    photograph = picture.format in PHOTOGRAPHS
    if picture.format != "MPO" and careful(BROKEN, lambda: getattr(picture, "n_frames", 1)) > 1:
        raise ValidationError(MOVES)
    width = picture.size[0]
    with ONE_AT_A_TIME:
        pixels = careful(BROKEN, lambda: small(picture))
    scale = pixels.size[0] / width
    pixels = careful(BROKEN, lambda: only_pixels(upright(pixels, orientation(picture))))
    out = BytesIO()
    if photograph and pixels.mode == "RGB":
        pixels.save(out, "JPEG", quality=QUALITY)
        return Clean(out.getvalue(), "jpg", scale)
    pixels.save(out, "PNG")
    return Clean(out.getvalue(), "png", scale)


def careful(words: str, work: Callable[[], Any]) -> Any:
    """What Pillow makes of it. A hostile file brings about nearly any error there is."""
    try:
        return work()
    except Image.DecompressionBombError as error:
        raise ValidationError(TOO_MANY_PIXELS) from error
    except Exception as error:
        raise ValidationError(words) from error


def small(picture: Image.Image) -> Image.Image:
    """Decoded, in a mode that can be made smaller, and so made. A large JPEG is never decoded in
    full: its format knows halves, quarters and eighths."""
    picture.draft(picture.mode, (LONGEST_SIDE, LONGEST_SIDE))
    picture.load()
    pixels = picture
    if pixels.mode.startswith("I"):  # 16 bits of grey; Pillow would cut them off at 255
        pixels = pixels.point(lambda value: value / 256).convert("L")
    elif pixels.has_transparency_data and pixels.mode != "RGBA":
        pixels = pixels.convert("RGBA")
    elif pixels.mode in ("1", "P"):
        pixels = pixels.convert("RGB")
    pixels.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return pixels


def orientation(picture: Image.Image) -> int:
    """Of a decoded picture, since PNG may say so at its end. 1 where that makes no sense."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:
        return 1


def upright(pixels: Image.Image, held: int) -> Image.Image:
    return pixels.transpose(UPRIGHT[held]) if held in UPRIGHT else pixels


def only_pixels(pixels: Image.Image) -> Image.Image:
    """RGB, or RGBA where something shows through, in sRGB; without all that Pillow had read beside
    the pixels and would write again."""
    alpha = pixels.getchannel("A") if "A" in pixels.getbands() else None
    profile = pixels.info.get("icc_profile")
    mode = pixels.mode.removesuffix("A")
    colours = to_srgb(pixels.convert(mode) if alpha else pixels, profile)
    if alpha and alpha.getextrema() != (255, 255):
        unseen = alpha.point(lambda value: 0 if value else 255)
        colours.paste(0, mask=unseen)  # what was made transparent to hide it is gone
        colours.putalpha(alpha)
    colours.info = {}
    return colours


def to_srgb(colours: Image.Image, profile: bytes | None) -> Image.Image:
    """A profile that is none, or of another kind of colours, is as good as no profile."""
    try:
        described = ImageCms.ImageCmsProfile(BytesIO(profile or b""))
        converted = ImageCms.profileToProfile(colours, described, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = None
    return converted or colours.convert("RGB")
