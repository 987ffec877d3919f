"""Before its hour nothing of an article is told by any address of the site; then it is. The
addresses are those that the resolver knows: one that comes later is asked, too."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import models
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from wagtail import blocks as pieces
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.table_block.blocks import TableBlock
from wagtail.models import Page
from wagtail.rich_text import RichText

from newsroom.core import tokens
from newsroom.core.languages import NAMES, OWN
from newsroom.core.paths import routes
from newsroom.live import writing
from newsroom.models import (
    ArticleByline,
    ArticlePage,
    Attachment,
    Author,
    Correction,
    DailyReads,
    LiveEntry,
    RelatedArticle,
    Series,
)
from newsroom.models.blocks import ArticleBody
from newsroom.models.blocks.chart import ChartBlock
from newsroom.tasks import publish_scheduled
from newsroom.web.middleware import OF_NO_LANGUAGE
from subscriptions.models import Subscription
from tests.factories import arrange, make_article, make_image, make_issue, make_subscription

SIX = timezone.localtime().replace(hour=18, minute=0, second=0, microsecond=0) + timedelta(days=1)
RARE = "zqx"  # all words that wait begin so: zqxnewtitle, zqxolddeck …
WORD = re.compile(rf"{RARE}\w*", re.IGNORECASE)
WAITING = ("new", "old")  # an article that nobody has read, and a version of one that is in print
OTHER = next(code for code in NAMES if code != OWN)  # a language; they differ in their texts

# Not asked, and why.
LEFT_OUT = {
    "preview/<token:token>/": "a draft for who was sent the link: it is meant to show it",
    "admin/": "staff",
}


def word(of: str, name: str) -> str:
    return RARE + of + re.sub(r"\W|_", "", name).lower()


# --- Articles with a rare word wherever one can stand --------------------------------------------


def piece(block: Any, rare: str, things: list[Any]) -> Any:
    """A value for a block of any kind, also of one that comes later."""
    match block:
        case ChartBlock():
            return {"title": f"{rare}title", "kind": "line", "numbers": f"Day\t{rare}\n1\t2"}
        case pieces.StructBlock():
            return {
                key: piece(child, rare + key, things) for key, child in block.child_blocks.items()
            }
        case pieces.StreamBlock():
            return [
                (key, piece(child, rare + key.replace("_", ""), things))
                for key, child in block.child_blocks.items()
            ]
        case pieces.ListBlock():
            return [piece(block.child_block, rare, things)]
        case TableBlock():
            return {"data": [[rare]], "first_row_is_table_header": False}
        case pieces.RichTextBlock():
            return RichText(f"<p>{rare}</p>")
        case pieces.URLBlock():
            return f"https://example.net/{rare}"
        case pieces.CharBlock() | pieces.TextBlock() | pieces.RawHTMLBlock():
            return rare
        case pieces.ChooserBlock():
            return next(one for one in things if isinstance(one, block.model_class))
    return block.get_default()


def fill(article: ArticlePage, of: str) -> None:
    for field in ArticlePage._meta.concrete_fields:
        ours = field.model is ArticlePage or field.name in ("title", "seo_title")
        ours |= field.name in ("slug", "search_description")
        text = isinstance(field, models.CharField | models.TextField) and not field.choices
        if ours and text and field.editable:
            setattr(article, field.name, word(of, field.name))
    image = make_image(
        word(of, "picture"), credit=word(of, "credit"), description=word(of, "description")
    )
    paper = Attachment(title=word(of, "document"))
    paper.file.save(f"{of}.txt", ContentFile(word(of, "document").encode()))
    link = RichText(f'<p><a linktype="document" id="{paper.pk}">{word(of, "paper")}</a></p>')
    article.body = [*piece(ArticleBody(), word(of, "body"), [image, paper]), ("text", link)]
    article.lead_image = article.card_image = image
    article.tags.add(word(of, "tag"), "bread")
    own = Author.objects.create(name=word(of, "author"), role=word(of, "role"))
    known = Author.objects.get(name="Known")
    article.bylines = [ArticleByline(author=own), ArticleByline(author=known)]
    series = {"title": word(of, "series"), "slug": word(of, "series")}
    article.series, article.series_part = Series.objects.create(**series), 1
    today = timezone.localdate()
    article.corrections = [Correction(corrected_on=today, text=word(of, "correction"))]


@pytest.fixture
def waiting(site: Any) -> dict[str, ArticlePage]:
    """All that can lead to an article leads to these."""
    other = make_article(site.section, title="Bread gets dearer", slug="bread")
    other.tags.add("bread")
    other.bylines.add(ArticleByline(author=Author.objects.create(name="Known")))
    new = make_article(site.section, title="Draft", slug="draft", deck="", kind="live", live=False)
    entry = LiveEntry(headline=word("new", "entry"), text=word("new", "update"), key=uuid4())
    assert writing.add(new, entry)
    old = make_article(site.section, title="Of yesterday", slug="yesterday")
    articles = {"new": new, "old": old}
    other.body = [
        ("text", RichText(f'<p>As <a linktype="page" id="{one.pk}">we write</a>.</p>'))
        for one in articles.values()
    ]
    other.related_articles = [RelatedArticle(article=one) for one in articles.values()]
    other.save_revision().publish()
    pin = {"id": "1", "type": "item", "value": {"article": old.pk}}
    arrange(site.home, ("top", {"lead": {"article": new.pk}, "pins": [pin]}), ("most_read", {}))
    issue = make_issue(site.newsletter, [other, *articles.values()], live=True, slug="issue")
    issue.save_revision().publish()
    make_subscription(site.newsletter)
    for one in (other, new, old):
        DailyReads.objects.create(article=one, on=timezone.localdate(), count=900)
    for of, one in articles.items():
        Redirect.objects.create(old_path=f"/was-{of}", redirect_page=one)
    return articles


# --- Every address --------------------------------------------------------------------------------


def values(articles: dict[str, ArticlePage]) -> dict[str, list[Any]]:
    """What an address can be asked for, by the name that it has in the route. A name that is new
    stands here, or its route among those left out."""
    ann = Subscription.objects.get()
    rare = [word(of, part) for of in WAITING for part in ("slug", "tag", "author", "series")]
    numbers = [one.pk for one in articles.values()]
    return {
        "slug": [*rare, "draft", "yesterday", "bread", "known", "politics", "weekly"],
        "pk": [*numbers, *Attachment.objects.values_list("pk", flat=True)],
        "number": [0],
        "variant": [0],
        "token": [tokens.permanent(p, ann.subscriber_id) for p in ("preferences", "data")]
        + [tokens.permanent("unsubscribe", ann.pk)],
        "year": [SIX.year],
        "month": [f"{SIX:%m}"],
        "path": ["images/nothing.jpg", "original_images/nothing.jpg"],
        "name": ["mailgun"],
    }


def of_documents() -> list[str]:
    return [f"documents/{one.pk}/x{one.filename}" for one in Attachment.objects.all()]


def of_pages() -> list[str]:
    pages = [page.get_url_parts() for page in Page.objects.filter(depth__gt=1).specific()]
    known = [parts[2].lstrip("/") for parts in pages if parts]
    before = [f"was-{of}{end}" for of in WAITING for end in ("", "/")]
    slugs = ["draft", "yesterday", *(word(of, "slug") for of in WAITING)]
    return [*known, *before, *(f"politics/{slug}/" for slug in slugs)]


# What has no names for its parts: by hand.
BY_HAND = {"documents/([0-9]{1,18})/([^/]+)": of_documents, r"((?:[\w\-]+/)*)": of_pages}
NAMED = re.compile(r"\(\?P<(\w+)>[^()]+\)")
# What lists are asked for: words, words with a letter too many, and the filters.
TYPED = ("title", "titlex", "deck", "slug", "author", "tag", "series", "bodytext", "entry")
BY_QUERY = {
    "search/": [
        *(f"q={word(of, typed)}" for of in WAITING for typed in TYPED),
        *(f"author={word(of, 'author')}" for of in WAITING),
        *("author=known", "q=write", "section=politics&sort=date"),
        f"since={SIX:%Y-%m-%d}&until={SIX:%Y-%m-%d}",
    ],
    "api/v2/articles/": [
        *(f"{by}={word(of, by)}" for of in WAITING for by in ("author",)),
        *(f"topic={word(of, 'tag')}" for of in WAITING),
        *("author=known", "topic=bread", "section=politics", f"since={SIX:%Y-%m-%d}"),
    ],
}


def addresses(articles: dict[str, ArticlePage]) -> Iterator[str]:
    known = values(articles)
    for written in routes(get_resolver().url_patterns):
        if any(written.startswith(left) for left in LEFT_OUT):
            continue
        route = NAMED.sub(r"<\1>", re.sub(r"(^|/)\^|\$$", r"\1", written))
        if route in BY_HAND:
            yield from BY_HAND[route]()
            continue
        found = [route]
        for part, name in re.findall(r"(<(?:\w+:)?(\w+)>)", route):
            assert name in known, f"{route}: say in “values” what stands there, or leave it out"
            found = [one.replace(part, str(value)) for one in found for value in known[name]]
        assert not re.search(r"[<(\\]", "".join(found)), f"{route}: fill it by hand"
        yield from found
        yield from (f"{route}?{query}" for query in BY_QUERY.get(route, []))


class Reader:
    """Asks for addresses: ``told``, where which rare words are, but for those that were asked for;
    ``seen``, how each address answers."""

    def __init__(self) -> None:
        self.client = Client()
        self.told: dict[str, set[str]] = {}
        self.seen: dict[str, Any] = {}

    def look(self, address: str) -> int:
        cache.clear()  # searches are counted
        answer: Any = self.client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = f"{body.decode('utf-8', 'replace')} {answer.headers}"
        words = {one.lower() for one in WORD.findall(unescape(unquote(text)))}
        if more := words - set(WORD.findall(address)):
            self.told[address] = more
        assert answer.status_code < 500 and answer.status_code != 429, address
        self.seen[address] = answer.status_code, len(body), answer.get("Last-Modified")
        return int(answer.status_code)

    def look_everywhere(self, articles: dict[str, ArticlePage], other: str = "") -> None:
        for address in dict.fromkeys(addresses(articles)):
            status = self.look(f"/{address}")
            if other and status == 200 and not OF_NO_LANGUAGE.match(address):
                self.look(f"/{other}/{address}")  # what is not there is in no language


def expected(of: str, article: ArticlePage) -> dict[str, str]:
    """Where it is once its hour has come, and one of the words that are there."""
    shown_at = timezone.localtime(article.published_at)
    everywhere = {
        "/": "title",
        "/politics/": "deck",
        f"/politics/{word(of, 'slug')}/": "wirecredit",
        f"/was-{of}/": "slug",
        "/politics/bread/": "title",
        "/feed/": "correction",
        "/politics/feed/": "bodytext",
        "/topic/bread/": "author",
        f"/topic/{word(of, 'tag')}/": "title",
        f"/author/{word(of, 'author')}/": "role",
        "/author/known/feed/": "title",
        f"/series/{word(of, 'series')}/": "title",
        f"/archive/{shown_at:%Y/%m}/": "title",
        "/most-read/": "title",
        "/corrections/": "correction",
        f"/api/v2/articles/{article.pk}/": "bodytext",
        "/api/v2/articles/?author=known": "deck",
        f"/search/?q={word(of, 'titlex')}": "title",
        f"/search/?author={word(of, 'author')}": "title",
        "/sitemap.xml": "slug",
        "/news-sitemap.xml": "title",
        "/newsletter/weekly/issue/": "title",
    }
    updates = {f"/live/{article.pk}/{path}": "entry" for path in ("after/0/", "feed/")}
    return everywhere | updates if article.kind == "live" else everywhere


@pytest.mark.every_case
@pytest.mark.parametrize("other", ["", pytest.param(OTHER, marks=pytest.mark.rare)])
def test_nothing_is_told_before_its_hour_by_any_address(
    site: Any, waiting: dict[str, ArticlePage], other: str
) -> None:
    before, meanwhile, then = Reader(), Reader(), Reader()
    before.look_everywhere(waiting)
    for (of, article), time in zip(waiting.items(), ("published_at", "updated_at"), strict=True):
        fill(article, of)
        setattr(article, time, SIX)
        revision = article.save_revision()
        revision.publish()
        assert ArticlePage.objects.get(pk=article.pk).scheduled_revision == revision
    meanwhile.look_everywhere(waiting, other)
    assert meanwhile.told == {}
    changed = {one for one in before.seen if meanwhile.seen[one] != before.seen[one]}
    assert changed <= {"/metrics"}  # nor that there is something

    with time_machine.travel(SIX + timedelta(seconds=1)):
        publish_scheduled()
        missing = []
        for of, article in waiting.items():
            for address, part in expected(of, article).items():
                then.look(address)
                told = then.told.get(address, ())
                if not any(one.startswith(word(of, part)) for one in told):
                    missing.append((of, address, part))
    assert missing == []
