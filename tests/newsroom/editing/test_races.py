"""Colleagues who press at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from newsroom.models import ArticlePage, Author, TextPage
from tests.factories import make_site, make_user

TOGETHER = 6


def send_together(sent: list[tuple[Any, ...]]) -> list[Any]:
    """Addresses with their forms, all sent at once; the answers."""

    def send(to: tuple[Any, ...]) -> Any:
        client = Client(raise_request_exception=False)
        client.force_login(editor)
        try:
            url, form, *headers = to
            return client.post(url, form, headers=dict(headers))
        finally:
            connection.close()

    editor = make_user(None)
    with ThreadPoolExecutor(len(sent)) as threads:
        return list(threads.map(send, sent))


def article(number: int, **fields: Any) -> dict[str, Any]:
    formsets = ["bylines", "related_articles", "corrections", "comments"]
    form = {name: inline_formset([]) for name in formsets} | {"body": streamfield([])}
    form["kind"] = "news"
    return nested_form_data(form | {"title": f"Bread {number}", "slug": "bread"} | fields)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", ["action-save", "action-publish"])
def test_one_slug_chosen_by_several_is_taken_once_and_the_others_are_told(action: str) -> None:
    section = make_site().section
    url = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", section.pk])
    answers = send_together([(url, article(i, **{action: "1"})) for i in range(TOGETHER)])
    assert sorted(answer.status_code for answer in answers) == [200] * (TOGETHER - 1) + [302]
    assert ArticlePage.objects.filter(slug="bread").count() == 1
    refused = next(answer for answer in answers if answer.status_code == 200)
    assert "already in use" in refused.content.decode()


@pytest.mark.django_db(transaction=True)
def test_one_address_for_two_pages_that_were_there() -> None:
    home = make_site().home
    pages = [
        home.add_child(instance=TextPage(title=f"T {i}", slug=f"t-{i}", body="<p>T</p>"))
        for i in range(TOGETHER)
    ]
    form = nested_form_data(
        {
            "title": "About us",
            "slug": "about",
            "body": rich_text("<p>We.</p>"),
            "comments": inline_formset([]),
            "action-publish": "1",
        }
    )
    urls = [reverse("wagtailadmin_pages:edit", args=[page.pk]) for page in pages]
    answers = send_together([(url, form) for url in urls])
    assert sorted(answer.status_code for answer in answers) == [200] * (TOGETHER - 1) + [302]
    assert TextPage.objects.filter(slug="about").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_new_author_written_down_by_several_is_there_once() -> None:
    make_site()
    url = reverse(Author.snippet_viewset.get_url_name("add"))
    answers = send_together([(url, {"name": "Ana", "role": ""})] * TOGETHER)
    assert sorted(answer.status_code for answer in answers) == [200] * (TOGETHER - 1) + [302]
    assert Author.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_wagtail_saves_by_itself_never_lies_over_what_was_pressed() -> None:
    page = make_site().home.add_child(instance=TextPage(title="T", slug="t", body="<p>T</p>"))
    url = reverse("wagtailadmin_pages:edit", args=[page.pk])
    for number in range(4):
        loaded = page.save_revision()
        form = {"slug": "t", "body": rich_text("<p>T</p>"), "comments": inline_formset([])}
        form |= {"loaded_revision_id": loaded.pk}
        form |= {"loaded_revision_created_at": loaded.created_at.isoformat()}
        pressed = nested_form_data(form | {"title": f"Pressed {number}"})
        by_itself = nested_form_data(form | {"title": "Half typed"})
        answers = send_together(
            [(url, pressed)] + [(url, by_itself, ("Accept", "application/json"))] * 3
        )
        assert answers[0].status_code == 302
        page = TextPage.objects.get(pk=page.pk)
        assert page.get_latest_revision_as_object().title == f"Pressed {number}"


def test_without_redis_nobody_waits_and_everything_is_saved(client, settings, site) -> None:
    settings.CACHES = settings.CACHES | {
        "default": settings.CACHES["default"] | {"LOCATION": "unix:///nowhere"}
    }
    author = Author.objects.create(name="Ana")
    client.force_login(make_user(None))
    url = reverse(Author.snippet_viewset.get_url_name("edit"), args=[author.pk])
    assert client.post(url, {"name": "Anna", "role": ""}).status_code == 302
    author.refresh_from_db()
    assert author.name == "Anna"
