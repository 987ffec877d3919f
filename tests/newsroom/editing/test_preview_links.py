"""Who has a link reads a draft, until it ends: without an account, and leaving nothing behind."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from newsroom.core import tokens
from newsroom.models import ArticlePage, DailyReads, PreviewLink
from tests.answers import led_to
from tests.factories import make_article, make_image, make_user


@pytest.fixture
def article(site) -> ArticlePage:
    article = make_article(site.section, title="What the mayor signed", live=False)
    article.save_revision()
    return article


@pytest.fixture
def editor(client, db):
    user = make_user()
    client.force_login(user)
    return user


def page_of(article: ArticlePage) -> str:
    return f"/admin/preview-links/{article.pk}/"


def made(client, article: ArticlePage, **typed: object) -> str:
    """The address of a new link, as its editor sees it."""
    typed = {"shows": "this", "days": "7", "note": "our lawyer"} | typed
    page = client.post(page_of(article), typed, follow=True).text
    address = re.search(r'value="http[^"]*(/preview/[^"]+/)"', page)
    assert address
    return address[1]


def write(article: ArticlePage, title: str) -> None:
    """As Wagtail's editor does while somebody types: over its last revision."""
    newest = article.get_latest_revision_as_object()
    newest.title = title
    newest.save_revision(overwrite_revision=newest.latest_revision)


def test_link_opens_the_draft_for_who_has_no_account(client, editor, article) -> None:
    address = made(client, article)
    client.logout()
    answer = client.get(address)
    page = answer.text
    assert answer.status_code == 200 and "What the mayor signed" in page
    assert "A draft, not published" in page and "data-article" not in page
    assert 'name="robots" content="noindex' in page
    assert "og:" not in page and "canonical" not in page  # no card, and not where it will stand
    assert "<form" not in page  # without a referrer no form of ours would be believed
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "private, no-store"
    assert not answer.cookies
    assert client.get(article.url or "/politics/x/").status_code == 404  # still not published


def test_link_shows_its_revision_while_its_editor_types_on_or_the_newest(
    client, editor, article
) -> None:
    fixed, newest = made(client, article), made(client, article, shows="newest")
    write(article, "What the mayor did not sign")
    write(ArticlePage.objects.get(pk=article.pk), "What nobody signed")
    assert "What the mayor signed" in client.get(fixed).text
    assert "What nobody signed" in client.get(newest).text


def test_draft_leads_to_no_list_that_is_not_there_yet(client, editor, site) -> None:
    article = make_article(site.section)
    article.tags.add("strike")
    article.save_revision()
    page = client.get(made(client, article)).text
    assert "strike" in page and "/topic/" not in page and "ld+json" not in page


def test_link_ends_and_is_taken_back(client, editor, article) -> None:
    address = made(client, article, days="1")
    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        assert client.get(address).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        over = client.get(address)
    assert over.status_code == 404 and "What the mayor signed" not in over.text
    assert over["Referrer-Policy"] == "no-referrer" and "noindex" in over["X-Robots-Tag"]
    client.force_login(editor)
    link = PreviewLink.objects.get()
    other = make_article(article.get_parent().specific)
    client.post(page_of(other), {"end": link.pk})  # of another article
    assert client.get(address).status_code == 200
    client.post(page_of(article), {"end": link.pk})
    gone = client.get(address)
    assert gone.status_code == 404 and gone.text.count("taken back") == 1
    assert address not in client.get(page_of(article)).text


@pytest.mark.parametrize("token", ["x", "A" * 27, "a" * 2000, "%F0%9F%92%A9", "..", "é"])
def test_made_up_link_opens_nothing(client, article, token) -> None:
    assert client.get(f"/preview/{token}/").status_code == 404


def test_token_of_something_else_opens_nothing(client, editor, article) -> None:
    made(client, article)
    number = PreviewLink.objects.get().pk
    assert client.get(f"/preview/{tokens.permanent('unsubscribe', number)}/").status_code == 404


def test_looking_changes_nothing_and_post_is_refused(client, editor, article) -> None:
    address = made(client, article)
    client.logout()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(address)
        client.head(address)
    assert not [q["sql"] for q in asked if not q["sql"].startswith("SELECT")]
    assert not DailyReads.objects.exists()
    assert client.post(address).status_code == 405


def test_bad_forms_are_told_so_and_make_nothing(client, editor, article) -> None:
    for typed in ({}, {"shows": "this", "days": "99999"}, {"shows": "all", "days": "7"},
                  {"shows": "this", "days": "7", "note": "x" * 101}):  # fmt: skip
        assert client.post(page_of(article), typed).status_code == 400
    for end in ("x", "0", "9" * 30):
        assert client.post(page_of(article), {"end": end}).status_code == 302
    assert not PreviewLink.objects.exists()
    assert client.get("/admin/preview-links/999999/").status_code == 404


def test_only_who_may_edit_the_article_makes_links(client, article) -> None:
    client.force_login(make_user("Finance"))
    assert led_to(client.get(page_of(article))) == "/admin/"
    client.post(page_of(article), {"shows": "this", "days": "7"})
    assert not PreviewLink.objects.exists()


def test_stolen_database_knows_no_note_and_opens_no_draft(client, editor, article) -> None:
    address = made(client, article, note="for Zarina")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM newsroom_previewlink")
        row = repr([bytes(v) if isinstance(v, memoryview) else v for v in cursor.fetchone()])
    assert "Zarina" not in row and address.split("/")[2] not in row


# --- The sharing card ------------------------------------------------------------------------


def test_sharing_card_has_a_title_and_a_picture_of_its_own(client, site) -> None:
    lead, own = make_image("lead"), make_image("own")
    article = make_article(site.section, title="A long headline", lead_image=lead)
    page = client.get(article.url).text
    assert 'property="og:title" content="A long headline"' in page
    of_lead = og_image(page)
    article.card_title, article.card_image = "Short & <own>", own
    article.save()
    page = client.get(article.url).text
    assert 'property="og:title" content="Short &amp; &lt;own&gt;"' in page
    assert og_image(page) != of_lead and "<h1>A long headline</h1>" in page
    own.file.storage.delete(own.file.name)
    own.renditions.all().delete()
    article = ArticlePage.objects.get(pk=article.pk)
    assert article.card_image.is_broken and article.share_image == lead


def og_image(page: str) -> str:
    return re.search(r'property="og:image" content="([^"]+)"', page)[1]  # type: ignore[index]
