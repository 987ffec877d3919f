from datetime import timedelta
from html import unescape
from typing import Any

from django.test import Client
from django.utils import timezone

from newsroom.models import PreviewLink
from newsroom.templatetags.share import by_mail, ways_to_share
from tests.factories import make_article


def test_links_carry_title_and_address_and_nothing_else() -> None:
    title, address = "Bread & “roses” 100 %", "https://news.example/politics/bread/?a=1&b=2"
    ways = {way.name: way.url for way in ways_to_share(title, address)}
    assert ways["Telegram"].endswith(
        "?url=https%3A%2F%2Fnews.example%2Fpolitics%2Fbread%2F%3Fa%3D1%26b%3D2"
        "&text=Bread+%26+%E2%80%9Croses%E2%80%9D+100+%25"
    )
    assert all(url.startswith("https://") and " " not in url for url in ways.values())
    assert by_mail(title, address) == (
        "mailto:?subject=Bread%20%26%20%E2%80%9Croses%E2%80%9D%20100%20%25"
        "&body=https%3A//news.example/politics/bread/%3Fa%3D1%26b%3D2"
    )


def test_article_is_shared_by_its_one_address_and_a_draft_not_at_all(
    client: Client, site: Any
) -> None:
    article = make_article(site.section, title='A "quoted" title')
    page = client.get(f"/de{article.url}")
    html = page.text
    assert f'data-share-url="{article.full_url}"' in html
    part = html[html.index('<details class="share"') : html.index("</details>")]
    assert part.count('rel="nofollow noopener noreferrer"') == part.count('href="https://') == 5
    assert "<script" not in part and "<img" not in part
    assert "%22quoted%22" in unescape(part)
    assert "clipboard-write=(self)" in page.headers["Permissions-Policy"]
    link = PreviewLink.objects.create(article=article, ends_at=timezone.now() + timedelta(days=1))
    draft = client.get(f"/preview/{link.token}/").text
    assert 'class="share"' not in draft and "A &quot;quoted&quot; title" in draft
