"""What editors paste from word processors and other people's pages."""

import json
import unicodedata
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from newsroom.models import ArticlePage, Author, CreditedImage
from tests.factories import make_user
from tests.newsroom.uploads.kinds import jpeg

DIRTY = "Bread\v and\x1b sa\u0301lt\x85!"
CLEAN = "Bread  and sált !"


@pytest.fixture
def editor(client: Any, db: None) -> Any:
    client.force_login(make_user(None))
    return client


def contentstate(text: str) -> str:
    """As the browser sends it: “sa´lt” is bold, and everything is escaped."""
    bold = {"offset": text.index("sa"), "length": 5, "style": "BOLD"}
    block = {"key": "a", "text": text, "type": "unstyled", "depth": 0, "entityRanges": []}
    return json.dumps({"blocks": [block | {"inlineStyleRanges": [bold]}], "entityMap": {}})


def test_article_keeps_clean_text_in_every_field(editor: Any, site: Any) -> None:
    author = Author.objects.create(name="Ana")
    table = {"data": [[DIRTY, None]], "table_caption": DIRTY, "table_header_choice": "row"}
    form = nested_form_data(
        {
            "title": DIRTY,
            "slug": "bread",
            "deck": DIRTY,
            "kind": "news",
            "caption": DIRTY,
            "tags": DIRTY,
            "seo_title": DIRTY,
            "body": streamfield(
                [
                    ("text", contentstate(DIRTY)),
                    ("quote", {"text": DIRTY, "who": DIRTY}),
                    ("list", {"count": "1", "0": {"deleted": "", "order": "0", "value": DIRTY}}),
                    ("table", json.dumps(table)),
                ]
            ),
            "bylines": inline_formset([{"author": author.pk, "ORDER": 1}]),
            "corrections": inline_formset(
                [{"corrected_on": "2026-11-26", "text": DIRTY, "ORDER": 1}]
            ),
            "related_articles": inline_formset([]),
            "comments": inline_formset([]),
            "action-publish": "1",
        }
    )
    url = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", site.section.pk])
    answer = editor.post(url, form)
    assert answer.status_code == 302, answer.context["form"].errors.as_data()
    article = ArticlePage.objects.get()
    assert {article.title, article.deck, article.caption, article.seo_title} == {CLEAN}
    body = json.dumps(article.body.get_prep_value(), ensure_ascii=False)
    assert body.count("sált") == 6
    assert "<b>sált</b>" in body
    assert_clean(body)
    revision = json.dumps(article.latest_revision.content, ensure_ascii=False)
    assert_clean(revision)
    assert_clean(article.corrections.get().text, *article.tags.names())
    for path in ("/feed/", "/news-sitemap.xml", "/sitemap.xml"):
        ElementTree.fromstring(editor.get(path).content)


def assert_clean(*texts: str) -> None:
    for text in texts:
        assert not any(unicodedata.category(one) == "Cc" for one in text), text
        assert not any(f"\\u{number:04x}" in text for number in (*range(32), *range(127, 160)))
        assert unicodedata.is_normalized("NFC", text)


def test_file_and_its_title_are_clean(editor: Any) -> None:
    file = SimpleUploadedFile("sa\u0301lt\v.jpg", jpeg(), "image/jpeg")
    form = {"title": DIRTY, "description": DIRTY, "credit": DIRTY, "file": file}
    answer = editor.post(reverse("wagtailimages:add"), form)
    assert answer.status_code == 302, answer.context["form"].errors.as_data()
    picture = CreditedImage.objects.get()
    assert [picture.title, picture.description, picture.credit] == [CLEAN] * 3


def test_search_finds_what_was_typed_otherwise(client: Any, site: Any) -> None:
    site.section.add_child(instance=ArticlePage(title="Sált is dear", slug="salt", live=True))
    page = client.get("/search/?q=" + quote("Sa\u0301lt\v")).content.decode()
    assert "Sált is dear" in page.replace("<mark>", "").replace("</mark>", "")
