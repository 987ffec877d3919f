"""The report: what became of an issue, in numbers that add up."""

import csv
from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.desk import numbers as report
from subscriptions.models import (
    Batch,
    DeliveryFailure,
    IssueLink,
    Mailing,
    Subscription,
)
from subscriptions.sending import freezing
from tests.answers import led_to
from tests.factories import make_article, make_frozen, make_issue, make_subscription, make_user


@pytest.fixture
def mailing(site) -> Mailing:
    readers = [make_subscription(site.newsletter) for _ in range(5)]
    article = make_article(site.section, title="=Bread")
    body = [("section", "News"), ("article", {"article": article})]
    issue = make_issue(site.newsletter, [], body=body, subject="On bread")
    mailing = make_frozen(issue)
    batch = Batch.objects.get()
    batch.status, batch.excluded_ids = "accepted", batch.subscriber_ids[:1]
    batch.save()
    for kind, reader in (("bounced", readers[1]), ("complained", readers[2])):
        DeliveryFailure.objects.create(mailing=mailing, subscriber=reader.subscriber, kind=kind)
    Subscription.objects.filter(pk=readers[3].pk).update(
        status="unsubscribed", unsubscribed_on=timezone.localdate()
    )
    Subscription.objects.filter(pk=readers[4].pk).update(
        status="unsubscribed", unsubscribed_on=timezone.localdate() - timedelta(days=1)
    )
    IssueLink.objects.filter(section="News").update(clicks=[7, 0])
    Mailing.objects.close_done()
    return Mailing.objects.get()


def test_numbers_are_those_of_the_rows(mailing) -> None:
    found = report.with_numbers().get()
    numbers = {measure.name: measure.of(found) for measure in report.MEASURES}
    minutes = (found.finished_at - found.frozen_at).total_seconds() / 60
    assert numbers.pop("Minutes to send") == minutes
    assert numbers == {
        "Audience": 5, "Accepted": 4, "Left before it was sent": 1, "Refused": 0, "Bounced": 1,
        "Mailbox full, or away": 0, "Refused because of us": 0,
        "Complained": 1, "Unsubscribed within a week": 1, "Clicks": 7,
    }  # fmt: skip


@pytest.mark.parametrize("status", ["rejected", "pending", "needs_review", "cancelled"])
def test_numbers_of_the_audience_add_up_whatever_became_of_a_batch(mailing, status) -> None:
    batch = mailing.batches.filter(status="accepted", size__gt=0).first()
    batch.split_off(batch.subscriber_ids[-1:], status)
    found = report.with_numbers().get()
    audience, *parts = [m.of(found) for m in report.measures(found) if m not in report.MEASURES[3:]]
    assert len(parts) == 3 and sum(parts) == audience


def test_page_shows_numbers_charts_and_clicks_by_section(client, site, mailing) -> None:
    client.force_login(make_user())
    url = f"/admin/newsletters/issue/{mailing.issue_id}/report/"
    page = client.get(url).text
    assert "On bread" in page and "first one" in page and "<strong>7</strong>" in page
    before = make_issue(site.newsletter, [make_article(site.section)])
    earlier = mailing.frozen_at - timedelta(days=7)
    older = freezing.approve(before, None, earlier)
    Mailing.objects.filter(pk=older.pk).update(
        status="sent", frozen_at=earlier, finished_at=earlier, audience=4
    )
    page = client.get(url).text
    assert page.count("<figure>") == 5 and "Clicks per 100 mails" in page


def test_rates_per_100_stand_beside_the_counts(client, mailing) -> None:
    client.force_login(make_user())
    url = f"/admin/newsletters/issue/{mailing.issue_id}/report"
    page = client.get(f"{url}/").text
    for name, number, rate in (
        ("Accepted", "4", "80.00"), ("Bounced", "1", "25.00"), ("Clicks", "7", "175.00"),
    ):  # fmt: skip
        assert f"<dt>{name}</dt><dd>{number} <small>{rate} per 100</small></dd>" in page
    assert "<dt>Audience</dt><dd>5</dd>" in page  # of nothing
    rows = list(csv.reader(client.get(f"{url}.csv").getvalue().decode("utf-8-sig").splitlines()))
    assert ["Bounced", "1", "25.00"] in rows
    [link] = [row for row in rows if row and row[0] == "News"]
    assert link[4] == "175.00"
    mailing.batches.update(status="cancelled")  # nobody has it: no rate, and no error
    assert "<dt>Clicks</dt><dd>7</dd>" in client.get(f"{url}/").text


def test_charts_take_no_query_for_each_issue(
    client, mailing, django_assert_max_num_queries
) -> None:
    for _ in range(8):
        Mailing.objects.create(
            issue=make_issue(mailing.newsletter, []), newsletter=mailing.newsletter, status="sent",
            revision=mailing.revision, frozen_at=mailing.frozen_at - timedelta(days=1),
        )  # fmt: skip
    found = report.with_numbers().select_related("issue").order_by("-frozen_at")
    with django_assert_max_num_queries(1):
        [report.chart(measure, list(found), mailing) for measure in report.CHARTS[:1]]


def test_csv_is_safe_to_open(client, mailing) -> None:
    client.force_login(make_user())
    answer = client.get(f"/admin/newsletters/issue/{mailing.issue_id}/report.csv")
    rows = list(csv.reader(answer.getvalue().decode("utf-8-sig").splitlines()))
    assert ["Clicks", "7", "175.00"] in rows
    [link] = [row for row in rows if row and row[0] == "News"]
    assert link[1] == "'=Bread" and link[3] == "7"


def test_no_report_before_the_freeze_and_none_for_finance(client, site, mailing) -> None:
    client.force_login(make_user())
    draft = make_issue(site.newsletter, [])
    assert client.get(f"/admin/newsletters/issue/{draft.pk}/report/").status_code == 404
    client.force_login(make_user("Finance"))
    url = f"/admin/newsletters/issue/{mailing.issue_id}/report/"
    assert led_to(client.get(url)) == "/admin/"
