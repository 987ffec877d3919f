"""What is played: nothing of it is loaded before a reader asks for it."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ValidationError
from wagtail.blocks import CharBlock, RichTextBlock, StructBlock, StructValue, URLBlock
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

PLAIN_TEXT = ["bold", "italic", "link"]
YOUTUBE = re.compile(r"/(?:watch|embed/|shorts/|live/|v/)?/?([\w-]{11})?/?")
VIMEO = re.compile(r"/(?:video/)?(\d{1,12})(?:/([0-9a-f]{4,20}))?/?")


def video_address(url: str) -> tuple[str, str]:
    """Where a video is, and at whose: its address made anew, since a shared one tells by “si=” who
    shared it. Raises ValueError for anywhere else."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    query = parse_qs(parts.query, max_num_fields=20)
    if host in ("youtube.com", "youtube-nocookie.com", "youtu.be"):
        found = YOUTUBE.fullmatch(parts.path)
        key = (found and found[1]) or query.get("v", [""])[0]
        if found and re.fullmatch(r"[\w-]{11}", key, re.ASCII):
            return f"https://www.youtube.com/watch?v={key}", "YouTube"
    if host in ("vimeo.com", "player.vimeo.com") and (found := VIMEO.fullmatch(parts.path)):
        key = "/".join(part for part in found.groups() if part)
        return f"https://vimeo.com/{key}", "Vimeo"
    raise ValueError(url)


class VideoValue(StructValue):
    @property
    def place(self) -> tuple[str, str] | None:
        """Its address, and whose it is; None for what was never checked."""
        try:
            return video_address(self.get("url") or "")
        except ValueError:
            return None


class VideoBlock(StructBlock):
    """A picture of ours that leads to the video. Framing a player would tell a third party who
    reads us."""

    url = URLBlock(label="Address", help_text="Of a video at YouTube or Vimeo.")
    title = CharBlock(help_text="What the video shows.")
    picture = ImageChooserBlock(required=False, help_text="A still of the video, uploaded here.")

    class Meta:
        icon = "media"
        value_class = VideoValue
        template = "newsroom/publishing/blocks/video.html"
        plain_template = "newsroom/publishing/blocks/plain/video.html"

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned["url"] and cleaned.place is None:
            words = "No address of one video at YouTube or Vimeo. For other sites take “Embed”."
            raise StructBlockValidationError(block_errors={"url": ValidationError(words)})
        return cleaned


class AudioBlock(StructBlock):
    title = CharBlock()
    file = DocumentChooserBlock(help_text="An MP3 file, uploaded here as a document.")
    transcript = RichTextBlock(
        required=False,
        features=PLAIN_TEXT,
        help_text="Every word, for who can’t hear it, or can’t play it. Not published without.",
    )

    class Meta:
        icon = "media"
        template = "newsroom/publishing/blocks/audio.html"
        plain_template = "newsroom/publishing/blocks/plain/audio.html"

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned["file"] and cleaned["file"].file_extension != "mp3":
            raise StructBlockValidationError(
                block_errors={"file": ValidationError("Choose an MP3 file.")}
            )
        return cleaned
