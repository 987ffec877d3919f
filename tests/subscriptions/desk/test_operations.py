"""Operations: calls to review with their evidence, the providers, the throttle, the seed list."""

from datetime import UTC, timedelta

import pytest
from django.utils import timezone

from newsroom.mail import providers
from subscriptions.models import Batch, Mailing, Throttle
from subscriptions.sending import engine, reconcile, transports
from tests.answers import led_to
from tests.factories import make_article, make_frozen, make_issue, make_subscription, make_user

pytestmark = pytest.mark.django_db
TO_REVIEW, DELIVERY = "/admin/newsletters/calls-to-review/", "/admin/newsletters/delivery/"


@pytest.fixture
def editor(client):
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def to_review(site, inbox, settings) -> Batch:
    """A call to SES that nobody can tell about: it needs review."""
    for _ in range(3):
        make_subscription(site.newsletter)
    issue = make_issue(site.newsletter, [make_article(site.section)], title="Issue to review")
    make_frozen(issue)
    inbox.fault("500 after")
    transport = transports.open_transport()
    engine.send_next(transport)
    settings.MAIL_PROVIDER = "ses"
    Batch.objects.update(provider="ses")
    for _ in range(3):
        Batch.objects.filter(status="in_doubt").update(next_try_at=timezone.now())
        reconcile.run_due(timezone.now())
    return Batch.objects.get(status="needs_review")


def test_call_is_shown_with_its_evidence_and_both_choices(client, editor, to_review) -> None:
    assert "1 call to the mail provider needs review" in client.get("/admin/newsletters/").text
    page = client.get(TO_REVIEW).text
    assert "Issue to review" in page
    assert "The provider answered 500" in page
    assert "No event about it has come so far" in page
    assert "An editor has to decide" in page
    assert "It was sent to these 3" in page and "Send it to these 3" in page
    desk = client.get(f"/admin/newsletters/issue/{to_review.mailing.issue_id}/").text
    assert "Send it to these 3" in desk


def test_one_word_decides_and_the_second_is_told_so(client, editor, to_review) -> None:
    page = client.post(f"{TO_REVIEW}{to_review.pk}/", {"decision": "sent"}, follow=True).text
    assert "Noted as sent: 3 readers" in page
    page = client.post(f"{TO_REVIEW}{to_review.pk}/", {"decision": "send"}, follow=True).text
    assert "decided about these readers already" in page
    to_review.refresh_from_db()
    assert to_review.status == "accepted"
    assert editor.username in to_review.events.last().what
    assert Mailing.objects.get().status == "sent"


def test_send_it_sends_it_again(client, editor, to_review) -> None:
    client.post(
        f"{TO_REVIEW}{to_review.pk}/", {"decision": "send", "issue": to_review.mailing.issue_id}
    )
    to_review.refresh_from_db()
    assert (to_review.status, to_review.first_tried_at) == ("pending", None)


def test_nonsense_decides_nothing(client, editor, to_review) -> None:
    assert client.get(f"{TO_REVIEW}{to_review.pk}/").status_code == 405
    assert "Say whether" in client.post(f"{TO_REVIEW}{to_review.pk}/", {}, follow=True).text
    nobody = "00000000-0000-0000-0000-000000000000"
    assert client.post(f"{TO_REVIEW}{nobody}/", {"decision": "sent"}).status_code == 404
    to_review.refresh_from_db()
    assert to_review.status == "needs_review"


def test_empty_desk_says_that_nothing_is_in_doubt(client, editor, site) -> None:
    assert "settled by evidence" in client.get(TO_REVIEW).text


def test_provider_in_use_and_what_the_others_cannot_do(client, editor, site) -> None:
    page = client.get(DELIVERY).text
    for provider in providers.table():
        assert provider.name in page
    assert "Mailgun (in use)" in page
    assert "be asked whether it took a call" in page


def test_throttle_is_set_and_shown(client, editor, site) -> None:
    form = {
        "most_per_second": "500",
        "warm_up_from": timezone.now().astimezone(UTC).date().isoformat(),
    }
    page = client.post(DELIVERY, form, follow=True).text
    throttle = Throttle.objects.get()
    assert (throttle.provider, throttle.most_per_second) == ("mailgun", 500)
    assert "At most 500 readers a second" in page
    assert "allows 200 more readers today" in page
    bad = client.post(DELIVERY, {"most_per_second": "-1", "warm_up_from": "soon"})
    assert bad.status_code == 400


def test_halved_rate_is_said(client, editor, site) -> None:
    throttle = Throttle(provider="mailgun", most_per_second=100)
    throttle.slow_down(timezone.now(), timedelta(seconds=60))
    page = client.get(DELIVERY).text
    assert "It asked for fewer" in page and "No call before" in page


def test_a_seed_that_is_no_address_is_refused(client, editor, site) -> None:
    url = f"/admin/newsletters/{site.newsletter.pk}/seeds/"
    assert client.post(url, {"addresses": "no address"}).status_code == 400


def test_only_who_may_approve_comes_in(client, site, to_review) -> None:
    client.force_login(make_user("Finance"))
    for url in (TO_REVIEW, DELIVERY, f"/admin/newsletters/{site.newsletter.pk}/seeds/"):
        assert led_to(client.get(url)) == "/admin/"
    sent = client.post(f"{TO_REVIEW}{to_review.pk}/", {"decision": "sent"})
    assert led_to(sent) == "/admin/"
    to_review.refresh_from_db()
    assert to_review.status == "needs_review"


def test_issue_too_large_for_the_provider_is_refused_at_approval(
    client, editor, site, monkeypatch
) -> None:
    from dataclasses import replace

    small = replace(providers.current(), most_bytes=1000)
    monkeypatch.setattr(providers, "current", lambda: small)
    issue = make_issue(site.newsletter, [make_article(site.section)])
    url = f"/admin/newsletters/issue/{issue.pk}/do/approve/"
    assert "Take something out" in client.post(url, follow=True).text
    assert not Mailing.objects.exists()
