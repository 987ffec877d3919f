"""The demo's site knows where it is, whoever loads it."""

from typing import Any

import pytest
from wagtail.models import Page, Site

from newsroom.demo import load
from newsroom.models import ArticlePage

pytestmark = pytest.mark.django_db


def test_demo_alone_tells_the_site_its_address(site: Any, settings: Any, monkeypatch: Any) -> None:
    Page.objects.filter(pk=site.home.pk).update(slug="welcome")  # as after Wagtail's migrations
    settings.BASE_URL = "https://news.example.org"
    for name in ("LOGINS", "SECTIONS", "STORIES"):
        monkeypatch.setattr(load, name, [])
    load.load()
    assert Site.objects.get(is_default_site=True).root_url == "https://news.example.org"


def test_points_of_a_story_are_its_words() -> None:
    [story, *_] = [story for story in load.STORIES if story.points]
    body = ArticlePage(body=load._body(story)).body
    assert [list(block.value) for block in body if block.block_type == "list"] == [story.points]


def test_whoever_tries_the_demo_sees_what_an_article_can_be() -> None:
    assert {story.kind for story in load.STORIES} > {"live", "opinion", "analysis"}
    assert {story.kind for story in load.STORIES if story.updates} == {"live"}
    assert sorted(story.part for story in load.STORIES if story.part) == [1, 2, 3]
    [story] = [story for story in load.STORIES if story.chart]
    body = ArticlePage(body=load._body(story)).body
    [chart] = [block.value for block in body if block.block_type == "chart"]
    assert len(chart.drawn.lines) == 2
    assert "[[" in "".join(story.text)
