"""Who sees what: from what a reader's cookie holds, and what a page may ask, to one of a few words.

A pure function of its arguments, asked for each page before Django runs. It knows nobody: the
cookie says until when to be silent, never why. A visit is a day, for the hour would tell when
somebody read; and days are UTC's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from random import Random
from typing import NamedTuple

THIRD = 3  # “after the third article in a month”: no more are counted
COOLING = (7, 30, 91, 182)  # days of silence after the first “Not now”, the second, …
FORGOTTEN = 365  # days until dismissals count from the beginning


class Kind(StrEnum):
    """Of page, that may ask."""

    ARTICLE = "article"
    ISSUE = "issue"  # a newsletter's web page
    OTHER = "other"  # the front page, a section
    PLACED = "placed"  # the front page, on which an editor has put the box


class Place(StrEnum):
    BELOW = "below"  # a box at the end of an article
    THIRD = "third"  # the same, from the third article of a month on
    BANNER = "banner"  # slim, above the page, once a visit
    ISSUE = "issue"


class Memory(NamedTuple):
    """All that the cookie holds; numbers, nought for “nothing”. Days since 1970."""

    until: int = 0  # the last day of silence, whatever the reason
    more: int = 0  # … or until so many more articles were read
    dismissed: int = 0  # how often
    dismissed_on: int = 0  # the last time
    month: int = 0  # in which articles are counted
    read: int = 0  # in it
    shown_on: int = 0  # a banner
    bucket: int = -1  # 0–99, of experiments

    def deferred(self, until: int, more: int = 0) -> "Memory":
        """Silence; a longer one that was agreed on stays."""
        return self._replace(until=max(self.until, until), more=more)

    def turned_away(self, day: int) -> "Memory":
        """“Not now.”"""
        forgotten = day - self.dismissed_on > FORGOTTEN
        dismissed = 1 if forgotten else min(self.dismissed + 1, len(COOLING))
        return self._replace(dismissed=dismissed, dismissed_on=day)

    def is_silent(self, day: int) -> bool:
        """A clock that went back lengthens a silence and ends none."""
        if day <= self.until:
            return True
        times = min(self.dismissed, len(COOLING))
        return times > 0 and day < self.dismissed_on + COOLING[times - 1]


class Offer(NamedTuple):
    """An appeal, where it may ask, in which currencies, and as which variant of an experiment."""

    appeal: int
    places: frozenset[str]
    currencies: tuple[str, ...] = ()
    variant: int = 0  # its number in the database; 0: it is asked by itself


@dataclass(frozen=True)
class Rules:
    """By what a page differs: the same for all who read it. In an experiment there are several
    offers, each for an equal share of the buckets."""

    kind: Kind
    offers: tuple[Offer, ...] = ()
    experiment: int = 0

    def __str__(self) -> str:
        offers = (
            f"{one.appeal}:{'+'.join(sorted(one.places))}:{'+'.join(one.currencies)}:{one.variant}"
            for one in self.offers
        )
        return " ".join([self.kind, str(self.experiment), *offers])

    @cached_property
    def count(self) -> bool:
        """Do articles count? Nothing is remembered that is not needed."""
        return any(one.places & {Place.THIRD, Place.BANNER} for one in self.offers)

    def variant_of(self, bucket: int) -> int:
        """Whoever was together in one experiment is mixed anew for the next."""
        return shuffled(self.experiment)[bucket] * len(self.offers) // 100


@lru_cache(maxsize=100)
def read_rules(text: str) -> Rules:
    kind, experiment, *offers = text.split()
    read = tuple(_read_offer(*offer.split(":")) for offer in offers)
    return Rules(Kind(kind), read, int(experiment))


def _read_offer(appeal: str, places: str, currencies: str, variant: str) -> Offer:
    def several(text: str) -> list[str]:
        return text.split("+") if text else []

    return Offer(int(appeal), frozenset(several(places)), tuple(several(currencies)), int(variant))


@lru_cache(maxsize=100)
def shuffled(experiment: int) -> list[int]:
    return Random(experiment).sample(range(100), 100)


@lru_cache(maxsize=10)
def month_of(day: int) -> int:
    on = date(1970, 1, 1) + timedelta(days=day)
    return on.year * 12 + on.month


class Decision(NamedTuple):
    place: str  # "": nothing is asked
    variant: int  # which of the offers; -1: the first, and not as a part of an experiment
    memory: Memory  # what the cookie holds from now on


def decide(memory: Memory | None, rules: Rules, day: int, chance: int | None) -> Decision:
    """What this page asks of this reader. ``memory`` is None for who has no cookie of ours: then
    what counts does not fire. ``chance`` is their bucket, if they have none; None: they get no
    cookie, and so can't be in an experiment."""
    then = memory or Memory()
    now = then
    if then.more and rules.kind == Kind.ARTICLE:
        now = now._replace(more=then.more - 1, until=then.until if then.more > 1 else 0)
    if not rules.offers or now.is_silent(day):
        return Decision("", -1, now)
    if rules.kind == Kind.ARTICLE and rules.count:
        month = month_of(day)
        read = then.read if then.month == month else 0
        now = now._replace(month=month, read=min(read + 1, THIRD))
    variant = -1
    bucket = then.bucket if 0 <= then.bucket < 100 else chance
    if rules.experiment and bucket is not None:
        variant = rules.variant_of(bucket)
        now = now._replace(bucket=bucket)
    place = _place(rules.offers[max(variant, 0)].places, rules.kind, memory, now, day)
    if place == Place.BANNER:
        now = now._replace(shown_on=day)
    return Decision(place, variant, now)


def _place(places: Iterable[str], kind: Kind, memory: Memory | None, now: Memory, day: int) -> str:
    if kind == Kind.PLACED or (kind == Kind.ISSUE and Place.ISSUE in places):
        return Place.BELOW
    if kind == Kind.ARTICLE:
        if Place.THIRD in places and memory and now.read >= THIRD:
            return Place.THIRD
        if Place.BELOW in places:
            return Place.BELOW
    if kind != Kind.ISSUE and Place.BANNER in places and memory and memory.shown_on < day:
        return Place.BANNER
    return ""
