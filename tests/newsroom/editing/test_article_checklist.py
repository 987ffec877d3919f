import html
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from newsroom.editing import article_checklist
from newsroom.editing.checklist import findings
from newsroom.models import ArticleByline, ArticlePage, Author
from tests.factories import make_article, make_image, make_user


def found(article: ArticlePage) -> dict[str, str]:
    """Label -> words, of what is not fine."""
    checks = findings(article, article_checklist.STOPS, article_checklist.WARNS)
    return {one.label: one.words for one in checks if one.state != "fine"}


def link_to(page: Any, words: str = "here") -> dict[str, str]:
    return {"type": "text", "value": f'<p><a linktype="page" id="{page.pk}">{words}</a> it is.</p>'}


@pytest.fixture
def finished(site: Any) -> ArticlePage:
    image = make_image("Bakery", description="A bakery", credit="Ana")
    body = [{"type": "text", "value": "<p>First words.</p>"}]
    article = make_article(site.section, title="Bread", body=body, lead_image=image)
    article.bylines.add(ArticleByline(author=Author.objects.create(name="Ana")))
    article.save()
    return article


def test_finished_article_has_nothing_to_look_at(finished: ArticlePage) -> None:
    assert found(finished) == {}


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"title": " "}, "Headline"),
        ({"title": "\u200b"}, "Headline"),
        ({"deck": "\u2060", "body": []}, "Something to read"),
        ({"deck": "", "body": []}, "Something to read"),
        ({"deck": "", "body": [("text", "<p> </p>")]}, "Something to read"),
        ({"title": "Bread " * 20}, "Length of the headline"),
        ({"deck": ""}, "Deck"),
        ({"body": []}, "Text"),
    ],
)
def test_what_is_missing_is_said(
    finished: ArticlePage, changes: dict[str, Any], label: str
) -> None:
    for name, value in changes.items():
        setattr(finished, name, value)
    assert label in found(finished)


def test_who_signs_and_where_it_stands(finished: ArticlePage, site: Any) -> None:
    finished.bylines = []
    site.section.unpublish()
    finished.__dict__.pop("section", None)
    assert set(found(finished)) == {"Byline", "Section"}


@pytest.mark.parametrize(
    ("field", "label"),
    [("description", "Descriptions of pictures"), ("credit", "Credits of pictures")],
)
def test_pictures_anywhere_have_words_and_makers(
    finished: ArticlePage, field: str, label: str
) -> None:
    picture = make_image("Second", **{"description": "A", "credit": "B"} | {field: ""})
    finished.body.append(("image", {"image": picture, "caption": ""}))
    assert "“Second”" in found(finished)[label]
    assert len(found(finished)) == 1
    finished.body.pop()
    finished.card_image = picture
    assert "“Second”" in found(finished)[label]


def test_picture_that_only_decorates_needs_no_description(finished: ArticlePage) -> None:
    finished.lead_image = make_image("Line", description="", is_decorative=True, credit="Ana")
    assert found(finished) == {}


def test_links_to_what_readers_cannot_open_are_words(
    client: Any, finished: ArticlePage, site: Any
) -> None:
    others = [make_article(site.section, title=f"Other {number}") for number in range(4)]
    gone, draft, private, fine = others
    finished.body = [
        (block["type"], block["value"])
        for block in [
            link_to(gone, "<b>gone</b>"), link_to(draft, "draft"), link_to(private, "private"),
            link_to(fine, "fine"),
            {"type": "text", "value": '<p><a linktype="document" id="99999">file</a></p>'},
        ]
    ]  # fmt: skip
    finished.save_revision().publish()
    gone.delete()
    draft.unpublish()
    private.view_restrictions.create(restriction_type="login")
    page = client.get(finished.url).content.decode()
    assert "<p><b>gone</b> it is.</p>" in page
    assert "<p>draft it is.</p>" in page
    assert "<p>private it is.</p>" in page
    assert f'<p><a href="{fine.url}">fine</a> it is.</p>' in page
    assert "<p>file</p>" in page
    words = found(ArticlePage.objects.get(pk=finished.pk))["Links"]
    assert "“gone”, “draft”, “private”, “file”" in words


@pytest.fixture
def editor(client: Any, db: None) -> Any:
    client.force_login(make_user("Editors"))
    return client


def form(**changes: Any) -> dict[str, Any]:
    formsets = ["bylines", "related_articles", "corrections", "comments"]
    fields = {name: inline_formset([]) for name in formsets} | {"title": "Bread", "slug": "bread"}
    fields["kind"] = "news"
    body = streamfield([("text", rich_text("<p></p>"))])
    return nested_form_data({**fields, "body": body, "action-publish": "1"} | changes)


def test_nothing_to_read_is_saved_and_not_published(editor: Any, site: Any) -> None:
    add = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", site.section.pk])
    answer = editor.post(add, form(), follow=True)
    assert "Not published, only saved. There is nothing to read" in answer.content.decode()
    article = ArticlePage.objects.get()
    assert not article.live
    edit = reverse("wagtailadmin_pages:edit", args=[article.pk])
    assert "Not published, only saved" in editor.post(edit, form(), follow=True).content.decode()
    bare = make_image("Bare", credit="Ana", description="")
    said = editor.post(edit, form(deck="A sentence.", lead_image=bare.pk), follow=True).text
    assert "Not published, only saved. For those who don’t see them, describe “Bare”" in said
    assert editor.post(edit, form(deck="A sentence.")).status_code == 302
    article.refresh_from_db()
    assert article.live


def test_all_that_stops_it_is_said_at_once_and_leads_there(editor: Any, site: Any) -> None:
    add = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", site.section.pk])
    bare = make_image("<b>Bare</b>", credit="", description="")
    said = editor.post(add, form(deck="A sentence.", lead_image=bare.pk), follow=True).text
    message = said[said.index("Not published, only saved.") :].partition("</li>")[0]
    assert "describe “&lt;b&gt;Bare&lt;/b&gt;”" in message and "Say who made" in message
    url = reverse("wagtailimages:edit", args=[bare.pk])
    assert f'href="{url}"' in message and "Put it right" in message


def test_list_stands_beside_the_editor_and_follows_what_is_saved(editor: Any, site: Any) -> None:
    add = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", site.section.pk])
    assert "the list begins with the first save" in editor.get(add).content.decode()
    saved = form(deck="One sentence.") | {"action-publish": ""}
    json = {"Accept": "application/json"}
    made = editor.post(add, saved, headers=json).json()
    page = editor.get(made["hydrate_url"]).content.decode()
    assert "Nobody signs it" in page
    assert "None: teasers" not in page
    answer = editor.post(made["url"], saved | {"deck": ""}, headers=json).json()
    assert "None: teasers" in answer["html"]


def test_a_correction_begins_with_today_and_one_that_is_left_empty_is_none(
    client: Any, finished: ArticlePage
) -> None:
    client.force_login(make_user("Editors"))
    url = reverse("wagtailadmin_pages:edit", args=[finished.pk])
    today = f"{timezone.localdate():%Y-%m-%d}"
    asked = re.compile(rf'name="corrections-__prefix__-corrected_on" value="{today}"')
    assert asked.search(html.unescape(client.get(url).text))
    formsets = ["bylines", "related_articles", "comments"]
    fields = {name: inline_formset([]) for name in formsets}
    empty = {"corrected_on": today, "text": ""}
    sent = nested_form_data(
        fields
        | {"title": "Bread", "slug": finished.slug, "deck": "A", "kind": "news"}
        | {"body": streamfield([]), "corrections": inline_formset([empty])}
    )
    assert client.post(url, sent, follow=True).status_code == 200
    assert "could not be saved" not in client.post(url, sent, follow=True).text
