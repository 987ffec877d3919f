"""A link in a text that names no row: it comes by forged forms, old copies and SQL."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import BadRequest
from django.core.management import call_command
from django.test import Client
from wagtail.blocks import RichTextBlock
from wagtail.fields import RichTextField, StreamField

from donations.models import Appeal
from newsroom.models import ArticlePage
from newsroom.publishing.rich_text import CleanRichText, expand
from subscriptions.issues.rendering import render_issue
from tests.factories import make_appeal, make_article, make_issue, make_user

pytestmark = pytest.mark.django_db
NUMBERLESS = [
    '<a linktype="page" id="x">words</a>',
    '<a linktype="page">words</a>',
    '<a linktype="page" id="-1">words</a>',
    f'<a linktype="page" id="{"9" * 30}">words</a>',
    "<a id='x' linktype='page'>words</a>",
    '<a linktype="document" id="x">words</a>',
    '<a linktype="document">words</a>',
    '<a title=">" linktype="document" id="x">words</a>',
    '<a linktype="unknown" id="x">words</a>',
    'words<embed embedtype="image" id="x" format="left" alt=""/>',
    'words<embed embedtype="image" id="1"/>',
    'words<embed embedtype="media"/>',
    'words<embed embedtype="unknown"/>',
]


def typed(kind: str, data: dict[str, Any]) -> str:
    """As the editor sends one linked word."""
    block = {
        "key": "a", "text": "words", "type": "unstyled", "depth": 0, "inlineStyleRanges": [],
        "entityRanges": [{"offset": 0, "length": 5, "key": 0}], "data": {},
    }  # fmt: skip
    entity = {"type": kind, "mutability": "MUTABLE", "data": data}
    return json.dumps({"blocks": [block], "entityMap": {"0": entity}})


def widgets_of(block: Any) -> list[Any]:
    if isinstance(block, RichTextBlock):
        return [block.field.widget]
    children = getattr(block, "child_blocks", {}).values()
    inner = getattr(block, "child_block", None)
    return [one for child in [*children, *([inner] if inner else [])] for one in widgets_of(child)]


def test_every_rich_text_of_ours_comes_in_by_the_same_way() -> None:
    found = []
    for model in apps.get_models():
        if model.__module__.partition(".")[0] in ("newsroom", "subscriptions", "donations"):
            for field in model._meta.get_fields():
                if isinstance(field, RichTextField):
                    found.append(field.formfield().widget)
                elif isinstance(field, StreamField):
                    found += widgets_of(field.stream_block)
    assert len(found) > 5 and all(isinstance(one, CleanRichText) for one in found)


@pytest.mark.parametrize(
    ("kind", "data"),
    [("LINK", {"id": "x"}), ("LINK", {"id": -1}), ("LINK", {"id": None, "parentId": 1}),
     ("LINK", {"id": 10**30}), ("DOCUMENT", {"id": "x"}), ("DOCUMENT", {"id": ""}),
     ("LINK", {"id": '1" x="'}), ("LINK", {"id": [1]})],
)  # fmt: skip
def test_link_without_a_number_is_refused_in_words(client, kind: str, data: Any) -> None:
    widget = CleanRichText(features=["link", "document-link"])
    with pytest.raises(BadRequest, match=r"has no number|no rich text"):
        widget.value_from_datadict({"text": typed(kind, data)}, {}, "text")
    client.force_login(make_user("Publishers"))
    answer = client.post("/admin/appeals/add/", {"message": typed("LINK", {"id": "x"})})
    assert answer.status_code == 400 and not Appeal.objects.exists()


@pytest.mark.parametrize("data", [{"id": 5}, {"id": "5"}, {"url": "https://example.org/"}])
def test_other_links_come_in(data: Any) -> None:
    widget = CleanRichText(features=["link"])
    html = widget.value_from_datadict({"text": typed("LINK", data)}, {}, "text")
    assert html and ('id="5"' in html or "https://example.org/" in html)


@pytest.mark.parametrize("broken", NUMBERLESS)
def test_stored_one_costs_neither_reader_nor_editor_the_page(site, client, broken: str) -> None:
    editor = Client()
    editor.force_login(make_user(None))
    text = f"<p>Before {broken} after</p>"
    body = json.dumps([{"type": "text", "value": text}])
    article = make_article(site.section, body=body)
    issue = make_issue(site.newsletter, [article], body=[("letter", text)])
    appeal = make_appeal()
    Appeal.objects.filter(pk=appeal.pk).update(message=text)
    assert "after" in client.get(article.url).text
    assert "after" in render_issue(issue).html
    for page in (article, issue):
        opened = editor.get(f"/admin/pages/{page.pk}/edit/")
        assert opened.status_code == 200 and "after" in opened.text
        page.specific.save_revision()
    assert editor.get(f"/admin/appeals/edit/{appeal.pk}/").status_code == 200
    assert client.get("/support/").status_code == 200
    assert "words" in expand(text)


def test_references_are_gathered_past_a_broken_one(site) -> None:
    other = make_article(site.section)
    links = f"{NUMBERLESS[1]}{NUMBERLESS[6]}{NUMBERLESS[9]}"
    text = f'<p>{links}<a linktype="page" id="{other.pk}">it</a></p>'
    article = make_article(site.section, body=json.dumps([{"type": "text", "value": text}]))
    call_command("rebuild_references_index", verbosity=0)
    found = [pk for _model, pk, *_rest in ArticlePage.objects.get(pk=article.pk).body.stream_block
             .extract_references(ArticlePage.objects.get(pk=article.pk).body)]  # fmt: skip
    assert str(other.pk) in map(str, found)


def test_good_link_stays_beside_a_broken_one() -> None:
    widget = CleanRichText(features=["link"])
    text = f'<p>{NUMBERLESS[0]} <a href="https://example.org/">good</a></p>'
    assert "https://example.org/" in widget.format_value(text)
