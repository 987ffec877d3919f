"""A document as it may be published: a PDF without what it tells of its makers, plain text, sound.

Word processors' files name their author, keep what was deleted and hold photographs as the camera
wrote them; so they are to be exported as PDF. Nothing that a browser would run is a document.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from newsroom.uploads import mp3, pdf
from newsroom.uploads.clean import MOST_BYTES, Clean, read

NOT_TAKEN = (
    "We take PDF, plain text (.txt), tables (.csv) and sound (.mp3). Please export other documents "
    "as PDF, and upload pictures as images."
)
NO_PDF = "This file is called .pdf, and is none. Please export it as PDF again."
BROKEN_PDF = "We cannot read this PDF, or it is too much for us. Please export it again."
LOCKED_PDF = "This PDF is locked with a password. Please export it without one."
NO_TEXT = "This file is called .txt or .csv, and is something else. We take only text in UTF-8."
# How markup, RTF, PDF and PostScript begin, whatever their name says.
NO_PLAIN_TEXT = ("<", "{\\rtf", "%PDF", "%!")
NO_SOUND = "This file is called .mp3, and is none. Please export it as MP3 again."
MOST_OF_SOUND = 19 * 1024 * 1024  # forty minutes of a voice, at 64 kbit/s
SECONDS = 60


def clean(file: Any, name: str) -> Clean:
    """Raises ValidationError, with words for an editor."""
    extension = Path(name).suffix[1:].lower()
    if extension not in KINDS:
        raise ValidationError(NOT_TAKEN)
    most = MOST_OF_SOUND if extension == "mp3" else MOST_BYTES
    return Clean(KINDS[extension](read(file, most)), extension)


def clean_pdf(data: bytes) -> bytes:
    """By a process of its own, which has little time, little memory, and no secret to lose."""
    if not data.startswith(b"%PDF-"):
        raise ValidationError(NO_PDF)
    command = [sys.executable, "-I", pdf.__file__]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, env={}, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ValidationError(BROKEN_PDF) from error
    if done.returncode == pdf.LOCKED:
        raise ValidationError(LOCKED_PDF)
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise ValidationError(BROKEN_PDF)
    return done.stdout


def clean_text(data: bytes) -> bytes:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValidationError(NO_TEXT) from error
    if "\0" in text or text.lstrip().startswith(NO_PLAIN_TEXT):
        raise ValidationError(NO_TEXT)
    return text.encode()


def clean_sound(data: bytes) -> bytes:
    """Titles, places, the recorder's name stand between and around the frames: they go."""
    frames = mp3.frames(data)
    if not frames:
        raise ValidationError(NO_SOUND)
    return frames


KINDS: dict[str, Callable[[bytes], bytes]] = {
    "pdf": clean_pdf,
    "txt": clean_text,
    "csv": clean_text,
    "mp3": clean_sound,
}
