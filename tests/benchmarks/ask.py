"""What the ask costs: to decide who sees what; a kept page with it beside one without, as CPU; and
how many of a realistic mix of readers get a page that is kept."""

import asyncio
import os
import random
import statistics
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks import given
from tests.benchmarks.mailing import start
from tests.benchmarks.pages import WORDS, WORKERS, answered, cpu, load
from tests.environment import wait_for_port

SECONDS, ARTICLES, RUNS = given("SECONDS", 3), given("ARTICLES", 300), given("RUNS", 12)
WARM = given("WARM", 60)  # seconds that a newsroom was read before
Figures = dict[str, tuple[float, str]]
LANGUAGES = ["en-US,en;q=0.8"] * 5 + ["ru", "de-DE,de", "de-CH", "pl", "uk,ru;q=0.7", "fr", "en-GB"]


def run() -> tuple[dict[str, Any], Figures]:
    from django.conf import settings

    from newsroom.devserver.services import place
    from tests.factories import make_appeal, make_article, make_site

    section = make_site().section
    appeal = make_appeal()
    articles = [make_article(section, body=[("text", WORDS)]) for _ in range(ARTICLES)]
    host, ours = urlsplit(settings.BASE_URL).netloc, settings.BASE_URL
    os.environ["GRANIAN_HOST"], os.environ["GRANIAN_PORT"] = place(ours)
    figures: Figures = {"deciding": (deciding(), "µs"), "… a cookie of 4 kB": (hostile(), "µs")}
    mix = cookies()

    def asking(path: str, language: str = "en", cookie: str = "") -> bytes:
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", f"Accept-Language: {language}"]
        lines += ["Accept-Encoding: br, gzip", *([f"Cookie: ask={cookie}"] if cookie else [])]
        return "\r\n".join([*lines, "", ""]).encode()

    with ExitStack() as stack:
        web = start(stack, "manage.py", "run", f"web:{WORKERS}")
        wait_for_port(urlsplit(ours).port or 0)

        def microseconds(asked: list[bytes]) -> float:
            asyncio.run(load(ours, asked, 0.5, 4))
            spent = cpu(web)
            many = len(asyncio.run(load(ours, asked, SECONDS, 16)))
            return (cpu(web) - spent) / many * 1e6

        path = [asking(articles[0].url, cookie=cookie) for cookie in mix]
        costs: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(RUNS):
            for active in costs:
                appeal.live = active
                appeal.save()
                time.sleep(1)
                costs[active].append(microseconds(path))
        # Whatever else the machine does only adds: the best third says what a page costs.
        without, with_it = (statistics.mean(sorted(costs[it])[: RUNS // 3]) for it in (False, True))
        figures["kept article without the ask, CPU"] = (without, "µs")
        figures["kept article with it, CPU"] = (with_it, "µs")
        figures["… dearer by"] = (100 * (with_it / without - 1), "%")

        # Some articles are read far more than others (Zipf).
        shares = [1 / rank for rank in range(1, ARTICLES + 1)]
        chosen = random.Random(1).choices(articles, shares, k=20_000)
        asked = [asking(one.url, random.choice(LANGUAGES), random.choice(mix)) for one in chosen]
        asyncio.run(load(ours, asked, WARM, 32))
        before = answered(ours)
        asyncio.run(load(ours, asked, SECONDS * 4, 32))
        kept, made = (now - then for now, then in zip(answered(ours), before, strict=True))
        figures["of a realistic mix kept"] = (100 * kept / (kept + made), "%")
    return {"articles": ARTICLES, "workers": WORKERS, "runs": RUNS}, figures


def cookies() -> list[str]:
    """Half have none; then who reads a little or much, said “later”, and said “not now”."""
    from django.utils import timezone

    from donations.asking.ask_cookie import day_of, sealed
    from donations.asking.deciding import Memory, month_of

    today = day_of(timezone.now())
    fresh = Memory(month=month_of(today), shown_on=today - 1)
    some = [fresh._replace(read=number % 4, bucket=number) for number in range(30)]
    some += [Memory(until=today + number) for number in range(10)]
    some += [fresh.turned_away(today - number)._replace(bucket=number) for number in range(10)]
    return [""] * 50 + [sealed(one) for one in some]


def deciding() -> float:
    """By the app, from the headers to the word and the cookie; for the mix, the best of some."""
    from donations.asking.deciding import Kind, Offer, Place, Rules
    from donations.giving import ask_box
    from newsroom.kept_pages.asked import Visitor

    offers = tuple(Offer(number, frozenset(Place), ("usd", "eur"), number) for number in (1, 2))
    rules = str(Rules(Kind.ARTICLE, offers, 4))
    headers = [
        {b"accept-language": b"de-DE,de", b"cookie": f"theme=dark; ask={cookie}".encode()}
        for cookie in cookies()
    ]

    def one_run() -> float:
        ask_box._given.cache_clear()
        return seconds(lambda one: ask_box.variant(rules, Visitor(one)), headers)

    return min(one_run() for _ in range(5)) * 1e6


def hostile() -> float:
    from donations.asking.ask_cookie import opened

    return seconds(opened, ["0" * 4000] * 10_000) * 1e6


def seconds(work: Any, on: list[Any]) -> float:
    began = time.perf_counter()
    for one in on:
        work(one)
    return (time.perf_counter() - began) / len(on)
