"""What readers open beside 1,000 articles and beside 200,000: the time that a web process, which
has made others, takes for a page that nobody has kept."""

import sys
import time
from collections.abc import Sequence
from io import BytesIO
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from tests.benchmarks import given

FEW, MANY = given("FEW", 1_000), given("ARTICLES", 200_000)
SECTIONS, TOPICS, AUTHORS, RUNS = 10, 200, 50, 5
WORDS = "<p>The council of {place} decided on bread, water and the price of a tram ticket.</p>" * 30
# Copies of one article, number n, below the section with the path p; each a minute older.
BASE_36 = "'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'"
DIGITS = "||".join(f"substr({BASE_36}, (n / {36**power}) % 36 + 1, 1)" for power in (3, 2, 1, 0))
PAGE = {
    "id": "%(first)s + n",
    "path": f"p.path || {DIGITS}",
    "translation_key": "gen_random_uuid()",
    "title": "'Article ' || n || ' about bread in town ' || n % 5000",
    "draft_title": "'Article ' || n",
    "slug": "'copy-' || n",
    "url_path": "p.url_path || 'copy-' || n || '/'",
    "first_published_at": "now() - n * interval '1 minute'",
    "last_published_at": "now() - n * interval '1 minute'",
    "latest_revision_id": "NULL",
    "live_revision_id": "NULL",
}
ARTICLE = {
    "page_ptr_id": "%(first)s + n",
    "published_at": "now() - n * interval '1 minute'",
    "deck": "'Deck number ' || n",
}
NUMBERS = "generate_series(%(begin)s, %(end)s) n"
AROUND = f"""
    INSERT INTO newsroom_articletag (content_object_id, tag_id)
        SELECT %(first)s + n, t.id
        FROM {NUMBERS} JOIN taggit_tag t ON t.slug = 'topic-' || n %% {TOPICS};
    INSERT INTO newsroom_articlebyline (article_id, author_id, sort_order)
        SELECT %(first)s + n, a.id, 0 FROM {NUMBERS}
        JOIN newsroom_author a ON a.slug = 'author-' || n %% {AUTHORS};
    INSERT INTO newsroom_dailyreads (article_id, "on", count)
        SELECT %(first)s + n, current_date - n %% 7, n %% 900 + 1 FROM {NUMBERS} WHERE n < 5000;
    INSERT INTO newsroom_searchentry (article_id, published_at, text, words, near)
        SELECT %(first)s + n, now() - n * interval '1 minute', t.text,
               to_tsvector('english', 'about bread in town ' || n %% 5000) || t.words, t.near
        FROM {NUMBERS} CROSS JOIN newsroom_searchentry t WHERE t.article_id = %(template)s
"""


def run() -> tuple[dict[str, Any], dict[str, tuple[float, str]]]:
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.utils import timezone
    from taggit.models import Tag

    from newsroom.kept_pages.noting import NOTE, Facts, Note, noted
    from newsroom.models import Author, SectionPage
    from tests.factories import make_article, make_site

    site = make_site()
    home = site.section.get_parent()
    more = [SectionPage(title=f"Part {n}", slug=f"part-{n}") for n in range(1, SECTIONS)]
    sections = [site.section, *(home.add_child(instance=section) for section in more)]
    tags = [Tag.objects.create(name=f"Topic {n}", slug=f"topic-{n}") for n in range(TOPICS)]
    for number in range(AUTHORS):
        Author.objects.create(name=f"Author {number}", slug=f"author-{number}")
    article = make_article(site.section, body=[("text", WORDS)])
    article.tags.add(*tags[:3])
    article.save()
    application, host = noted(get_wsgi_application()), urlsplit(settings.BASE_URL).netloc
    facts = Facts()

    def ask(url: str) -> float:
        path, _, query = url.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": host, "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(), "wsgi.errors": sys.stderr, NOTE: Note(facts=facts),
        }  # fmt: skip
        statuses: list[str] = []
        began = time.perf_counter()
        answer = application(environ, lambda status, *_: statuses.append(status))
        b"".join(answer)
        answer.close()
        assert statuses == ["200 OK"], (url, statuses)
        return time.perf_counter() - began

    urls = {
        "front page": "/",
        "section": site.section.url,
        "section, page 50": f"{site.section.url}?page=50",
        "topic": "/topic/topic-7/",
        "author": "/author/author-7/",
        "article": article.url,
        "feed": "/feed/",
        "news sitemap": "/news-sitemap.xml",
        "archive": "/archive/",
        "… a month": f"/archive/{timezone.localdate():%Y/%m}/",
        "search for what all have": "/search/?q=bread",
        "… what few have": "/search/?q=town+4321",
        "… mistyped": "/search/?q=coumcil",
        "… in a section, by an author": "/search/?q=bread&section=part-7&author=Author+7",
    }
    figures: dict[str, tuple[float, str]] = {}
    begin = 1
    for many in (FEW, MANY):
        copy(sections, article.pk, begin, many)
        begin = many + 1
        for name, url in urls.items():
            ask(url)
            took = median(ask(url) for _ in range(RUNS))
            figures[f"{name}, {many:,} articles"] = (took * 1000, "ms")
    return {"few": FEW, "many": MANY, "runs": RUNS}, figures


def copy(sections: Sequence[Any], template: int, begin: int, end: int) -> None:
    """Articles with these numbers, in all sections in turn."""
    from django.db import connection

    from newsroom.models import ArticlePage

    page, article = ArticlePage._meta.get_parent_list()[-1], ArticlePage
    first = template + 1000
    about = {"first": first, "begin": begin, "end": end, "template": template}
    about["sections"] = [section.pk for section in sections]
    of_its_section = (
        "JOIN wagtailcore_page p ON p.id = (%(sections)s::int[])[n %% "
        f"{len(sections)} + 1] WHERE t.{{key}} = %(template)s"
    )
    with connection.cursor() as cursor:
        for model, other, key in ((page, PAGE, "id"), (article, ARTICLE, "page_ptr_id")):
            columns = [field.column for field in model._meta.local_concrete_fields]
            values = [other.get(column, f't."{column}"').replace("%", "%%") for column in columns]
            values = [value.replace("%%(", "%(") for value in values]
            names = ", ".join(f'"{column}"' for column in columns)
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(values)} "
                f"FROM {NUMBERS} CROSS JOIN {model._meta.db_table} t "
                + of_its_section.format(key=key),
                about,
            )
        for statement in AROUND.split(";"):
            cursor.execute(statement, about)
        for section in sections:
            cursor.execute(
                "UPDATE wagtailcore_page SET numchild = numchild + %s WHERE id = %s",
                [(end - begin) // len(sections), section.pk],
            )
        cursor.execute("ANALYZE")
