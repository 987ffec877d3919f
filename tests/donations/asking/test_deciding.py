import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from donations import retention
from donations.asking import ask_cookie
from donations.asking.ask_cookie import day_of, opened, sealed
from donations.asking.deciding import (
    COOLING,
    FORGOTTEN,
    THIRD,
    Kind,
    Memory,
    Offer,
    Place,
    Rules,
    decide,
    read_rules,
)
from donations.models.asking import days
from newsroom.demo.load import POLICY

EXAMPLES = int(os.environ.get("EXAMPLES", "60"))

WHENEVER = st.datetimes(
    *map(datetime.fromisoformat, ("2024-02-27", "2031-01-02")), timezones=st.just(UTC)
)
CURRENCIES = st.lists(st.sampled_from(["usd", "eur"]), unique=True).map(tuple)
PLACES = st.frozensets(st.sampled_from(Place), min_size=1)
OFFERS = st.lists(
    st.builds(Offer, st.integers(1, 99), PLACES, CURRENCIES), min_size=1, max_size=4
).map(tuple)
RULES = st.builds(Rules, st.sampled_from(Kind), OFFERS, st.integers(0, 9))
NUMBER = st.integers(0, 10**6)
MEMORIES = st.builds(Memory, *[NUMBER] * 7, st.integers(-1, 99))


@given(MEMORIES, st.lists(NUMBER, max_size=3), st.integers(1, 7))
def test_cookie_of_another_version_is_read_as_far_as_it_is_known(memory, more, fewer) -> None:
    assert opened(sealed((*memory, *more))) == memory  # type: ignore[arg-type]
    assert opened(sealed(memory[:fewer])) == Memory(*memory[:fewer])  # type: ignore[arg-type]
    assert opened(sealed((*memory, "word"))) == memory  # type: ignore[arg-type]
    assert opened(sealed(("word", *memory))) is None  # type: ignore[arg-type]


@dataclass
class Walk:
    """A reader and their browser, and what we may say of them."""

    rules: tuple[Rules, ...]
    now: datetime
    cookie: str = ""
    silent_until: int = 0  # the last day on which they said that we must not ask
    asked_on: list[tuple[str, int]] = field(default_factory=list)

    @property
    def day(self) -> int:
        return day_of(self.now)

    def memory(self) -> Memory:
        return opened(self.cookie) or Memory()

    def read(self, which: int) -> None:
        rules = read_rules(str(self.rules[which % len(self.rules)]))
        place, variant, memory = decide(opened(self.cookie), rules, self.day, 7)
        self.cookie = sealed(memory)
        assert len(self.cookie) <= ask_cookie.LARGEST
        if place:
            assert self.day > self.silent_until, "asked in spite of what was agreed on"
            allowed = rules.offers[max(variant, 0)].places | {Place.BELOW}
            assert place in allowed
            banners = [day for shown, day in self.asked_on if shown == Place.BANNER]
            assert place != Place.BANNER or self.day not in banners, "twice in one visit"
            self.asked_on.append((place, self.day))
        elif rules.kind == Kind.PLACED:
            assert self.day <= self.silent_until or self.memory().more, "not asked again"

    def defer(self, days: int, articles: int) -> None:
        memory = self.memory().deferred(self.day + days, articles)
        self.cookie = sealed(memory)
        if not articles:
            self.silent_until = max(self.silent_until, self.day + days)

    def dismiss(self) -> None:
        memory = self.memory().turned_away(self.day)
        self.cookie = sealed(memory)
        cooling = COOLING[memory.dismissed - 1]
        self.silent_until = max(self.silent_until, self.day + cooling - 1)

    def clear(self) -> None:
        self.cookie, self.silent_until, self.asked_on = "", 0, []


STEPS = st.one_of(
    st.tuples(st.just("read"), st.integers(0, 3)),
    st.tuples(st.just("defer"), st.integers(0, 400), st.just(0)),
    st.tuples(st.just("dismiss")),
    st.tuples(st.just("clear")),
    st.tuples(st.just("later"), st.timedeltas(timedelta(0), timedelta(days=200))),
)


@given(st.lists(RULES, min_size=1, max_size=4).map(tuple), WHENEVER, st.lists(STEPS, max_size=30))
@settings(max_examples=EXAMPLES, deadline=None)
def test_nobody_is_asked_while_silent_and_everybody_after(rules, now, steps) -> None:
    """Whatever they read, say, throw away, and however time goes by: leap days, new years."""
    walk = Walk(rules, now)
    for what, *about in steps:
        if what == "later":
            walk.now += about[0]
        else:
            getattr(walk, what)(*about)


@given(WHENEVER, st.integers(1, 5))
@settings(max_examples=EXAMPLES, deadline=None)
def test_who_wants_to_read_more_articles_first_is_asked_at_the_last(now, more) -> None:
    walk = Walk((Rules(Kind.ARTICLE, (Offer(1, frozenset({Place.BELOW})),)),), now)
    walk.defer(90, more)
    for _ in range(more):
        assert walk.asked_on == []
        walk.read(0)
    assert walk.asked_on == [(Place.BELOW, walk.day)]


def test_third_article_of_a_month_asks_and_the_first_of_the_next_does_not() -> None:
    walk = Walk(
        (Rules(Kind.ARTICLE, (Offer(1, frozenset({Place.THIRD})),)),),
        datetime(2028, 2, 29, tzinfo=UTC),
    )
    for count in range(1, 5):
        walk.read(0)
        assert len(walk.asked_on) == max(0, count - THIRD + 1)
    walk.now += timedelta(days=1)
    walk.read(0)
    assert len(walk.asked_on) == 2 and walk.memory().read == 1


def test_silence_grows_with_each_not_now_and_is_forgotten_after_a_year() -> None:
    memory, day = Memory(), 20_000
    for cooling in (*COOLING, COOLING[-1]):
        memory = memory.turned_away(day)
        assert memory.is_silent(day + cooling - 1) and not memory.is_silent(day + cooling)
        day += cooling
    day += FORGOTTEN + 1
    assert memory.turned_away(day).dismissed == 1


def test_what_counts_does_not_fire_without_a_cookie() -> None:
    """Behind caches of others, and in a browser that keeps none."""
    everywhere = Offer(1, frozenset(Place) - {Place.BELOW})
    for kind in (Kind.ARTICLE, Kind.OTHER):
        assert decide(None, Rules(kind, (everywhere,)), 20_000, 5).place == ""


def test_nothing_is_counted_that_no_appeal_needs() -> None:
    below = Rules(Kind.ARTICLE, (Offer(1, frozenset({Place.BELOW})),))
    assert decide(None, below, 20_000, 5).memory == Memory()


@given(st.integers(1, 9), st.integers(2, 4))
@settings(max_examples=EXAMPLES, deadline=None)
def test_experiment_has_equal_shares_and_keeps_everybody_in_theirs(experiment, variants) -> None:
    offers = tuple(Offer(number, frozenset({Place.BELOW})) for number in range(variants))
    rules = Rules(Kind.ARTICLE, offers, experiment)
    shares = [rules.variant_of(bucket) for bucket in range(100)]
    assert {shares.count(variant) for variant in range(variants)} <= {
        100 // variants,
        -(-100 // variants),
    }
    first = decide(None, rules, 20_000, 42)
    again = decide(first.memory, rules, 20_001, 7)
    assert first.variant == again.variant == shares[42]
    assert decide(None, rules, 20_000, None).variant == -1  # who gets no cookie


@given(RULES)
@settings(max_examples=EXAMPLES, deadline=None)
def test_rules_are_read_as_they_are_written(rules) -> None:
    assert read_rules(str(rules)) == rules


# --- The cookie -------------------------------------------------------------------------------


@given(MEMORIES)
@settings(max_examples=EXAMPLES, deadline=None)
def test_cookie_is_small_and_opens(memory) -> None:
    cookie = sealed(memory)
    assert opened(cookie) == memory and len(f"ask={cookie}") <= 120
    assert set(cookie) <= set("0123456789.:-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@given(MEMORIES, st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_tampered_cookie_is_ignored(memory, data) -> None:
    cookie = sealed(memory)
    at = data.draw(st.integers(0, len(cookie) - 1))
    other = data.draw(st.characters(codec="latin-1").filter(lambda sign: sign != cookie[at]))
    assert opened(cookie[:at] + other + cookie[at + 1 :]) is None


@pytest.mark.parametrize(
    "cookie", ["", ":", "x" * 4000, "1:" + "x" * 60, "0.0", "\udcff:é", "9" * 99]
)
def test_nonsense_is_ignored(cookie: str) -> None:
    assert opened(cookie) is None


def test_key_of_before_still_opens_it() -> None:
    cookie = sealed(Memory(until=5))
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]):
        assert opened(cookie) is None
    from django.conf import settings as ours

    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[ours.SECRET_KEY]):
        assert opened(cookie) == Memory(until=5)


def test_cookie_of_before_still_keeps_us_silent() -> None:
    until = datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC)
    cookie = signing.Signer(salt="ask").sign(str(int(until.timestamp())))
    memory = opened(cookie)
    assert memory and memory.is_silent(day_of(until)) and not memory.is_silent(day_of(until) + 1)


def test_cookie_tells_no_donor_from_who_said_later(rf) -> None:
    """Neither by what it holds nor by how long it lasts."""
    today = datetime.now(UTC).date()
    after = {choice.day(today) - today for choice in days.FAR}
    assert set(ask_cookie.AFTER_CONTRIBUTION.values()) <= after
    until = datetime.now(UTC) + timedelta(days=60)
    said = []
    for one in (until, until + timedelta(seconds=1), datetime.now(UTC) + timedelta(days=9999)):
        response = HttpResponse()
        ask_cookie.hide(rf.get("/"), response, one)
        said.append(response.cookies["ask"])
    first, second, longest = said
    assert first.value == second.value and first["max-age"] == longest["max-age"]
    assert opened(longest.value).until <= day_of(datetime.now(UTC)) + 400
    assert first["httponly"] and first["samesite"] == "Lax"


def test_header_says_what_django_would() -> None:
    response = HttpResponse()
    ask_cookie.remember(response, Memory(until=20_000, bucket=5))
    ours, theirs = (
        {part.strip().lower() for part in text.split(";") if "expires" not in part}
        for text in (
            ask_cookie.header(Memory(until=20_000, bucket=5)),
            response.cookies["ask"].OutputString(),
        )
    )
    assert ours == theirs


SAID = {  # what the cookie holds -> the words that name it
    "until": "until when",
    "more": "until when",
    "dismissed": "how often you said “not today”",
    "dismissed_on": "and when last",
    "month": "this month",
    "read": "how many articles you have read",
    "shown_on": "the day of the last banner",
    "bucket": "a number by chance",
}


@pytest.mark.parametrize("where", ["what we keep", "policy of a new site", "policy of the demo"])
def test_pages_on_privacy_name_all_that_the_cookie_holds(where: str) -> None:
    text = {
        "what we keep": " ".join(str(one.what) for one in retention.kept()),
        "policy of a new site": Path("templates/newsroom/first_steps/policy.html").read_text(),
        "policy of the demo": POLICY,
    }[where]
    said = " ".join(text.split())
    assert set(SAID) == set(Memory._fields)
    assert [name for name, words in SAID.items() if words not in said] == []
