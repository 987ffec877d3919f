"""Picture files of many kinds, made here; all that is not a pixel names the same person."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image, PngImagePlugin

NAME = "Anna Kowalska"
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{NAME}</x:xmpmeta>'.encode()
SIZE = (64, 36)


def draw(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """Its upper half light, its lower half dark; transparent on the left where the mode can."""
    image = Image.new("RGBA", size, (250, 240, 230, 255))
    width, height = size
    image.paste((20, 30, 40, 255), (0, height // 2, width, height))
    if "A" in mode:
        image.paste((250, 0, 0, 0), (0, 0, width // 4, height))
    if mode == "I;16":
        grey = image.convert("L")
        data = b"".join(struct.pack("<H", value * 256) for value in grey.tobytes())
        return Image.frombytes("I;16", size, data)
    return image.convert("RGB").convert(mode) if "A" not in mode else image.convert(mode)


def exif(orientation: int = 1) -> Image.Exif:
    told = Image.Exif()
    told[0x0112], told[0x013B], told[0x010E] = orientation, NAME, NAME
    told.get_ifd(0x8825).update({1: "N", 2: (52.0, 13.0, 48.1), 3: "E", 4: (21.0, 0.0, 43.8)})
    told.get_ifd(0x8769)[0xA430] = NAME  # CameraOwnerName
    return told


def profile(primaries: tuple[tuple[float, float, float], ...], gamma: float = 2.2) -> bytes:
    """A display's profile (ICC.1:2001, 9.2): where its red, green and blue lie, and a gamma."""
    xyz = [
        b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in one)
        for one in ((0.9642, 1.0, 0.8249), *primaries)
    ]
    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(gamma * 256))
    text = b"desc\0\0\0\0" + struct.pack(">I", len(NAME) + 1) + NAME.encode().ljust(96, b"\0")
    names = [b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"desc", b"cprt"]
    parts = [*xyz, curve, curve, curve, text, b"text\0\0\0\0none\0\0\0\0"]
    at, table, body = 128 + 4 + 12 * len(names), b"", b""
    for name, part in zip(names, parts, strict=True):
        padded = part.ljust(-(-len(part) // 4) * 4, b"\0")
        table += name + struct.pack(">II", at + len(body), len(padded))
        body += padded
    head = struct.pack(">I4sI", at + len(body), b"none", 0x02100000) + b"mntrRGB XYZ "
    head = head.ljust(36, b"\0") + b"acsp"
    white = b"".join(struct.pack(">i", round(value * 65536)) for value in (0.9642, 1.0, 0.8249))
    head = head.ljust(68, b"\0") + white
    return head.ljust(128, b"\0") + struct.pack(">I", len(names)) + table + body


# Primaries as seen from D50: Adobe RGB (1998), 4.3.5.3; Display P3 as Apple ships it.
ADOBE_RGB = profile(((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)))
DISPLAY_P3 = profile(
    ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def png(mode: str, **options: Any) -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", NAME)
    told.add_itxt("XML:com.adobe.xmp", XMP.decode())
    told.add_text("Comment", NAME, zip=False)
    return saved(draw(mode), "PNG", pnginfo=told, exif=exif(), **options) + NAME.encode()


def two_pictures() -> bytes:
    """As phones write them: an index in front (MPF), the second picture after the first."""
    second = draw().convert("L").convert("RGB")
    return saved(draw(), "MPO", save_all=True, append_images=[second], exif=exif())


def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    told = {"exif": exif(), "xmp": XMP, "comment": NAME.encode()}
    return saved(draw(mode), "JPEG", **told | options)


# What is taken: its name -> a file of that kind.
KINDS: dict[str, Callable[[], bytes]] = {
    "jpeg": jpeg,
    "jpeg, grey": lambda: jpeg("L"),
    "jpeg, cmyk": lambda: jpeg("CMYK"),
    "jpeg, progressive": lambda: jpeg(progressive=True),
    "jpeg, something after its end": lambda: jpeg() + NAME.encode(),
    "jpeg, Adobe RGB": lambda: jpeg(icc_profile=ADOBE_RGB),
    "jpeg, Display P3": lambda: jpeg(icc_profile=DISPLAY_P3),
    "jpeg, a profile that is none": lambda: jpeg(icc_profile=NAME.encode()),
    "jpeg, cmyk with a profile of RGB": lambda: jpeg("CMYK", icc_profile=ADOBE_RGB),
    "jpeg, exif that is none": lambda: jpeg(exif=b"Exif\0\0" + NAME.encode()),
    "jpeg, two pictures": two_pictures,
    "png": lambda: png("RGB"),
    "png, profile": lambda: png("RGBA", icc_profile=DISPLAY_P3),
    "png, transparent": lambda: png("RGBA"),
    "png, grey": lambda: png("L"),
    "png, grey and transparent": lambda: png("LA"),
    "png, grey of 16 bits": lambda: png("I;16"),
    "png, palette": lambda: png("P"),
    "png, palette with a transparent colour": lambda: png("P", transparency=0),
    "png, one colour transparent": lambda: png("RGB", transparency=(20, 30, 40)),
    "png, black and white": lambda: png("1"),
    "webp": lambda: saved(draw(), "WEBP", exif=exif(), xmp=XMP, icc_profile=ADOBE_RGB),
    "webp, lossless": lambda: saved(draw("RGBA"), "WEBP", lossless=True, exif=exif(), xmp=XMP),
    "gif": lambda: saved(draw("P"), "GIF", comment=NAME.encode()),
    "gif, transparent": lambda: saved(draw("RGBA"), "GIF", comment=NAME.encode()),
    "avif": lambda: saved(draw(), "AVIF", exif=exif(), xmp=XMP),
    "tiny": lambda: saved(draw(size=(1, 1)), "PNG"),
    "a line": lambda: saved(draw(size=(4000, 1)), "PNG"),
    "a tower": lambda: saved(draw(size=(3, 9000)), "JPEG"),
}


def moving(format: str) -> bytes:
    frames = [Image.new("RGB", SIZE, colour) for colour in ("red", "green", "blue")]
    return saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100)


def bomb() -> bytes:
    """A PNG of some bytes that says it has 900 million pixels."""
    data = saved(draw("L"), "PNG")
    head = data[12:16] + struct.pack(">II", 30_000, 30_000) + data[24:29]
    return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]


def many_scans() -> bytes:
    """A progressive JPEG whose last scan comes 5,000 times more."""
    data = saved(draw(), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * 5_000 + b"\xff\xd9"


# What is refused, and a word of what its editor reads.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing of a picture": (lambda: b"hello", "cannot read"),
    "html": (lambda: b"<!doctype html><script>alert(1)</script>", "cannot read"),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "cannot read"),
    "tiff": (lambda: saved(draw(), "TIFF"), "cannot read"),
    "bmp": (lambda: saved(draw(), "BMP"), "cannot read"),
    "eps": (lambda: saved(draw(), "EPS"), "cannot read"),
    "pdf": (lambda: saved(draw(), "PDF"), "cannot read"),
    "jpeg, its head only": (lambda: jpeg()[:20], "cannot read"),
    "jpeg, cut off": (lambda: saved(draw(size=(600, 400)), "JPEG")[:-300], "damaged"),
    "png, cut off": (lambda: saved(draw(size=(600, 400)), "PNG")[:-200], "damaged"),
    "png, a broken chunk": (lambda: png("RGB").replace(b"IDAT", b"IDAT\xff"), "damaged"),
    "webp, cut off": (lambda: saved(draw(size=(600, 400)), "WEBP")[:-60], "damaged|cannot read"),
    "avif, cut off": (lambda: saved(draw(size=(600, 400)), "AVIF")[:-60], "damaged|cannot read"),
    "a bomb": (bomb, "million pixels"),
    "large by its header": (lambda: saved(Image.new("1", (9000, 9000)), "PNG"), "million pixels"),
    "many scans": (many_scans, "damaged"),
    "gif that moves": (lambda: moving("GIF"), "moves"),
    "png that moves": (lambda: moving("PNG"), "moves"),
    "webp that moves": (lambda: moving("WEBP"), "moves"),
    "avif that moves": (lambda: moving("AVIF"), "moves"),
    "too many bytes": (lambda: jpeg() + bytes(10 * 1024 * 1024), "too large"),
}
