"""The archive by month and the corrections: what is in print, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from newsroom.models import Correction
from tests.factories import make_article, titles

JULY = datetime(2025, 7, 31, 23, 30, tzinfo=timezone.get_current_timezone())


@pytest.mark.parametrize("language", ["", "/de"])
def test_archive_has_each_month_in_which_something_was_published(
    client: Any, site: Any, language: str
) -> None:
    """By the newsroom's clock."""
    make_article(site.section, title="Of July", published_at=JULY)
    for number in range(13):
        at = JULY + timedelta(hours=1, minutes=number)
        make_article(site.section, title=f"Of August {number}", published_at=at)
    make_article(site.section, title="A draft", published_at=JULY, live=False)
    make_article(site.section, title="Coming", published_at=timezone.now() + timedelta(days=40))
    archive = client.get(f"{language}/archive/").text
    assert archive.count('<li><a href="' + language + "/archive/2025/") == 2
    assert archive.index("/archive/2025/08/") < archive.index("/archive/2025/07/")
    assert titles(client.get(f"{language}/archive/2025/07/").text) == ["Of July"]
    assert len(titles(client.get(f"{language}/archive/2025/08/").text)) == 12
    assert titles(client.get(f"{language}/archive/2025/08/?page=2").text) == ["Of August 0"]
    sitemap = client.get("/sitemap.xml").text
    assert "/archive/2025/08/</loc>" in sitemap and "Coming" not in archive


@pytest.mark.parametrize(
    "path",
    ["2025/13", "2025/00", "2025/7", "0/01", "0000/01", "9999/12", "2025/06", "99999/01", "2025",
     "٢٠٢٥/07", "-1/01"],
)  # fmt: skip
def test_month_that_is_none_or_has_nothing_in_print_is_not_there(
    client: Any, site: Any, path: str
) -> None:
    make_article(site.section, published_at=JULY)
    assert client.get(f"/archive/{path}/").status_code == 404


@pytest.mark.parametrize("page", ["1000000000", "0", "-1", "x", "9" * 5000])
def test_page_that_is_none_is_the_nearest(client: Any, site: Any, page: str) -> None:
    make_article(site.section, title="Of July", published_at=JULY)
    answer = client.get("/archive/2025/07/", {"page": page})
    assert titles(answer.text) == ["Of July"]


def test_corrections_are_listed_and_linked_once_there_is_one(client: Any, site: Any) -> None:
    link = 'href="/corrections/"'
    draft = make_article(site.section, title="Of tomorrow", live=False)
    draft.corrections.add(Correction(corrected_on=JULY.date(), text="Before it was out."))
    draft.save()
    empty = client.get("/corrections/").text
    assert "No corrections so far" in empty and link not in empty
    article = make_article(site.section, title="On loaves")
    for day in (1, 3, 2):
        text, on = f"It was {day}.", JULY.date().replace(day=day)
        article.corrections.add(Correction(corrected_on=on, text=text))
    article.save()
    page = client.get("/corrections/").text
    assert link in page and titles(page) == ["On loaves"] * 3 and "Before it" not in page
    assert page.index("It was 3.") < page.index("It was 2.") < page.index("It was 1.")
