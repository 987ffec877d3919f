"""Which appeal is asked, and how editors see it before."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from donations.asking import goal, words
from donations.models import Appeal, AskedOn, Checkout, Contribution
from newsroom.core.languages import speaking
from tests.factories import make_appeal, make_article, make_issue, make_user

pytestmark = pytest.mark.usefixtures("site")


def test_nearest_appeal_is_asked_then_by_language_priority_and_begin(site, client) -> None:
    article, other = make_article(site.section), make_article(site.section)
    article.tags.add("Grain")
    article.save()
    now = timezone.now()
    for title, fields in {
        "Anywhere": {"starts_at": now - timedelta(days=2)},
        "Newest": {"starts_at": now - timedelta(days=1)},
        "Important": {"starts_at": now - timedelta(days=3), "priority": 5},
        "Russian": {"language": "ru"},
        "Over": {"priority": 9, "ends_at": now - timedelta(hours=1)},
        "Draft": {"priority": 9, "live": False},
    }.items():
        make_appeal(title=title, **{"starts_at": now - timedelta(days=9)} | fields)
    assert Appeal.current().title == Appeal.current(article).title == "Important"
    with speaking("ru"):
        assert Appeal.current(article).title == "Russian"
    for title, where in {
        "Section": {"page": site.section.page_ptr},
        "Topic": {"topic": article.tags.get()},
        "Article": {"page": article.page_ptr},
    }.items():
        AskedOn.objects.create(appeal=make_appeal(title=title), **where)
        assert Appeal.current(article).title == title  # nearer than those before
        assert Appeal.current(other).title == "Section"
        assert Appeal.current().title == "Important"  # on the page for giving
    assert ">Article</h2>" in client.get(article.url).text
    assert ">Section</h2>" in client.get(other.url).text


def test_form_keeps_to_the_appeal_that_it_came_from(site, client) -> None:
    make_appeal(title="General", priority=9)
    own = make_appeal(title="Own", frequency="annual")
    AskedOn.objects.create(appeal=own, page=site.section.page_ptr)
    page = client.get(f"/support/?appeal={own.pk}&currency=eur").text
    assert "Own" in page and 'value="annual" checked' in page
    assert f"currency=usd&amp;appeal={own.pk}" in page
    for nonsense in ("0", "x", "9" * 30):
        assert "General" in client.get(f"/support/?appeal={nonsense}").text
    sent = {"appeal": str(own.pk), "frequency": "once", "own_amount": "1", "currency": "usd"}
    assert f'name="appeal" value="{own.pk}"' in client.post("/support/checkout/", sent).text


def test_goal_counts_what_arrived_once_for_what_recurs(client) -> None:
    appeal = make_appeal(goal=3)
    assert goal.goal_of(make_appeal(goal=None)) is None
    statuses = ["succeeded", "succeeded", "failed", "refunded", "processing"]
    for status in statuses:
        checkout = Checkout.objects.create(
            key=(form := uuid4()), form_id=form, frequency="monthly",
            amount=500, currency="usd", expires_at=timezone.now(),
        )  # fmt: skip
        for _ in range(2):
            Contribution.objects.create(
                checkout=checkout, appeal=appeal, frequency="monthly", amount=500,
                currency="usd", status=status, created_at=timezone.now(),
                stripe_payment_intent=str(uuid4()),
            )  # fmt: skip
    assert goal.count(appeal) == 3
    assert "3 of 3 contributions" in client.get(f"/support/?appeal={appeal.pk}").text
    assert '<progress max="3" value="3"' in client.get(f"/support/?appeal={appeal.pk}").text


@pytest.mark.parametrize("mode", ["below", "third", "banner"])
def test_editor_sees_a_draft_on_a_real_article(site, rf, client, mode: str) -> None:
    article = make_article(site.section, title="Bread")
    make_appeal(title="What runs")
    draft = Appeal(title="What is to be", message="From {least}.", signature="Mira Sol")
    page = draft.make_preview_request(preview_mode=mode)
    text = page.render().content.decode() if hasattr(page, "render") else page.content.decode()
    assert article.title in text and "What is to be" in text and "What runs" not in text
    assert ("Mira Sol" in text) == (mode != "banner") and ("ask-banner" in text) == (
        mode == "banner"
    )
    assert ("You read us often" in text) == (mode == "third")


@pytest.mark.parametrize("has_it", [True, False])
@pytest.mark.parametrize("mode", ["issue", "mail"])
def test_editor_sees_a_draft_on_the_newest_issue_that_readers_have(
    site, mode: str, has_it: bool
) -> None:
    body = [("appeal", None)] if has_it else [("letter", "<p>Dear all</p>")]
    draft = Appeal(title="What is to be", message="From {least}.", signature="Mira Sol")
    nothing = draft.make_preview_request(preview_mode=mode)
    assert "no issue yet" in nothing.content.decode()
    make_appeal(title="What runs")
    issue = make_issue(site.newsletter, [make_article(site.section)], body=body)
    issue.save_revision().publish()
    make_issue(site.newsletter, [], title="Secret", body=[("letter", "<p>A draft</p>")])
    text = draft.make_preview_request(preview_mode=mode).content.decode()
    assert "What is to be" in text and "What runs" not in text and "A draft" not in text
    assert ("Dear all" in text) != has_it and "{least}" not in text
    assert words.instead.get() is None


def test_appeal_ends_after_it_begins_and_is_for_a_page_or_a_topic(site) -> None:
    now = timezone.now()
    with pytest.raises(ValidationError, match="before it begins"):
        Appeal(title="A", message="b", starts_at=now, ends_at=now).full_clean()
    with pytest.raises(ValidationError, match="one of the two"):
        AskedOn(appeal=make_appeal()).clean()


def test_draft_of_a_running_appeal_changes_nothing_until_it_is_published(client, site) -> None:
    appeal = make_appeal(title="Runs")
    client.force_login(make_user(None))
    url = reverse("appeals:edit", args=[appeal.pk])
    page = client.get(url)
    assert page.status_code == 200
    appeal.title = "Later"
    revision = appeal.save_revision()
    assert Appeal.current().title == "Runs"
    revision.publish()
    assert Appeal.current().title == "Later"


@pytest.mark.parametrize(
    "message", ["<p></p>", "<p> &nbsp;</p><p>\u200b\ufeff</p>", "<p><b> </b></p>"]
)
def test_appeal_of_empty_lines_is_refused(message: str) -> None:
    with pytest.raises(ValidationError, match="only empty lines"):
        Appeal(title="A", message=message).clean()


@pytest.mark.parametrize("message", ["<p>👍</p>", "<p>ادعمنا</p>", ""])
def test_few_words_are_words_and_a_draft_may_have_none(message: str) -> None:
    Appeal(title="A", message=message).clean()


def test_link_to_a_page_without_a_number_leads_nowhere(site, client) -> None:
    make_appeal(title="Odd", message='<p>Read <a linktype="page" id="x\'y">this</a>, please.</p>')
    answer = client.get(reverse("support"))
    assert answer.status_code == 200
    assert "Read this, please." in answer.text


@pytest.mark.parametrize("message", ["<p>no JSON</p>", "[]", "5", "", "[" * 100_000])
def test_rich_text_that_no_editor_sends_is_a_bad_request(client, message: str) -> None:
    client.force_login(make_user("Publishers"))
    assert client.post("/admin/appeals/add/", {"message": message}).status_code == 400
