"""Which articles somebody may mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Q, QuerySet
from django.db.models.functions import TruncSecond
from taggit.models import Tag

from newsroom.core.clock import begin_of, end_of
from newsroom.models import (
    ArticleByline,
    ArticlePage,
    ArticleTag,
    Author,
    SearchEntry,
    SectionPage,
    readable,
)
from newsroom.models.article import words
from newsroom.publishing import listings

LONGEST = 200  # characters of a query
MOST_WORDS = 12
MOST = 1000  # articles that are shown, and ranked: the newest of all that have the words
SEVERAL = 5000  # articles of a section or an author that are looked at one by one
FEW = 3  # found; then perhaps it is mistyped
LOOKED_AT = 30  # articles with nearly such a word
ALIKE = 0.7  # difflib's measure
PART = re.compile(r'"([^"]+)"|([^\s"]+)')


@dataclass(frozen=True)
class Wanted:
    text: str = ""
    section: SectionPage | None = None
    authors: Sequence[Author] | None = None  # by one of these
    since: date | None = None
    until: date | None = None
    newest_first: bool = False

    @property
    def is_anything(self) -> bool:
        return bool(self.text or self.is_narrowed)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.section or self.authors is not None or self.since or self.until)

    @cached_property
    def query(self) -> Any:
        """All its words; what stands in quotes, one after the other. None: it has no word."""
        parts = [part for part in PART.findall(self.text) if words.WORD.search("".join(part))]
        found = [phrase(quoted) if quoted else any_form(word) for quoted, word in parts]
        return reduce(and_, found[:MOST_WORDS]) if found else None

    def entries(self, having: Q) -> QuerySet[SearchEntry]:
        """Of what is in print, as it was when an article was last saved."""
        found = SearchEntry.objects.filter(having)
        if self.section or self.authors is not None:
            found = found.filter(article__in=self.articles())
        if self.since:
            found = found.filter(published_at__gte=begin_of(self.since))
        if self.until:
            found = found.filter(published_at__lt=end_of(self.until))
        return found.order_by("-published_at", "-article")

    def articles(self) -> Any:
        """Of that section, by those authors. Few are named, so PostgreSQL looks at them and at no
        other; of many it meets enough on its way through all, the newest first."""
        found = ArticlePage.objects.child_of(self.section) if self.section else ArticlePage.objects
        if self.authors is not None:
            signed = ArticleByline.objects.filter(author__in=self.authors)
            found = found.filter(pk__in=signed.values("article"))
        few = list(found.order_by().values_list("pk", flat=True)[: SEVERAL + 1])
        return few if len(few) <= SEVERAL else found.values("pk")


def phrase(text: str) -> SearchQuery:
    return SearchQuery(words.as_written(text), config=words.CONFIG, search_type="phrase")


def any_form(word: str) -> Any:
    forms = (SearchQuery(form, config=config) for config, form in words.forms(word))
    return reduce(or_, forms)


@dataclass(frozen=True)
class Found:
    """The numbers of the articles, in their order."""

    articles: Sequence[int]
    instead: str = ""  # what was looked up, as nothing was found
    meant: str = ""  # … and what more would be found by

    @property
    def is_more(self) -> bool:
        return len(self.articles) > MOST


def look_up(wanted: Wanted, authors: Sequence[Author], topics: Sequence[Tag]) -> Found:
    """By words; else what these authors signed, what these topics are about; else, as somebody may
    have mistyped it, by the words most like them."""
    found = numbers(wanted, Q(words=wanted.query) if wanted.text else Q())
    if not found and (authors or topics):
        found = numbers(replace(wanted, text=""), named(authors, topics))
    if len(found) >= FEW or not wanted.query:
        return Found(found)
    meant = as_meant(wanted.text)
    better = replace(wanted, text=meant)
    others = numbers(better, Q(words=better.query)) if meant else []
    if not found and others:
        return Found(others, instead=meant)
    return Found(found, meant=meant if len(others) > len(found) else "")


def named(authors: Sequence[Author], topics: Sequence[Tag]) -> Q:
    signed = ArticleByline.objects.filter(author__in=authors).values("article")
    tagged = ArticleTag.objects.filter(tag__in=topics).values("content_object")
    return Q(article__in=signed) | Q(article__in=tagged)


def numbers(wanted: Wanted, having: Q) -> list[int]:
    """One more than MOST, if there are more. However many have the words, no more are looked at."""
    if wanted.text and wanted.query is None:
        return []
    # In a query of its own: else PostgreSQL would go through all that readers may open.
    newest = list(wanted.entries(having).values_list("pk", flat=True)[: MOST + 1])
    in_print = readable(ArticlePage.objects).filter(pk__in=newest)
    found = SearchEntry.objects.filter(pk__in=newest, article__in=in_print)
    if wanted.query is None or wanted.newest_first:
        found = found.order_by("-published_at", "-pk")
    else:
        rank = SearchRank(F("words"), wanted.query, normalization=1)  # long texts say more
        found = found.order_by(rank.desc(), "-published_at", "-pk")
    return list(found.values_list("pk", flat=True))


def as_meant(text: str) -> str:
    """The same with each word replaced by the one most like it in the headlines and decks of what
    is in print; “” if there is none."""
    typed = words.distinctive(text)[:MOST_WORDS]
    alike = [near(word) for word in typed]
    if not alike:
        return ""
    tops = readable(ArticlePage.objects).filter(pk__in=list(alike[0].union(*alike[1:])))
    known: dict[str, str] = {}
    for top in tops.values_list("title", "deck"):
        for word in words.WORD.findall(" ".join(top)):
            known.setdefault(words.fold(word), word.lower())

    def better(word: re.Match[str]) -> str:
        folded = words.fold(word[0])
        close = get_close_matches(folded, known, n=1, cutoff=ALIKE) if folded in typed else []
        return known[close[0]] if close and close[0] != folded else word[0]

    meant = words.WORD.sub(better, text)
    return meant if meant != text else ""


def near(word: str) -> Any:
    """The newest that have nearly such a word in headline or deck. By a time no index has: else
    PostgreSQL would go through all articles, the newest first, for the few that have it."""
    alike = SearchEntry.objects.filter(near__overlap=list(words.mistyped(word)))
    newest = alike.order_by(TruncSecond("published_at").desc(), "-article")
    return newest.values_list("pk", flat=True)[:LOOKED_AT]


def shown(found: Sequence[int]) -> tuple[list[ArticlePage], dict[int, str]]:
    """One page of those articles, and their texts."""
    articles = ArticlePage.objects.in_print().in_bulk(found)
    texts = dict(SearchEntry.objects.filter(pk__in=found).values_list("pk", "text"))
    return [articles[pk] for pk in found if pk in articles], texts


def in_name(query: str) -> tuple[list[Author], list[Tag]]:
    """Authors and topics with these words in their names."""
    return listings.named(listings.authors(), query), listings.named(listings.topics(), query)
