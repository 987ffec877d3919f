"""In which encoding somebody's file is. Few say so.

UTF-8 and UTF-16 are seen by their bytes. The others are told apart by what is likely to be written
in them: a bank's or a list's export in Cyrillic, or in the letters of DOS, comes as often as one in
those of western Windows.
"""

import codecs
import re

from charset_normalizer import from_bytes

MARKS = [
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
WESTERN = "cp1252"
# Few, and far apart: of more, a short file's letters are no proof.
OLDER = [WESTERN, "cp1251", "koi8_u", "cp850", "cp866"]
ENOUGH = 32_000  # bytes of lines with such letters
# Letters of two alphabets in a word, a quote in one, or a Cyrillic letter all alone.
NOT_WRITTEN = re.compile(
    r"[a-z][\u0400-\u04ff]|[\u0400-\u04ff][a-z]|[a-z][„”“†‡™…•][a-z]"
    r"|^[^\u0400-\u04ff]*[\u0400-\u04ff][^\u0400-\u04ff]*$",
    re.IGNORECASE,
)


def of(sample: bytes) -> str:
    """For the beginning of a file; "utf-8" also for one with a stray letter of another."""
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return encoding
    half = len(sample) // 2 or 1
    if sample[1::2].count(0) > half * 0.6:
        return "utf-16-le"
    if sample[::2].count(0) > half * 0.6:
        return "utf-16-be"
    begun = codecs.getincrementaldecoder("utf-8")("surrogateescape")  # it may end within a letter
    letters = re.findall(r"[^\x00-\x7f]", begun.decode(sample))
    strays = sum("\udc80" <= one <= "\udcff" for one in letters)
    return older(sample) if strays * 2 > len(letters) else "utf-8"


def older(sample: bytes) -> str:
    """Of bytes that are no Unicode: the most likely of a few."""
    lines = [line for line in sample.splitlines() if not line.isascii()]
    found = from_bytes(b"\n".join(lines)[:ENOUGH], cp_isolation=OLDER)
    likely = (one.encoding for one in found if not NOT_WRITTEN.search(str(one)))
    return next(likely, WESTERN)


def as_western(error: UnicodeError) -> tuple[str, int]:
    """A byte that is no UTF-8, in a file of it. Asked for byte by byte, so one stray letter in the
    middle of a million rows is read, too."""
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return wrong.decode(WESTERN, "replace"), error.end


codecs.register_error("western", as_western)


def errors(encoding: str) -> str:
    """How to read what this encoding has not."""
    return "western" if encoding.startswith("utf-8") else "replace"
