"""From a writer's “Submit” to an editor's “Approve”, and whatever else somebody may try."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Task, TaskState, Workflow, WorkflowPage
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from newsroom.editing import approval, emails, races
from newsroom.models import ArticlePage, Stopped, TransactionalMail, WhoPublishes
from newsroom.tasks import publish_scheduled
from tests.conftest import Committing, Inbox
from tests.factories import make_article, make_site, make_user
from tests.newsroom.editing.test_races import send_together

SIX = timezone.localtime().replace(hour=18, minute=0, second=0, microsecond=0) + timedelta(days=1)


def form(**fields: Any) -> dict[str, Any]:
    formsets = ["bylines", "related_articles", "corrections", "comments"]
    plain = {name: inline_formset([]) for name in formsets} | {"body": streamfield([])}
    plain |= {"title": "Dam bursts", "slug": "dam", "deck": "A secret until six.", "kind": "news"}
    found: dict[str, Any] = nested_form_data(plain | fields)
    return found


class Colleague:
    """Somebody of the staff at the admin."""

    def __init__(self, role: str | None) -> None:
        self.user = make_user(role)
        self.client = Client()
        self.client.force_login(self.user)

    def press(self, button: str, article: ArticlePage | None = None, **fields: Any) -> str:
        """A button of the article's editor; the page that comes then."""
        section = make_site().section
        url = reverse("wagtailadmin_pages:add", args=["newsroom", "articlepage", section.pk])
        if article:
            url = edit(article)
        sent = form(**fields) | {f"action-{button}": "1"}
        return self.client.post(url, sent, follow=True).content.decode()

    def decide(self, action: str, article: ArticlePage, **fields: Any) -> str:
        """In the editor; on the start page it is “act”."""
        return self.press("workflow-action", article, **{"workflow-action-name": action} | fields)

    def act(self, action: str, article: ArticlePage, step: Any = None, comment: str = "") -> Any:
        step = step or article.current_workflow_task_state
        url = reverse("wagtailadmin_pages:workflow_action", args=[article.pk, action, step.pk])
        return self.client.post(url, {"comment": comment}, follow=True)

    def told(self, inbox: Inbox) -> list[str]:
        return [mail["subject"] for mail in inbox.to(self.user.email)]


def edit(article: ArticlePage) -> str:
    return reverse("wagtailadmin_pages:edit", args=[article.pk])


def now(article: ArticlePage) -> ArticlePage:
    return ArticlePage.objects.get(pk=article.pk)


@pytest.fixture
def writer(site: Any) -> Colleague:
    return Colleague("Writers")


@pytest.fixture
def editor(site: Any) -> Colleague:
    return Colleague("Editors")


@pytest.fixture
def handed_in(writer: Colleague, committing: Committing) -> ArticlePage:
    with committing():
        writer.press("submit", comment_notifications="on")
    return ArticlePage.objects.get(slug="dam")


@pytest.fixture
def two_people(site: Any) -> None:
    WhoPublishes.objects.create(two_people=True)


# --- The way of an article ------------------------------------------------------------------


def test_what_is_handed_in_is_approved_for_six_o_clock_and_who_waits_is_told(
    writer: Colleague, editor: Colleague, committing: Committing, inbox: Inbox
) -> None:
    with committing():
        assert "submitted for moderation" in writer.press("submit")
    article = ArticlePage.objects.get()
    assert editor.told(inbox) == ["An article waits for somebody’s approval"]
    assert writer.told(inbox) == []
    assert "Dam bursts" in editor.client.get("/admin/").content.decode()
    with committing():
        page = editor.decide("approve", article, published_at=f"{SIX:%Y-%m-%d %H:%M}")
    assert "Approved. “Dam bursts” is published when its time has come." in page
    assert not now(article).live
    assert now(article).scheduled_revision.approved_go_live_at == SIX
    [mail] = inbox.to(writer.user.email)
    assert f"It is published on {SIX:%-d %B %Y} at 18:00" in " ".join(mail["text"].split())
    every = [*inbox.to(writer.user.email), *inbox.to(editor.user.email)]
    assert "Dam" not in str([[mail["subject"], mail["text"], mail["html"]] for mail in every])
    with time_machine.travel(SIX + timedelta(seconds=1)):
        publish_scheduled()
    assert now(article).live


def test_changes_are_asked_for_and_made(
    handed_in: ArticlePage,
    writer: Colleague,
    editor: Colleague,
    committing: Committing,
    inbox: Inbox,
) -> None:
    assert "locked" in writer.press("save", handed_in, deck="Another.")
    comment = {"text": "Who said so?", "contentpath": "deck", "position": "", "resolved": ""}
    comment |= {"id": "", "replies": inline_formset([]), "deleted": ""}
    with committing():
        editor.press("save", handed_in, comments=inline_formset([comment]))
        assert "is back" in editor.decide("reject", handed_in)
    assert sorted(writer.told(inbox)) == ["New comments", "Your article is back, with a wish"]
    assert "Who said" not in str(inbox.to(writer.user.email))
    with committing():
        writer.press("submit", handed_in, deck="Said the keeper.")
    assert len(editor.told(inbox)) == 1
    with committing():
        editor.act("approve", handed_in)
    assert now(handed_in).live
    assert now(handed_in).deck == "Said the keeper."


def test_who_opens_what_came_back_reads_the_wish_until_it_is_handed_in_again(
    handed_in: ArticlePage, writer: Colleague, editor: Colleague
) -> None:
    editor.act("reject", handed_in, comment="Which <year>?")
    page = writer.client.get(edit(handed_in)).content.decode()
    assert f"{editor.user} asks for changes: “Which &lt;year&gt;?” Hand it in again" in page
    writer.press("submit", handed_in)
    assert "asks for changes" not in writer.client.get(edit(handed_in)).content.decode()
    editor.act("reject", handed_in)
    assert "the comments beside the text say" in writer.client.get(edit(handed_in)).content.decode()


def test_a_submitted_article_is_approved_by_publishing_it(
    handed_in: ArticlePage, writer: Colleague, editor: Colleague, committing: Committing, inbox: Any
) -> None:
    with committing():
        assert "is published." in editor.press("publish", handed_in)
    assert now(handed_in).live
    assert writer.told(inbox) == ["Your article is approved"]


def test_the_workflow_is_made_once_and_is_the_administrators_from_then_on(site: Any) -> None:
    assert not Task.objects.filter(name=approval.WAGTAILS).exists()
    Workflow.objects.update(name="Desk")
    WorkflowPage.objects.all().delete()
    approval.make_workflow()
    assert list(Workflow.objects.values_list("name", flat=True)) == ["Desk"]
    assert not site.home.has_workflow


# --- Who may what ---------------------------------------------------------------------------


def test_a_writer_publishes_and_approves_nothing(
    handed_in: ArticlePage, writer: Colleague, editor: Colleague
) -> None:
    page = writer.client.get(edit(handed_in)).content.decode()
    assert "action-publish" not in page
    writer.press("publish", handed_in)
    writer.decide("approve", handed_in)
    writer.act("approve", handed_in)
    bulk = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    writer.client.post(f"{bulk}?id={handed_in.pk}", {"include_descendants": ""})
    editor.decide("reject", handed_in)
    writer.press("publish", handed_in)
    assert not now(handed_in).live
    editor.press("publish", handed_in)
    writer.client.post(reverse("wagtailadmin_pages:unpublish", args=[handed_in.pk]))
    writer.client.post(reverse("wagtailadmin_pages:delete", args=[handed_in.pk]))
    assert now(handed_in).live


def test_a_writer_sees_the_drafts_of_nobody_else_and_makes_articles_only(
    site: Any, writer: Colleague
) -> None:
    draft = make_article(site.section, live=False, owner=make_user("Writers"))
    revision = draft.save_revision()
    for name, args in {
        "edit": [draft.pk],
        "view_draft": [draft.pk],
        "history": [draft.pk],
        "revisions_view": [draft.pk, revision.pk],
        "revisions_compare": [draft.pk, "earliest", "latest"],
        "delete": [draft.pk],
        "copy": [draft.pk],
        "add_subpage": [site.home.pk],
    }.items():
        answer = writer.client.get(reverse(f"wagtailadmin_pages:{name}", args=args))
        assert answer.get("Location") == "/admin/", name
    assert writer.client.get(reverse("preview_links", args=[draft.pk])).status_code in (302, 403)
    for app, model, parent in (
        ("newsroom", "sectionpage", site.home),
        ("newsroom", "textpage", site.home),
        ("subscriptions", "issuepage", site.newsletter),
        ("subscriptions", "newsletter", site.newsletter.get_parent()),
    ):
        url = reverse("wagtailadmin_pages:add", args=[app, model, parent.pk])
        assert writer.client.get(url).get("Location") == "/admin/", model


def test_where_two_people_are_asked_for_nobody_approves_their_own(
    two_people: None, editor: Colleague, committing: Committing
) -> None:
    editor.press("publish")
    article = ArticlePage.objects.get()
    assert not article.live
    editor.press("submit", article)
    assert "locked" in editor.press("save", article, deck="Changed meanwhile.")
    editor.decide("approve", article)
    editor.act("approve", article)
    assert not now(article).live
    other = Colleague("Editors")
    other.act("approve", article)
    assert now(article).live
    editor.press("publish", article, deck="A new version.")
    assert now(article).deck == "A secret until six."
    editor.client.post(reverse("wagtailadmin_pages:unpublish", args=[article.pk]))
    assert not now(article).live  # what must go, goes at once


@pytest.mark.parametrize("role", ["Publishers", None])
def test_publishers_and_administrators_publish_alone(two_people: None, role: str | None) -> None:
    Colleague(role).press("publish")
    assert ArticlePage.objects.get().live


def test_the_rule_is_an_administrators(two_people: None, editor: Colleague) -> None:
    url = reverse("wagtailsettings:edit", args=["newsroom", "whopublishes"])
    assert editor.client.get(url, follow=True).redirect_chain[-1][0] == "/admin/"
    Colleague(None).client.post(f"{url}{WhoPublishes.load().pk}/", {})
    assert not WhoPublishes.load().two_people
    editor.press("publish")
    assert ArticlePage.objects.get().live


def test_who_loses_the_role_meanwhile_approves_no_more(
    handed_in: ArticlePage, writer: Colleague, editor: Colleague
) -> None:
    editor.user.groups.set([Group.objects.get(name="Writers")])
    editor.act("approve", handed_in)
    editor.decide("approve", handed_in)
    assert not now(handed_in).live
    writer.user.groups.clear()
    writer.press("cancel-workflow", handed_in)
    assert now(handed_in).workflow_in_progress
    Colleague("Editors").act("approve", handed_in)
    assert now(handed_in).live


# --- What the checklist stops ---------------------------------------------------------------


def emptied(article: ArticlePage) -> None:
    """Of its newest version there is nothing left to read."""
    revision = now(article).latest_revision
    assert revision
    revision.content["deck"] = ""
    revision.save()


@pytest.mark.parametrize("path", ["editor", "publish", "start page", "several", "shell", "beat"])
def test_the_checklist_stops_it_on_every_path(
    handed_in: ArticlePage,
    editor: Colleague,
    path: str,
) -> None:
    said = "There is nothing to read"
    bulk = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    if path == "beat":
        editor.decide("approve", handed_in, published_at=f"{SIX:%Y-%m-%d %H:%M}")
    emptied(handed_in)
    match path:
        case "editor":
            assert said in editor.decide("approve", handed_in, deck="")
        case "publish":
            assert said in editor.press("publish", handed_in, deck="")
        case "start page":
            assert said in editor.act("approve", handed_in).content.decode()
        case "several":
            to = f"{bulk}?id={handed_in.pk}"
            answer = editor.client.post(to, {"include_descendants": ""}, follow=True)
            assert said in answer.content.decode()
        case "shell":
            with pytest.raises(Stopped, match=said):
                now(handed_in).latest_revision.publish()
        case "beat":
            with time_machine.travel(SIX + timedelta(seconds=1)):
                publish_scheduled()
                publish_scheduled()
            assert TransactionalMail.objects.filter(purpose="not_published").count() == 1
            letter = emails.not_published(handed_in.pk)
            assert letter and editor.user.email in letter.to
    assert not now(handed_in).live
    assert now(handed_in).workflow_in_progress or path == "beat"


# --- At the same moment ---------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_several_who_decide_at_once_decide_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(races, "LONGEST_SAVE", 120)  # a busy machine is no defect
    writer = Colleague("Writers")
    add = reverse(
        "wagtailadmin_pages:add", args=["newsroom", "articlepage", make_site().section.pk]
    )
    writer.client.post(add, form() | {"action-save": "1"})
    article = ArticlePage.objects.get()
    handing = form() | {"action-submit": "1"}
    answers = send_together([(edit(article), handing)] * 4)
    assert TaskState.objects.count() == 1
    step = now(article).current_workflow_task_state
    act = "wagtailadmin_pages:workflow_action"
    cancel = form() | {"action-cancel-workflow": "1"}
    in_editor = form() | {"action-workflow-action": "1", "workflow-action-name": "approve"}
    answers += send_together(
        [
            (reverse(act, args=[article.pk, "approve", step.pk]), {"comment": ""}),
            (edit(article), in_editor),
            (reverse(act, args=[article.pk, "reject", step.pk]), {"comment": "No."}),
            (edit(article), cancel),
        ]
    )
    assert max(answer.status_code for answer in answers) < 400
    state = TaskState.objects.get()
    assert state.workflow_state.status != "in_progress"
    assert now(article).live == (state.status == "approved")
