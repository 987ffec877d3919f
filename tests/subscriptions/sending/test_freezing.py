"""The freeze: the audience is looked up once, and cut so that everybody is in one batch."""

from collections import Counter
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from newsroom.mail import providers
from subscriptions.models import Batch, IssuePage, Mailing, Newsletter, OtherSubject
from subscriptions.sending import freezing
from tests.factories import make_article, make_issue, make_subscription

pytestmark = pytest.mark.django_db
READERS, SEEDS, PER_CALL, CANARY = 27, 2, 4, 3


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    provider = replace(providers.current(), per_call=PER_CALL)
    monkeypatch.setattr(providers, "current", lambda: provider)
    monkeypatch.setattr(Newsletter, "CANARY", CANARY)


@pytest.fixture
def issue(site) -> IssuePage:
    readers = [make_subscription(site.newsletter) for _ in range(READERS + SEEDS)]
    for reader in readers[3 : 3 + SEEDS]:
        reader.seed = True
        reader.save()
    return make_issue(site.newsletter, [make_article(site.section)], subject="One")


def seeds_of(issue: IssuePage) -> set[int]:
    seeds = issue.newsletter.subscriptions.filter(seed=True)
    return set(seeds.values_list("subscriber", flat=True))


def approved(issue: IssuePage) -> Mailing:
    return freezing.approve(issue, None, timezone.now())


def frozen(issue: IssuePage) -> Mailing:
    mailing = approved(issue)
    assert freezing.freeze(mailing, timezone.now())
    return Mailing.objects.get(pk=mailing.pk)


def try_subjects(issue: IssuePage, others: int, percent: int) -> IssuePage:
    for number in range(others):
        issue.other_subjects.add(OtherSubject(subject=f"Other {number}"))
    issue.sample_percent = percent
    issue.save_revision()
    return IssuePage.objects.get(pk=issue.pk)


@pytest.mark.parametrize("canary_minutes", [0, 10])
@pytest.mark.parametrize(
    ("others", "percent", "tried"),
    [
        (0, 50, []),
        (1, 50, [7 + SEEDS, 7]),  # of 14
        (2, 50, [5 + SEEDS, 5, 4]),
        (3, 14, [1 + SEEDS, 1, 1, 1]),
        (3, 13, []),  # of 3: too few for four subjects
    ],
)
def test_everybody_is_in_one_batch_and_batches_fit_a_call(
    issue, canary_minutes, others, percent, tried
) -> None:
    Newsletter.objects.update(canary_minutes=canary_minutes)
    mailing = frozen(try_subjects(issue, others, percent))
    batches = list(mailing.batches.order_by("seq"))
    everybody = [pk for batch in batches for pk in batch.subscriber_ids]
    listed = issue.newsletter.subscriptions.values_list("subscriber", flat=True)
    assert Counter(everybody) == Counter(listed) and mailing.audience == READERS + SEEDS
    assert [batch.seq for batch in batches] == list(range(len(batches)))
    for batch in batches:
        assert 0 < batch.size == len(batch.subscriber_ids) <= PER_CALL
        assert batch.subscriber_ids == sorted(batch.subscriber_ids)

    first = [batch for batch in batches if batch.next_try_at == mailing.frozen_at]
    of_subject: Counter[int | None] = Counter()
    for batch in first:
        of_subject[batch.variant] += batch.size
    if tried:
        assert of_subject == dict(enumerate(tried))
    else:
        canary = CANARY + SEEDS if canary_minutes else READERS + SEEDS
        assert of_subject == {None: canary}
    rest = batches[len(first) :]
    assert bool(rest) == bool(tried or canary_minutes) == bool(mailing.rest_at)
    assert all((batch.next_try_at, batch.variant) == (mailing.rest_at, None) for batch in rest)
    assert seeds_of(issue) <= {pk for batch in first for pk in batch.subscriber_ids}


def test_audience_is_looked_up_once(issue) -> None:
    """Two looks could see two audiences: a reader may join between them."""
    Newsletter.objects.update(canary_minutes=10)
    mailing = approved(issue)
    with CaptureQueriesContext(connection) as queries:
        freezing.freeze(mailing, timezone.now())
    looks = [q["sql"] for q in queries if 'FROM "subscriptions_subscription"' in q["sql"]]
    assert len(looks) == 1 and "ON COMMIT DROP" in looks[0]


def test_two_freezes_in_one_transaction_do_not_hinder_each_other(site, issue) -> None:
    another = make_issue(site.newsletter, [make_article(site.section)], subject="Two")
    with transaction.atomic():
        assert [frozen(one).audience for one in (issue, another)] == [READERS + SEEDS] * 2


@pytest.mark.django_db(transaction=True)
def test_freeze_leaves_nothing_on_its_connection(issue, monkeypatch) -> None:
    """It may be somebody else's next: behind a pool, or PgBouncer."""
    mailing = approved(issue)

    def dying(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(freezing, "_sample", dying)
        with pytest.raises(SystemExit):
            freezing.freeze(mailing, timezone.now())
    assert not Batch.objects.exists() and left_behind() == 0
    assert freezing.freeze(mailing, timezone.now())
    assert left_behind() == 0


def left_behind() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()")
        return cursor.fetchone()[0]
