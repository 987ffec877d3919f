"""What is to appear later appears then, and nowhere before; and goes when its time is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.admin.panels import CommentPanel, Panel, PublishingPanel
from wagtail.models import Comment, Page
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from newsroom.models import ArticlePage
from newsroom.tasks import publish_scheduled
from subscriptions.models import IssuePage
from subscriptions.sending import freezing
from tests.factories import make_article, make_frozen, make_issue, make_user

pytestmark = pytest.mark.slow

Publish = Callable[..., Any]


NOW = timezone.localtime().replace(second=0, microsecond=0)  # one for all: a minute may end


def in_days(days: float) -> datetime:
    return NOW + timedelta(days=days)


def typed(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


def article_form(title: str, **fields: Any) -> dict[str, Any]:
    formsets = {name: inline_formset([]) for name in ("bylines", "related_articles", "corrections")}
    times = {
        name: typed(fields.pop(name, None))
        for name in ("published_at", "updated_at", "go_live_at", "expire_at")
    }
    form: dict[str, Any] = nested_form_data(
        {"title": title, "slug": "embargoed", "deck": "Secretary resigns", "tags": ""}
        | {"kind": "news"}
        | {"body": streamfield([]), "comments": inline_formset([])}
        | formsets | times | fields
    )  # fmt: skip
    return form


@pytest.fixture
def desk(site: Any) -> Client:
    client = Client()
    client.force_login(make_user())
    return client


@pytest.fixture
def publish(site: Any, desk: Client) -> Publish:
    """Press a button in the article's editor; what became of the article."""

    def press(article: ArticlePage | None = None, button: str = "publish", **fields: Any) -> Any:
        url = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", site.section.pk])
        if article:
            url = reverse("wagtailadmin_pages:edit", args=[article.pk])
        form = article_form("Embargoed story", **fields)
        answer = desk.post(url, form | {f"action-{button}": "1"})
        assert answer.status_code == 302, answer.context["form"].errors
        return ArticlePage.objects.get(slug="embargoed")

    return press


def beat(at: datetime) -> None:
    with time_machine.travel(at + timedelta(seconds=30)):
        publish_scheduled()


def newest(article: ArticlePage) -> Any:
    article.refresh_from_db()
    return article.get_latest_revision_as_object()


def shown_at(site: Any, desk: Client, title: str = "Embargoed story") -> set[str]:
    """Where readers, or the editor of an issue, find it."""
    desk.force_login(make_user())  # the session of days ago is over
    issue = make_issue(site.newsletter, [])
    paths = ["/", site.section.url, "/feed/", "/sitemap.xml", "/news-sitemap.xml"]
    paths += ["/search/?q=resigns", "/newsletter/weekly/"]
    found = {path for path in paths if title in (text := Client().get(path).text)
             or "/embargoed/" in text}  # fmt: skip
    panel = reverse("issue_published", args=[issue.pk])
    found |= {path for path in (panel, panel + "?q=resigns") if title in desk.get(path).text}
    return {path.replace(panel, "panel") for path in found}


def test_a_future_time_shown_is_the_schedule_and_nothing_leaks_until_then(
    site: Any, desk: Client, publish: Publish, django_capture_on_commit_callbacks: Any
) -> None:
    day = in_days(3)
    with django_capture_on_commit_callbacks(execute=True):
        article = publish(published_at=day)
    assert not article.live and article.scheduled_revision
    assert (article.go_live_at, article.published_at) == (day, day)
    assert shown_at(site, desk) == set()
    assert Client().get(article.url).status_code == 404
    beat(day - timedelta(minutes=1))
    assert not ArticlePage.objects.get(pk=article.pk).live
    beat(day)
    with time_machine.travel(day + timedelta(minutes=1)):
        found = shown_at(site, desk)
    assert found == {
        "/", site.section.url, "/feed/", "/sitemap.xml", "/news-sitemap.xml", "/search/?q=resigns",
        "panel", "panel?q=resigns",
    }  # fmt: skip
    article.refresh_from_db()
    assert article.live and article.published_at == day


def test_a_new_scheduled_page_is_live_at_no_moment(
    site: Any, publish: Publish, monkeypatch: Any
) -> None:
    """Wagtail adds the page, and publishes it in another step, which may fail."""
    seen: list[bool] = []

    def look(article: ArticlePage, *args: Any, **kwargs: Any) -> Any:
        seen.append(Page.objects.get(pk=article.pk).live)
        return save_revision(article, *args, **kwargs)

    save_revision = ArticlePage.save_revision
    monkeypatch.setattr(ArticlePage, "save_revision", look)
    publish(published_at=in_days(3))
    assert seen == [False]
    soon = type(site.section)(title="Soon", slug="soon", go_live_at=in_days(1))
    assert not site.home.add_child(instance=soon).live


def test_an_article_is_scheduled_in_wagtails_own_dialog(publish: Publish) -> None:
    day = in_days(2)
    article = publish(go_live_at=day)
    assert not article.live and article.scheduled_revision
    beat(day)
    article.refresh_from_db()
    assert article.live and article.published_at == article.first_published_at


def test_it_never_goes_live_before_the_time_it_shows(publish: Publish) -> None:
    friday = in_days(3)
    article = publish(published_at=friday, go_live_at=in_days(1))
    assert newest(article).go_live_at == friday


def test_it_may_go_live_later_than_the_time_it_shows(publish: Publish) -> None:
    article = publish(published_at=in_days(1), go_live_at=in_days(3))
    assert newest(article).go_live_at == in_days(3)


@pytest.mark.parametrize("days", [1, 5])
def test_moving_the_time_shown_moves_the_schedule(publish: Publish, days: int) -> None:
    article = publish(button="save", published_at=in_days(3))
    article = publish(article, "save", published_at=in_days(days), go_live_at=in_days(3))
    assert newest(article).go_live_at == in_days(days)


@pytest.mark.parametrize("days", [1, 5])
def test_moving_the_schedule_moves_the_time_shown(publish: Publish, days: int) -> None:
    article = publish(button="save", published_at=in_days(3))
    article = publish(article, "save", published_at=in_days(3), go_live_at=in_days(days))
    assert newest(article).published_at == newest(article).go_live_at == in_days(days)


def test_an_embargo_is_lifted_by_either_time(publish: Publish) -> None:
    for times in ({"published_at": in_days(-1), "go_live_at": in_days(3)}, {"go_live_at": None}):
        article = publish(ArticlePage.objects.first(), "save", published_at=in_days(3))
        article = publish(article, **{"published_at": in_days(3)} | times)
        assert article.live and not article.scheduled_revision
        assert article.published_at < timezone.now()
        article.delete()


def test_a_live_article_stays_as_it_is_until_its_new_version_is_due(
    publish: Publish,
) -> None:
    article = publish(deck="First version")
    day = in_days(2)
    publish(article, deck="Second version", published_at=article.published_at, go_live_at=day)
    assert "First version" in Client().get(article.url).text
    beat(day)
    page = Client().get(article.url).text
    assert "Second version" in page and "First version" not in page


@pytest.mark.parametrize("kind", ["article", "section"])
def test_what_was_published_by_code_stays_until_its_new_version_is_due(
    site: Any, client: Client, kind: str
) -> None:
    """By an import, say: it has no revision that Wagtail could know as the live one."""
    article = make_article(site.section, title="Old words")
    page = article if kind == "article" else site.section
    old = page.title
    for title in ("New words", "Newer words"):
        page.title, page.go_live_at = title, in_days(1)
        page.save_revision().publish()
        page.refresh_from_db()
        assert page.live and page.title == old and old in client.get(page.url).text
    with time_machine.travel(in_days(1.1), tick=False):
        publish_scheduled()
        page.refresh_from_db()
        assert page.title == "Newer words" and not page.has_unpublished_changes
        assert "Newer words" in client.get(page.url).text


def test_a_new_version_of_what_came_by_the_clock_keeps_the_date_of_the_first(
    site: Any, desk: Client, publish: Publish
) -> None:
    first = in_days(1)
    article = publish(published_at=first)
    beat(first)
    with time_machine.travel(first + timedelta(hours=5)):
        desk.force_login(make_user())
        then = in_days(3)
        publish(ArticlePage.objects.get(pk=article.pk), published_at=first, go_live_at=then)
    beat(then)
    article.refresh_from_db()
    assert article.go_live_at == then and article.published_at == first


def test_a_future_update_is_the_schedule_of_the_version_that_shows_it(publish: Publish) -> None:
    article = publish(deck="First version")
    shown, day = article.published_at, in_days(2)
    second = {"deck": "Second version", "published_at": shown}
    publish(article, "save", updated_at=day, **second)
    assert newest(article).go_live_at == day
    later = in_days(3)
    publish(article, updated_at=later, go_live_at=day, **second)
    assert newest(article).go_live_at == later
    page = Client().get(article.url).text
    assert "First version" in page and "Updated" not in page
    beat(later)
    article.refresh_from_db()
    assert (article.deck, article.updated_at) == ("Second version", later)
    assert article.published_at == shown.replace(second=0, microsecond=0)


def test_many_published_at_once_wait_for_their_hours_however_they_were_saved(
    site: Any, desk: Client
) -> None:
    article = make_article(site.section, live=False, published_at=in_days(3))
    revision = article.save_revision(clean=False)
    revision.content["go_live_at"] = None
    revision.save()
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    desk.post(f"{url}?id={article.pk}", {"include_descendants": ""})
    article.refresh_from_db()
    assert not article.live and article.scheduled_revision


def test_an_article_published_from_the_shell_is_scheduled_too(site: Any) -> None:
    article = make_article(site.section, live=False, published_at=in_days(3))
    article.save_revision().publish()
    article.refresh_from_db()
    assert not article.live and article.scheduled_revision


def test_autosave_tells_the_open_page_the_schedule(site: Any, desk: Client) -> None:
    """Otherwise it would send the schedule before again."""
    url = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", site.section.pk])
    day = in_days(3)
    form = article_form("Embargoed story", published_at=day)
    told = desk.post(url, form, headers={"accept": "application/json"}).json()
    assert told["field_updates"]["go_live_at"] == typed(day)
    edit = reverse("wagtailadmin_pages:edit", args=[told["pk"]])
    form = article_form("Embargoed story", published_at=None, go_live_at=day)
    told = desk.post(edit, form, headers={"accept": "application/json"}).json()
    assert told["field_updates"] == {"go_live_at": ""}
    assert newest(ArticlePage.objects.get(pk=told["pk"])).go_live_at is None


def test_what_expires_before_it_goes_live_is_refused_in_words(site: Any, desk: Client) -> None:
    url = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", site.section.pk])
    form = article_form("Embargoed story", published_at=in_days(3), expire_at=in_days(1))
    answer = desk.post(url, form | {"action-publish": "1"})
    assert "must be before expiry" in answer.text


def test_an_article_is_taken_down_when_its_time_is_over(
    site: Any, desk: Client, publish: Publish, django_capture_on_commit_callbacks: Any
) -> None:
    day = in_days(1)
    with django_capture_on_commit_callbacks(execute=True):
        article = publish(expire_at=day)
    assert "/feed/" in shown_at(site, desk)
    beat(day)
    with time_machine.travel(day + timedelta(minutes=1)):
        assert shown_at(site, desk) == set()
        assert Client().get(article.url).status_code == 404


def test_after_an_outage_what_is_over_by_now_is_never_seen(publish: Publish) -> None:
    article = publish(published_at=in_days(1), expire_at=in_days(2))
    beat(in_days(3))
    article.refresh_from_db()
    assert not article.live and article.expired and not article.scheduled_revision


def test_one_page_that_cannot_be_published_keeps_no_other_waiting(
    site: Any, publish: Publish, caplog: Any
) -> None:
    broken = make_article(site.section, slug="taken", live=False, go_live_at=in_days(1))
    broken.save_revision().publish()
    Page.objects.filter(pk=broken.pk).update(slug="given-away")
    make_article(site.section, slug="taken")
    article = publish(published_at=in_days(2))
    beat(in_days(3))
    assert ArticlePage.objects.get(pk=article.pk).live
    assert not ArticlePage.objects.get(pk=broken.pk).live
    assert "could not be published" in caplog.text


def test_a_newsletter_appears_and_goes_by_the_clock(site: Any) -> None:
    newsletter, day = site.newsletter, in_days(1)
    newsletter.expire_at = day
    newsletter.save_revision().publish()
    beat(day)
    assert Client().get("/newsletter/weekly/").status_code == 404
    newsletter.refresh_from_db()
    newsletter.expire_at, newsletter.go_live_at = None, in_days(2)
    newsletter.save_revision().publish()
    beat(in_days(3))
    assert Client().get("/newsletter/weekly/").status_code == 200


def test_an_issue_is_on_the_web_when_its_mails_go_whatever_its_own_schedule(site: Any) -> None:
    issue = make_issue(site.newsletter, [make_article(site.section)], go_live_at=in_days(9))
    issue.save_revision().publish()
    assert not IssuePage.objects.get(pk=issue.pk).live
    make_frozen(IssuePage.objects.get(pk=issue.pk))
    assert Client().get(issue.url).status_code == 200


def test_an_issue_that_goes_after_its_time_was_over_stays_on_the_web(site: Any) -> None:
    over = in_days(1)
    issue = make_issue(site.newsletter, [make_article(site.section)], expire_at=over)
    mailing = freezing.approve(issue, None, timezone.now())
    with time_machine.travel(over + timedelta(hours=1)):
        assert freezing.freeze(mailing, timezone.now())
    beat(over + timedelta(hours=2))
    assert Client().get(issue.url).status_code == 200


def panels(panel: Panel) -> list[Panel]:
    return [panel, *(one for child in getattr(panel, "children", []) for one in panels(child))]


def test_every_kind_of_page_can_be_scheduled_and_commented() -> None:
    kinds = [model for model in apps.get_models() if issubclass(model, Page) and model is not Page]
    for model in kinds:
        found = {type(panel) for panel in panels(model.get_edit_handler())}
        assert {PublishingPanel, CommentPanel} <= found, model


def test_a_comment_is_kept_with_the_article(
    desk: Client, publish: Publish, django_user_model: Any
) -> None:
    article = publish()
    comment = {"text": "Who said so?", "contentpath": "deck", "position": "", "resolved": ""}
    comment |= {"id": "", "replies": inline_formset([]), "deleted": ""}
    publish(article, "save", comments=inline_formset([comment]))
    assert Comment.objects.get(page=article).text == "Who said so?"
    page = desk.get(reverse("wagtailadmin_pages:edit", args=[article.pk]))
    assert "Who said so?" in page.text
