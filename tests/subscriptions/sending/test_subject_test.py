"""Subject tests: who gets which, when it is decided, and what the numbers allow to say."""

import math
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from subscriptions.models import Batch, IssueLink, IssuePage, Mailing, OtherSubject, Subscription
from subscriptions.sending import counted_links, engine, freezing, subject_test
from subscriptions.sending.subject_test import VariantResult
from subscriptions.sending.transports import open_transport
from tests.factories import make_article, make_frozen, make_issue, make_subscription

ADDRESSES = [f"variant{n}@example.org" for n in range(40)]


@pytest.fixture
def issue(site) -> IssuePage:
    for address in ADDRESSES:
        make_subscription(site.newsletter, address)
    issue = make_issue(
        site.newsletter, [make_article(site.section)], subject="One", sample_percent=50
    )
    issue.other_subjects.add(OtherSubject(subject="Two"))
    issue.save_revision()
    return IssuePage.objects.get(pk=issue.pk)


@pytest.fixture
def mailing(issue) -> Mailing:
    make_frozen(issue)
    return Mailing.objects.get()


def send_all() -> None:
    transport = open_transport()
    while engine.send_next(transport):
        pass


def subjects_in(inbox, since: int = 0) -> Counter:
    return Counter(mail["subject"] for address in ADDRESSES for mail in inbox.to(address)[since:])


@pytest.mark.django_db
def test_half_of_the_sample_gets_each_subject_and_the_rest_waits(mailing, inbox) -> None:
    before = sum(subjects_in(inbox).values())
    send_all()
    assert sum(subjects_in(inbox).values()) - before == 20
    variants = Counter(mailing.batches.filter(status="accepted").values_list("variant", "size"))
    assert variants == {(0, 10): 1, (1, 10): 1}
    assert [s.delivered for s in subject_test.results(mailing)] == [10, 10]
    assert mailing.batches.filter(status="pending", variant=None).count() == 1
    subject_test.decide_due(timezone.now())
    mailing.refresh_from_db()
    assert mailing.chosen is None  # its time is not over


@pytest.mark.django_db
def test_readers_of_a_subject_get_links_counted_for_it(mailing, client) -> None:
    link = mailing.links.first()
    assert f"/newsletter/go/{link.pk}/1/" in counted_links.of_variant(mailing.bodies.get().html, 1)
    assert counted_links.of_variant(mailing.bodies.get().html, None) == mailing.bodies.get().html
    for _ in range(3):
        client.get(f"/newsletter/go/{link.pk}/1/", headers={"User-Agent": "Firefox"})
    assert [s.clicks for s in subject_test.results(mailing)] == [0, 3]


@pytest.mark.django_db
def test_clear_winner_goes_to_the_rest_when_the_time_is_over(mailing, inbox) -> None:
    send_all()
    link = mailing.links.first()
    IssueLink.objects.filter(pk=link.pk).update(clicks=[0, 1, 40])
    Mailing.objects.update(rest_at=timezone.now())
    before = subjects_in(inbox)
    subject_test.decide_due(timezone.now())
    send_all()
    mailing.refresh_from_db()
    assert (mailing.chosen, mailing.subject) == (1, "Two")
    assert "clicks per 100" in mailing.chosen_because
    assert subjects_in(inbox) - before == Counter({"Two": 20})
    Mailing.objects.close_done()
    assert Mailing.objects.get().status == "sent"


@pytest.mark.django_db
def test_no_difference_sends_the_editors_own_subject(mailing) -> None:
    send_all()
    Mailing.objects.update(rest_at=timezone.now())
    IssueLink.objects.filter(pk=mailing.links.first().pk).update(clicks=[0, 3, 4])
    subject_test.decide_due(timezone.now())
    mailing.refresh_from_db()
    assert (mailing.chosen, mailing.subject) == (0, "One")
    assert "No difference" in mailing.chosen_because


@pytest.mark.django_db
def test_rest_never_goes_before_the_choice_even_when_its_time_has_come(mailing) -> None:
    """Beat may be late: a send loop must not send the rest with no subject chosen."""
    send_all()
    Mailing.objects.update(rest_at=timezone.now())
    Batch.objects.update(next_try_at=timezone.now() - timedelta(hours=1))
    assert not Batch.objects.sendable().exists()


@pytest.mark.django_db
def test_chosen_by_hand_once(mailing) -> None:
    now = timezone.now()
    assert freezing.choose_subject(mailing, 1, "By hand.", now)
    assert not freezing.choose_subject(mailing, 0, "By hand.", now)
    mailing.refresh_from_db()
    assert mailing.subject == "Two" and Batch.objects.sendable().filter(variant=None).exists()


@pytest.mark.django_db
def test_halves_of_a_refused_batch_keep_their_subject(mailing) -> None:
    batch = mailing.batches.filter(variant=1).get()
    Batch.objects.filter(pk=batch.pk).update(status="sending")
    batch.split()
    assert set(mailing.batches.filter(variant=1).values_list("size", flat=True)) == {10, 5}
    split_off = (
        Batch.objects.filter(variant=0)
        .get()
        .split_off(Batch.objects.get(variant=0).subscriber_ids[:2], "rejected")
    )
    assert split_off.variant == 0


@pytest.mark.django_db
def test_seed_list_gets_the_first_subject(site, issue) -> None:
    Subscription.objects.filter(pk__in=Subscription.objects.all()[:3]).update(seed=True)
    make_frozen(issue)
    seeds = set(Subscription.objects.filter(seed=True).values_list("subscriber", flat=True))
    assert seeds <= set(Batch.objects.get(variant=0).subscriber_ids)
    everyone = [pk for batch in Batch.objects.all() for pk in batch.subscriber_ids]
    assert sorted(everyone) == sorted(Subscription.objects.values_list("subscriber", flat=True))


# --- What the numbers allow to say --------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "place", "differs"),
    [
        ([(1000, 0), (1000, 0)], 0, False),
        ([(1000, 30), (1000, 33)], 0, False),
        ([(1000, 30), (1000, 70)], 1, True),
        ([(1000, 70), (1000, 30)], 0, True),
        ([(0, 0), (1000, 70)], 0, False),
        ([(1000, 30), (1000, 31), (1000, 90), (1000, 29)], 2, True),
    ],
)
def test_verdict(found, place, differs) -> None:
    results = [VariantResult(f"S{n}", *numbers) for n, numbers in enumerate(found)]
    verdict = subject_test.verdict(results)
    assert (verdict.place, verdict.differs) == (place, differs)
    assert verdict.words


def test_tail_of_chi_squared_agrees_with_the_tables() -> None:
    """NIST/SEMATECH e-Handbook, 1.3.6.7.4: critical values at 0.05."""
    for degrees, critical in ((1, 3.841), (2, 5.991), (3, 7.815)):
        assert math.isclose(subject_test.chi_squared_tail(critical, degrees), 0.05, abs_tol=1e-4)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=2, max_size=4))
@example([(20, 2743), (21, 0)])  # so rare that 1 / chance overflows
def test_verdict_never_prefers_a_worse_subject(numbers) -> None:
    results = [VariantResult(str(n), *pair) for n, pair in enumerate(numbers)]
    chance = subject_test.chance_of(results)
    assert 0 <= chance <= 1
    verdict = subject_test.verdict(results)
    if verdict.differs:
        assert results[verdict.place].per_100 == max(s.per_100 for s in results)
    else:
        assert verdict.place == 0
