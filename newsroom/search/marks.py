"""What was found, shown where it stands: in the headline, and in the lines around it.

PostgreSQL could do it (``ts_headline``), but marks no “Dvořák” for “dvorak”, and what it answers is
half text and half HTML. Here text stays text until it is escaped.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from newsroom.models import ArticlePage
from newsroom.models.article import words

SAME_BEGIN = 2  # letters that no ending changes: only such words are shown to PostgreSQL
BEFORE, AFTER = 60, 180  # characters around the first word that was found


@dataclass(frozen=True)
class Result:
    article: ArticlePage
    title: SafeString
    lines: SafeString


def results(articles: Sequence[ArticlePage], bodies: Mapping[int, str], text: str) -> list[Result]:
    """Of a search for this text."""
    begins = tuple(word[:SAME_BEGIN] for word in map(words.fold, words.WORD.findall(text)))
    runs = words.UNSPACED.findall(text)
    pieces = pieces_of(runs)
    texts = {one.pk: (one.title, one.teaser, bodies.get(one.pk, "")) for one in articles}
    candidates = {
        word
        for parts in texts.values()
        for part in parts
        for word in pieces.findall(part)
        if begins and words.fold(word).startswith(begins)
    }
    found = having(candidates, text).union(runs)
    return [result(one, *texts[one.pk], found, pieces) for one in articles]


def pieces_of(runs: Sequence[str]) -> re.Pattern[str]:
    """What is marked or not: words; where no space parts them, these runs, else sign by sign."""
    signs = rf"[{words.ALPHABETS}{words.SIGNS}][{words.MARKS}]*"
    longest = sorted(map(re.escape, runs), key=len, reverse=True)
    asked = [rf"{run}(?![{words.MARKS}])" for run in longest]
    return re.compile("|".join([*asked, signs, words.WORD.pattern]))


def having(candidates: Iterable[str], text: str) -> set[str]:
    """Those of these words that are found by one of the text's."""
    rows = [(word, config, form) for word in candidates for config, form in words.forms(word)]
    asked = words.forms(text)
    if not rows or not asked:
        return set()
    sql = """
        WITH asked AS (
            SELECT regexp_replace(
                plainto_tsquery(config, form)::text, ' (&|<->) ', ' | ', 'g'
            )::tsquery AS query
            FROM unnest(%s::regconfig[], %s::text[]) AS part (config, form)
        )
        SELECT DISTINCT word FROM asked, unnest(%s::text[], %s::regconfig[], %s::text[])
        AS part (word, config, form) WHERE to_tsvector(config, form) @@ query
    """
    with connection.cursor() as cursor:
        columns = (*zip(*asked, strict=True), *zip(*rows, strict=True))
        cursor.execute(sql, [list(column) for column in columns])
        return {word for (word,) in cursor.fetchall()}


def result(
    article: ArticlePage,
    title: str,
    teaser: str,
    text: str,
    found: set[str],
    pieces: re.Pattern[str],
) -> Result:
    """With its deck, unless the words stand only in the text below."""
    if found.isdisjoint(pieces.findall(teaser)) and (
        first := next((word for word in pieces.finditer(text) if word[0] in found), None)
    ):
        teaser = around(text, first.start())
    return Result(article, marked(title, found, pieces), marked(teaser, found, pieces))


def around(text: str, place: int) -> str:
    """The words there, cut between words."""
    begin, end = max(0, place - BEFORE), min(len(text), place + AFTER)
    if begin and (space := text.find(" ", begin, place)) > 0:
        begin = space + 1
    if end < len(text) and (space := text.rfind(" ", place, end)) > place:
        end = space
    cut = " ".join(text[begin:end].split())
    return f"{'… ' if begin else ''}{cut}{' …' if end < len(text) else ''}"


def marked(text: str, found: set[str], pieces: re.Pattern[str]) -> SafeString:
    """Escaped, with ``<mark>`` around these words."""
    parts, done = [], 0
    for word in pieces.finditer(text):
        if word[0] in found:
            parts.append(format_html("{}<mark>{}</mark>", text[done : word.start()], word[0]))
            done = word.end()
    return format_html("{}{}", format_html_join("", "{}", ((one,) for one in parts)), text[done:])
