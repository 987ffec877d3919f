"""Live updates: an entry is out at once, on the page and for who has it open, and nowhere else."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from newsroom.live import writing
from newsroom.models import ArticlePage, LiveBlog, LiveEntry
from newsroom.staff import roles
from tests.factories import make_article, make_site, make_user
from tests.newsroom.kept_pages.reader import process, settled, until


@pytest.fixture
def article(site):
    return make_article(site.section, title="The dam", kind="live")


def add(article, headline="It broke", **fields) -> LiveEntry:
    entry = LiveEntry(headline=headline, key=uuid4(), **{"text": "At noon."} | fields)
    assert writing.add(article, entry)
    return entry


def poll(client, article, number):
    return client.get(f"/live/{article.pk}/after/{number}/")


def test_an_open_page_gets_what_is_new_changed_and_withdrawn(client, article) -> None:
    first = add(article, "First", is_key_point=True)
    page = client.get(article.url).text
    assert f'data-live="/live/{article.pk}/after/1/"' in page and f'id="entry-{first.pk}"' in page
    second = add(article, "<script>alert(1)</script>", text="See https://a.example/ <b>x</b>")
    news = poll(client, article, 1).text
    assert (
        "1 new update<" in news and f'data-entry="{second.pk}"' in news and "First</h3>" not in news
    )
    assert "<script" not in news and "<b>x" not in news and 'data-next="/live/' in news
    assert writing.change(article, second, second.changed, {"text": "Mended."})
    changed = poll(client, article, 2).text
    assert "Mended." in changed and "Updated" in changed and "new update" not in changed
    assert writing.move(article, first, "withdrawn")
    gone = poll(client, article, 3).text
    assert f'data-gone="{first.pk}"' in gone and "First" not in gone + client.get(article.url).text
    assert writing.move(article, first, "shown") and "First" in client.get(article.url).text
    writing.end(article, over=True)
    assert "data-over" in poll(client, article, 5).text
    assert "data-live" not in client.get(article.url).text


def test_no_draft_and_no_number_of_the_future_is_answered(client, article, site) -> None:
    add(article)
    draft = make_article(site.section, kind="live", live=False)
    add(draft)
    other = make_article(site.section)
    assert (
        poll(client, draft, 0).status_code
        == client.get(f"/live/{draft.pk}/feed/").status_code
        == 404
    )
    assert poll(client, other, 0).status_code == poll(client, article, 2).status_code == 404
    assert (
        poll(client, article, 10**17).status_code == poll(client, article, "-1").status_code == 404
    )
    ArticlePage.objects.get(pk=article.pk).unpublish()
    assert poll(client, article, 0).status_code == 404


def test_two_thousand_entries_are_pages_of_thirty(
    client, article, django_assert_max_num_queries
) -> None:
    blog = LiveBlog.objects.create(article=article, number=2000)
    LiveEntry.objects.bulk_create(
        LiveEntry(blog=blog, made=n, changed=n, headline=f"Entry {n}.", text="x", key=uuid4())
        for n in range(1, 2001)
    )
    with django_assert_max_num_queries(40):
        page = client.get(article.url).text
    assert "Entry 2000." in page and "Entry 1971." in page and "Entry 1970." not in page
    last = client.get(f"{article.url}?page=67").text
    assert "Entry 1." in last and "data-live" not in last
    away = poll(client, article, 0).text
    assert "open the page anew" in away and "data-entry" not in away and "data-over" in away
    data = json.loads(re.search(r'ld\+json">(.*?)</script>', page)[1])
    assert data["@type"] == "LiveBlogPosting" and len(data["liveBlogUpdate"]) == 30
    feed = client.get(f"/live/{article.pk}/feed/")
    assert feed.text.count("<entry>") == 30 and "Entry 2000." in feed.text


def test_what_is_withdrawn_is_no_old_feed(client, article) -> None:
    entry = add(article, at=timezone.now() - timezone.timedelta(days=1))
    LiveBlog.objects.update(changed_at=entry.at)
    LiveEntry.objects.update(at=entry.at)
    before = client.get(f"/live/{article.pk}/feed/")["Last-Modified"]
    writing.move(article, entry, "withdrawn")
    feed = client.get(f"/live/{article.pk}/feed/", headers={"if-modified-since": before})
    assert feed.status_code == 200 and "It broke" not in feed.text


def test_an_editor_posts_changes_and_withdraws(client, article) -> None:
    roles.grant()
    client.force_login(make_user("Editors"))
    desk, key = f"/admin/live/{article.pk}/", str(uuid4())
    typed = {"headline": "It broke", "text": "At noon.", "key": key}
    for _ in range(2):  # pressed twice
        assert client.post(desk, typed).status_code == 302
    entry = LiveEntry.objects.get()
    assert "It broke" in client.get(desk).text
    one = f"{desk}{entry.pk}/"
    seen = re.search(r'name="seen" value="(\d+)"', client.get(one).text)[1]
    changed = {"headline": "It held", "text": "After all.", "seen": seen}
    assert client.post(one, changed).url == desk
    wrong = client.post(one, changed | {"text": ""})
    assert wrong.status_code == 422 and f'name="seen" value="{seen}"' in wrong.text
    late = client.post(one, changed | {"headline": "Late"})  # somebody was faster
    assert late.status_code == 409 and "Late" in late.text and "It held" in late.text
    assert LiveEntry.objects.get().headline == "It held"
    client.post(one, {"to": "withdrawn"})
    assert LiveEntry.objects.get().status == "withdrawn"
    assert client.post(desk, {"headline": "", "text": ""}).status_code == 422
    assert client.post(desk, {"text": "x", "is_key_point": "on"}).status_code == 422
    client.post(desk, {"over": "1"})
    assert LiveBlog.objects.get().ended_at


@pytest.mark.django_db(transaction=True)
def test_editors_at_once_lose_nothing_and_share_no_number() -> None:
    article = make_article(make_site().section, kind="live")

    def post(number: int) -> None:
        add(article, f"Entry {number}")
        connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(post, range(18)))
    assert sorted(LiveEntry.objects.values_list("changed", flat=True)) == list(range(1, 19))


@pytest.mark.django_db(transaction=True)
def test_an_entry_is_told_to_its_page_its_poll_and_its_feed_alone() -> None:
    section = make_site().section
    article = make_article(section, kind="live")
    other = make_article(section)
    add(article)
    ours = [article.url, f"/live/{article.pk}/after/0/", f"/live/{article.pk}/feed/"]
    others = ["/", "/feed/", section.url, other.url]
    with process() as web:
        for url in (*ours, *others):
            until(lambda url=url: web.get(url).was_kept, 20)
        etag = settled(web, ours[1]).headers["etag"]
        assert web.get(ours[1], if_none_match=etag).status == 304
        before = web.pages.purges.last
        add(article, "Second")
        assert web.knows() and web.pages.purges.last != before
        assert [url for url in (*ours, *others) if not web.get(url).was_kept] == ours
        assert "Second" in web.get(article.url).text and "Second" in web.get(ours[1]).text
