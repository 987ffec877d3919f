"""The newest arrangement is taken back."""

from typing import Any

import pytest

from newsroom.models import HomePage
from tests.factories import arrange, make_article, make_user, titles

URL = "/admin/front-page/take-back/"


@pytest.fixture
def home(site: Any) -> HomePage:
    return site.home


def published(home: HomePage, title: str, user: Any) -> None:
    arrange(home, ("top", {"count": 0}), ("articles", {"title": title, "count": 1}))
    home.save_revision(user=user).publish(user=user)


def seen(client: Any) -> str:
    page: str = client.get(URL).text
    return page.partition('name="version" value="')[2].partition('"')[0]


def test_the_arrangement_before_comes_back_with_who_and_when(
    client: Any, site: Any, home: HomePage
) -> None:
    for _ in range(3):
        make_article(site.section)
    ann, bo = make_user("Editors"), make_user("Editors")
    client.force_login(bo)
    edit = f"/admin/pages/{home.pk}/edit/"
    assert URL not in client.get(edit).text and "nothing to take back" in client.get(URL).text
    published(home, "First of all", ann)
    assert "nobody had arranged anything" in client.get(URL).text
    published(home, "Another", bo)
    assert URL in client.get(edit).text and ann.username in client.get(URL).text
    version = seen(client)
    assert client.post(URL, {"version": version}).url == edit
    assert "First of all" in client.get("/").text
    # Pressed twice, it was taken back once.
    assert client.post(URL, {"version": version}, follow=True).text.count("Nothing was taken")
    assert "First of all" in client.get("/").text
    assert bo.username in client.get(URL).text
    assert "reverted to previous" in client.get(f"/admin/pages/{home.pk}/history/").text.lower()
    client.post(URL, {"version": seen(client)})
    assert "Another" in client.get("/").text


def test_the_first_one_gives_way_to_the_page_that_fills_itself(
    client: Any, site: Any, home: HomePage
) -> None:
    for _ in range(3):
        make_article(site.section)
    by_itself = titles(client.get("/").text)
    client.force_login(make_user("Editors"))
    published(home, "First of all", None)
    assert titles(client.get("/").text) != by_itself
    client.post(URL, {"version": seen(client)})
    assert titles(client.get("/").text) == by_itself


def test_what_somebody_is_writing_meanwhile_stays_in_the_history(
    client: Any, home: HomePage
) -> None:
    ann = make_user("Editors")
    published(home, "First of all", ann)
    published(home, "Another", ann)
    draft = home.save_revision(user=ann)
    client.force_login(ann)
    client.post(URL, {"version": seen(client)})
    home.refresh_from_db()
    assert home.revisions.filter(pk=draft.pk).exists()
    assert home.latest_revision == home.live_revision


def test_who_may_not_publish_or_finds_the_page_locked_takes_nothing_back(
    client: Any, home: HomePage
) -> None:
    published(home, "First of all", None)
    home.refresh_from_db()
    version = str(home.live_revision_id)
    client.force_login(make_user("Finance"))
    assert client.post(URL, {"version": version}).url == "/admin/"
    home.locked, home.locked_by = True, make_user("Editors")
    home.save()
    client.force_login(make_user("Editors"))
    assert client.post(URL, {"version": version}).url == URL
    assert "is locked" in client.get(URL).text
    assert HomePage.objects.get().live_revision_id == home.live_revision_id
