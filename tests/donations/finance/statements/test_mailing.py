"""A year's statements in bulk: who gets one, once each, whatever dies; and what failed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from donations.finance.statements import mailing
from donations.giving import erasure
from donations.models import Contribution, Donor, Receipt, StatementMail
from donations.payments.mirror import donors as people
from donations.tasks import post_statements
from newsroom.core.privacy import giving_index, list_index
from newsroom.mail import outbox
from newsroom.models import Suppression, TransactionalMail
from newsroom.tasks import send_waiting_mails
from tests.factories import make_user
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year - 1
PAGE = "/admin/giving/statements/"
SEND = f"{PAGE}{YEAR}/send/"
numbers = iter(range(1_000_000))


@pytest.fixture
def gave(site: Any) -> Callable[..., Donor]:
    def make(name: str, year: int = YEAR, language: str = "en", **fields: Any) -> Donor:
        email = f"{name}@example.org"
        index = giving_index(email)
        donor = Donor.objects.filter(email_index=index).first() or Donor.objects.create(
            email=email, email_index=index, name=name, language=language
        )
        at = datetime(year, 6, 1, 12, tzinfo=UTC)
        given = Contribution.objects.create(
            donor=donor, amount=5000, currency="usd", frequency="once", created_at=at,
            received_at=at, stripe_payment_intent=f"pi_{next(numbers)}",
            **{"status": "succeeded"} | fields,
        )  # fmt: skip
        Receipt.issue(given, at)
        return donor

    return make


@pytest.fixture
def lead(client: Any, site: Any) -> Any:
    user = make_user("Finance leads")
    client.force_login(user)
    return user


def run(committing: Any) -> None:
    with committing():
        post_statements()
    for _ in range(3):
        with committing():
            send_waiting_mails()


def test_lead_looks_at_who_gets_one_and_sends_it_to_each_once(
    client, lead, gave, inbox, committing
) -> None:
    ann = gave("ann")
    gave("ann")
    gave("uwe", language="de")
    gave("old", year=YEAR - 1)
    gave("back", status="refunded", returned=5000)
    erasure.erase(gave("erased"))
    page = client.get(PAGE)
    assert "Who would get one: 2" in page.text and "Deutsch" in page.text
    assert "Ihre" in page.text and f"/support/manage/{'x'}" not in page.text
    assert not re.search(r"/support/manage/[\w-]{20,}", page.text)  # nobody's own link
    preview = client.get(f"{PAGE}{YEAR}/preview/")
    assert preview["Content-Type"] == "application/pdf"
    confirm = client.post(SEND)
    assert "2 donors" in confirm.text and not StatementMail.objects.exists()
    with committing():
        assert "2 mails are on their way" in client.post(SEND, {"confirmed": 2}, follow=True).text
        assert "just sent them" in client.post(SEND, {"confirmed": 2}, follow=True).text
    run(committing)
    run(committing)
    for name, words in (("ann", f"all that you gave in {YEAR}"), ("uwe", f"{YEAR}")):
        [mail] = inbox.to(f"{name}@example.org")
        assert words in mail["text"]
    for name in ("old", "back", "erased"):
        assert inbox.to(f"{name}@example.org") == []
    [link] = re.findall(r"http\S+?(/support/manage/[^\s/]+/)", inbox.to(ann.email)[0]["text"])
    assert f"/{YEAR}/" in client.get(link).text  # her own page has the statement
    page = client.get(PAGE).text
    assert "Still without one: 0" in page and "Nobody is left" in page
    assert mailing.progress(YEAR)._asdict() == {
        "asked": 2, "waiting": 0, "under_way": 0, "sent": 2, "skipped": 0, "failed": 0,
    }  # fmt: skip


def test_who_is_counted_anew_meanwhile_is_looked_at_once_more(client, lead, gave) -> None:
    gave("ann")
    client.post(SEND)
    gave("bob")
    assert "Meanwhile it is 2" in client.post(SEND, {"confirmed": 1}, follow=True).text
    assert not StatementMail.objects.exists()
    for odd in ("x", "", "9" * 30, "-1", "0"):
        assert client.post(SEND, {"confirmed": odd}).status_code == 302
    assert not StatementMail.objects.exists()


@pytest.mark.parametrize("year", [0, 1, 1999, YEAR + 1, 9999, 10**9])
def test_year_that_is_not_over_or_had_no_gift_is_sent_to_nobody(client, lead, gave, year) -> None:
    gave("ann", year=YEAR + 1)
    for form in ({}, {"confirmed": 1}):
        assert client.post(f"{PAGE}{year}/send/", form).status_code == 302
    assert client.get(f"{PAGE}{year}/preview/").status_code == 404
    assert client.get(f"{PAGE}?year={year}").status_code == 200
    assert client.post(f"{PAGE}{year}/again/").status_code == 302
    assert not StatementMail.objects.exists()


def test_officer_may_not(client, gave) -> None:
    gave("ann")
    client.force_login(make_user("Finance"))
    for path in (PAGE, f"{PAGE}{YEAR}/preview/"):
        assert client.get(path).status_code in (302, 403)
    for path in (SEND, f"{PAGE}{YEAR}/again/"):
        assert client.post(path, {"confirmed": 1})["Location"] == "/admin/"
    assert not StatementMail.objects.exists()


def test_run_that_dies_has_done_nothing_and_the_next_one_does_it_once(
    lead, gave, inbox, committing, monkeypatch
) -> None:
    gave("ann")
    gave("bob")
    mailing.ask(YEAR, lead, 2)
    post = outbox.post_all

    def dies(*given: object) -> None:
        post(*given)  # type: ignore[arg-type]
        raise MemoryError

    monkeypatch.setattr(outbox, "post_all", dies)
    with pytest.raises(MemoryError):
        mailing.post_waiting()
    assert set(StatementMail.objects.values_list("status", "call")) == {("waiting", None)}
    monkeypatch.setattr(outbox, "post_all", post)
    run(committing)
    assert [len(inbox.to(f"{name}@example.org")) for name in ("ann", "bob")] == [1, 1]


def test_erased_and_suppressed_ones_get_none(lead, gave, inbox, committing) -> None:
    gone, dead = gave("gone"), gave("dead")
    gave("ann")
    mailing.ask(YEAR, lead, 3)
    Suppression.objects.create(email_index=list_index(dead.email), reason="bounce")
    mailing.post_waiting()
    erasure.erase(gone)  # its mail is posted, and not written yet
    run(committing)
    assert [len(inbox.to(f"{name}@example.org")) for name in ("ann", "gone", "dead")] == [1, 0, 0]
    assert mailing.progress(YEAR)[:5] == (2, 0, 0, 1, 1)


def test_what_failed_is_listed_and_tried_again(client, lead, gave, inbox, committing) -> None:
    gave("ann")
    gave("bob")
    mailing.ask(YEAR, lead, 2)
    mailing.post_waiting()
    lost = TransactionalMail.objects.get(purpose=mailing.PURPOSE)
    error = {"status": "failed", "error": "mailbox is full"}
    TransactionalMail.objects.filter(pk=lost.pk).update(**error)
    assert mailing.progress(YEAR).failed == 2
    assert "mailbox is full" in client.get(PAGE).text
    with committing():
        assert "2 are tried again" in client.post(f"{PAGE}{YEAR}/again/", follow=True).text
        assert "Nothing has failed" in client.post(f"{PAGE}{YEAR}/again/", follow=True).text
    run(committing)
    assert mailing.progress(YEAR)[3:] == (2, 0, 0)
    assert [len(inbox.to(f"{name}@example.org")) for name in ("ann", "bob")] == [1, 1]


def test_address_that_the_provider_refuses_stands_alone_in_the_end(
    lead, gave, inbox, committing
) -> None:
    for name in ("ann", "bob", "eve"):
        gave(name)
    Donor.objects.filter(pk=gave("x").pk).update(email="bad@example")
    mailing.ask(YEAR, lead, 4)
    run(committing)
    run(committing)
    assert [len(inbox.to(f"{name}@example.org")) for name in ("ann", "bob", "eve")] == [1, 1, 1]
    assert mailing.progress(YEAR).failed == 1
    assert [row.donor.name for row in mailing.failed(YEAR)] == ["x"]


@pytest.mark.parametrize("provider", ["sandbox", "smtp"])
def test_queries_do_not_grow_with_the_donors(lead, gave, settings, provider) -> None:
    if provider == "smtp":  # a mail to each
        settings.MAIL_PROVIDER = "smtp"
    counts = []
    for many in (2, 30):
        names = [f"d{many}-{number}" for number in range(many)]
        for name in names:
            gave(name)
        counts.append(
            queries_of(
                lambda many=many: (
                    mailing.ask(YEAR, lead, many),
                    mailing.post_waiting(),
                    mailing.progress(YEAR),
                )
            )
        )
    assert counts[0] >= counts[1]  # the first also asks what is asked once


def test_merged_donor_gets_no_second_one(lead, gave) -> None:
    ann, anne = gave("ann"), gave("anne")
    mailing.ask(YEAR, lead, 2)
    people.merge(ann.pk, anne.pk)
    bob = gave("bob", year=YEAR - 1)
    people.merge(anne.pk, bob.pk)
    assert StatementMail.objects.get().donor == bob
    assert not mailing.wanted(YEAR).exists()
