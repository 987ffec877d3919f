"""What an editor sees of a page before anybody has saved it."""

from collections.abc import Iterator
from datetime import time
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page
from wagtail.test.utils.form_data import inline_formset, streamfield

from newsroom.models import ArticlePage, Author
from tests.factories import make_appeal, make_article, make_image, make_user
from tests.newsroom.publishing.test_schedule import article_form


@pytest.fixture
def desk(site: Any) -> Client:
    client = Client()
    client.force_login(make_user(None))
    return client


def creatable(site: Any) -> Iterator[tuple[Any, Page]]:
    """Each kind of page that a new one may be made of, and where."""
    parents = {page.specific_class: page for page in Page.objects.all()}
    for model in apps.get_models():
        if issubclass(model, Page) and model is not Page:
            for parent in set(model.allowed_parent_page_models()) & set(parents):
                if model.can_create_at(parents[parent]):
                    yield model, parents[parent]


def as_proposed(form: Any) -> dict[str, Any]:
    """What the browser would send of an empty form."""
    data: dict[str, Any] = {"title": "New", "subject": "New", "sender_address": "a@b.example"}
    data |= {"issue_on": timezone.localdate().isoformat(), "sender_name": "Us"}
    for formset in form.formsets.values():
        data |= {f"{formset.prefix}-{kind}_FORMS": 0 for kind in ("TOTAL", "INITIAL")}
    for name, field in form.fields.items():
        value = form[name].value()
        if hasattr(field, "block"):
            data |= {f"{name}-count": 0}
        elif value is not False and value not in (None, "", []):
            data.setdefault(name, f"{value:%H:%M}" if isinstance(value, time) else value)
    if "body" in form.fields and "body-count" not in data:
        data["body"] = '{"blocks": [], "entityMap": {}}'
    return data


@pytest.mark.slow
def test_every_kind_of_page_is_previewed_before_it_is_saved(site: Any, desk: Client) -> None:
    seen = set()
    for model, parent in creatable(site):
        place = [model._meta.app_label, model._meta.model_name, parent.pk]
        form = desk.get(reverse("wagtailadmin_pages:add", args=place)).context["form"]
        url = reverse("wagtailadmin_pages:preview_on_add", args=place)
        assert desk.post(url, as_proposed(form)).json()["is_valid"], model
        for mode, _ in model().preview_modes:
            answer = desk.get(url, {"mode": mode, "in_preview_panel": "true"})
            assert answer.status_code == 200, (model, mode)
        seen.add(model)
    assert {"ArticlePage", "Newsletter", "IssuePage"} <= {model.__name__ for model in seen}


def test_a_new_article_is_previewed_with_all_it_will_have(site: Any, desk: Client) -> None:
    make_appeal()
    author, other = Author.objects.create(name="Ann Byline"), make_article(site.section)
    place = ["newsroom", "articlepage", site.section.pk]
    form = article_form(
        "Never saved",
        bylines=inline_formset([{"author": author.pk}]),
        related_articles=inline_formset([{"article": other.pk}]),
        corrections=inline_formset([{"corrected_on": "2026-11-20", "text": "It was five."}]),
        body=streamfield([("list", {"0": {"value": "A point", "type": "item"}, "count": 0})]),
        lead_image=make_image("bread").pk,
        tags="bread",
        published_at=timezone.now(),
    )
    url = reverse("wagtailadmin_pages:preview_on_add", args=place)
    assert desk.post(url, form).json()["is_valid"]
    page = desk.get(url)
    assert page.status_code == 200
    for wanted in ("Never saved", "Ann Byline", "It was five.", "bread", other.title):
        assert wanted in page.text
    assert not ArticlePage.objects.filter(title="Never saved").exists()


def test_a_draft_shows_the_bylines_that_were_typed(site: Any, desk: Client) -> None:
    article = make_article(site.section, live=False)
    author = Author.objects.create(name="Ann Byline")
    form = article_form("Draft", bylines=inline_formset([{"author": author.pk}]))
    url = reverse("wagtailadmin_pages:preview_on_edit", args=[article.pk])
    desk.post(url, form)
    assert "Ann Byline" in desk.get(url).text
