"""The words of a text: as the search knows them, and how long it takes to read them.

PostgreSQL cuts off endings by the rules of a language; what it lacks is done here, so that no
extension is needed, which a database of somebody else's may not have.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from unicodedata import category, combining, normalize

from newsroom.core.languages import OWN

# PostgreSQL's configurations (“Text Search Configuration”); those that it lacks are “simple”.
STEMMED = {
    "ar": "arabic", "de": "german", "en": "english", "es": "spanish", "fr": "french",
    "ru": "russian",
}  # fmt: skip
CONFIG = STEMMED.get(OWN, "simple")
CYRILLIC_CONFIG = "russian"
CYRILLIC = re.compile(r"[\u0400-\u052f]")
# Marks that belong to the letter before them: accents, and vowels in Hindi or Thai. To “re” they
# are no part of a word.
MARKS = "".join(sign for sign in map(chr, range(0x300, 0xFE30)) if category(sign)[0] == "M")
WORD = re.compile(rf"[^\W_][\w{MARKS}]*")
# Scripts without spaces between words: Thai, Lao, Burmese, Khmer; kana and Han.
ALPHABETS, SIGNS = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff", r"\u3040-\u30ff\u3400-\u9fff"
UNSPACED = re.compile(f"[{ALPHABETS}{SIGNS}]+")
LETTERS = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe"})
LETTERS |= str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ـ": ""})
# Words a minute (Trauzettel-Klosinski and Dietz, 2012, IReST); signs a minute, and letters a word,
# where no space parts them.
SPEEDS = {"ar": 138, "de": 179, "en": 228, "es": 218, "fr": 195, "pl": 166, "ru": 184}
SPEED, SIGNS_A_MINUTE, LETTERS_A_WORD = SPEEDS.get(OWN, 180), 300, 4
SHORTEST, LONGEST = 4, 24  # letters of a word that is looked for when mistyped


def forms(text: str) -> list[tuple[str, str]]:
    """(configuration, words): as written; without accents, where they had any; and what is
    Cyrillic by the rules of Russian, whatever the paper writes in."""
    text = as_written(text)
    words = list(dict.fromkeys(WORD.findall(text)))
    words_without = [plain for word in words if (plain := fold(word)) != word]
    found = [(CONFIG, text), (CONFIG, " ".join(words_without))]
    if CONFIG != CYRILLIC_CONFIG:
        cyrillic = filter(CYRILLIC.search, [*words, *words_without])
        found.append((CYRILLIC_CONFIG, " ".join(cyrillic)))
    return [(config, words) for config, words in found if words]


def as_written(text: str) -> str:
    return UNSPACED.sub(lambda run: f" {pairs(run[0])} ", normalize("NFC", text).lower())


def pairs(run: str) -> str:
    """Each sign, and each two that stand together."""
    return " ".join([*run, *map("".join, pairwise(run))])


@cache
def _is_accent(sign: str) -> bool:
    return combining(sign) > 0 and ("\u0300" <= sign <= "\u036f" or "\u064b" <= sign <= "\u0652")


def fold(word: str) -> str:
    """“Dvořák” as “dvorak”, “ёлка” as “елка”."""
    if word.isascii():
        return word.lower()
    parts = normalize("NFD", word.lower().translate(LETTERS))
    return normalize("NFC", "".join(sign for sign in parts if not _is_accent(sign)))


def mistyped(word: str) -> Iterator[str]:
    """The word, and each that is left when one letter is taken away: two words that differ by a
    letter, or have two in another order, share one of these."""
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def distinctive(text: str) -> list[str]:
    """Those words, folded, that are long enough to be known though they are mistyped."""
    words = map(fold, WORD.findall(normalize("NFC", text)))
    return [word for word in dict.fromkeys(words) if SHORTEST <= len(word) <= LONGEST]


def minutes(text: str) -> int:
    """That it takes to read it; 0 for nothing."""
    signs = sum(len(run) for run in re.findall(f"[{SIGNS}]+", text))
    letters = sum(len(run) for run in re.findall(f"[{ALPHABETS}]+", text))
    words = len(WORD.findall(UNSPACED.sub(" ", text))) + letters / LETTERS_A_WORD
    taken = words / SPEED + signs / SIGNS_A_MINUTE
    return max(1, round(taken)) if taken else 0
