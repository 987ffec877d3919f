"""What a draft or older version refers to is deleted: the editor opens, and says what is gone."""

import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from wagtail.models import Page

from newsroom.models import ArticleByline, ArticlePage, Attachment, Author, RelatedArticle
from subscriptions.models import Newsletter, NewsletterRule
from tests.factories import arrange, make_article, make_image, make_issue, make_user

pytestmark = pytest.mark.costly

VIEWS = ("edit", "view_draft", "history", "delete", "copy", "unpublish")


@pytest.fixture
def used(site: Any) -> dict[str, Any]:
    """Everything that somebody may delete, each used by a draft and by an older version."""
    section = site.home.add_child(instance=type(site.section)(title="Economy", slug="economy"))
    other = site.newsletter.get_parent().add_child(
        instance=Newsletter(
            title="Other", slug="other", sender_name="O", sender_address="o@example.org"
        )
    )
    return {
        "author": Author.objects.create(name="Ana"),
        "image": make_image("Bakery"),
        "document": Attachment.objects.create(title="D", file=ContentFile(b"a", name="a.txt")),
        "article": make_article(section, title="Flour"),
        "section": section,
        "newsletter": other,
        "user": make_user("Editors"),
    }


@pytest.fixture
def pages(site: Any, used: dict[str, Any]) -> list[Page]:
    """Live without any of it; two later versions hold all of it, the newer one not published."""
    article = make_article(site.section, title="Bread", owner=used["user"])
    issue = make_issue(site.newsletter, [])
    document = f'<p><a linktype="document" id="{used["document"].pk}">d</a></p>'
    links = f'{document}<p><a linktype="page" id="{used["article"].pk}">p</a></p>'
    article.lead_image = used["image"]
    article.body = [("image", {"image": used["image"], "caption": ""}), ("text", links)]
    article.bylines = [ArticleByline(author=used["author"])]
    article.related_articles = [RelatedArticle(article=used["article"])]
    issue.body = [
        ("letter", links),
        ("article", {"article": used["article"], "image": used["image"], "full_text": True}),
        ("archive", {"article": used["article"], "why": ""}),
        ("picture", {"image": used["image"]}),
    ]
    newsletter, home = site.newsletter, site.home
    newsletter.rules = [NewsletterRule(source=used["section"]), NewsletterRule(heading="Rest")]
    newsletter.leave_out = [used["newsletter"]]
    pin = {"article": used["article"].pk}
    section = {"section": used["section"].pk, "pins": [{"id": "1", "type": "item", "value": pin}]}
    arrange(home, ("top", {"lead": pin}), ("articles", section))
    for page in (article, issue, newsletter, home):
        for _ in range(2):
            page.save_revision(user=used["user"])
    return [article, issue, newsletter, home]


@pytest.mark.parametrize(
    "name", ["author", "image", "document", "article", "section", "newsletter", "user"]
)
def test_every_page_of_the_editor_opens_and_the_draft_is_published(
    client: Any, used: dict[str, Any], pages: list[Page], name: str
) -> None:
    used[name].delete()
    client.force_login(make_user(None))
    for page in pages:
        for view in VIEWS:
            url = reverse(f"wagtailadmin_pages:{view}", args=[page.pk])
            status = 302 if view == "unpublish" and not page.live else 200
            assert client.get(url).status_code == status, url
        first, last = page.revisions.order_by("pk")[:1].get(), page.latest_revision
        for view, numbers in {
            "revisions_revert": [first.pk],
            "revisions_compare": [first.pk, last.pk],
        }.items():
            url = reverse(f"wagtailadmin_pages:{view}", args=[page.pk, *numbers])
            assert client.get(url).status_code == 200, url
        Page.objects.get(pk=page.pk).specific.latest_revision.publish()
        page = Page.objects.get(pk=page.pk).specific
        assert client.get(page.url).status_code == 200
    article = ArticlePage.objects.get(title="Bread")
    assert article.bylines.count() == (name != "author")
    assert Newsletter.objects.get(pk=pages[2].pk).rules.count() == 1 + (name != "section")


def test_editor_is_told_what_is_gone(client: Any, used: dict[str, Any], pages: list[Page]) -> None:
    client.force_login(make_user("Editors"))
    edit = reverse("wagtailadmin_pages:edit", args=[pages[0].pk])
    assert "was deleted" not in client.get(edit).content.decode()
    used["author"].delete()
    used["article"].delete()
    page = client.get(edit).content.decode()
    assert "Left out: article byline, related article." in page


def test_editor_is_told_of_pictures_and_articles_wherever_they_were(
    client: Any, used: dict[str, Any], pages: list[Page]
) -> None:
    client.force_login(make_user("Editors"))
    used["image"].delete()
    used["article"].delete()
    said = {
        type(page).__name__: re.findall(
            r"Left out: ([^.<]*)\.",
            client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode(),
        )
        for page in pages
    }
    assert said == {
        "ArticlePage": ["related article, lead image, image"],
        "IssuePage": ["article, image"],
        "Newsletter": [],
        "HomePage": ["article"],
    }


def test_author_who_signs_something_published_stays(client: Any, site: Any) -> None:
    author = Author.objects.create(name="Ana")
    article = make_article(site.section)
    article.bylines = [ArticleByline(author=author)]
    article.save()
    client.force_login(make_user(None))
    url = reverse(Author.snippet_viewset.get_url_name("delete"), args=[author.pk])
    for answer in (client.get(url), client.post(url, follow=True)):
        assert answer.status_code == 200
    assert Author.objects.exists()
