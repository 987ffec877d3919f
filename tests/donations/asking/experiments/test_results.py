"""What was shown, given and put off is counted to the variant that was shown."""

import os
from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from donations.asking import times_shown
from donations.asking.experiments.comparing import MISTAKES, Answer, compare
from donations.asking.experiments.results import results_of, weighed
from donations.models import Checkout, Contribution, Deferral, Experiment
from newsroom.core import tokens
from newsroom.core.environment.redis_url import store
from newsroom.metrics.requests import VARIANTS
from tests.donations.asking.experiments.conftest import begun, planned
from tests.donations.conftest import handle, hidden

EXAMPLES = int(os.environ.get("EXAMPLES", "60"))


@given(
    st.integers(1, 10**6),
    st.integers(0, 10**7),
    st.lists(st.integers(0, 500), min_size=2, max_size=4),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_shares_are_those_of_the_buckets(experiment: int, shown: int, gifts: list[int]) -> None:
    found = weighed(experiment, shown, gifts)
    assert [one.gave for one in found] == gifts
    assert all(one.gave <= one.shown for one in found)
    if shown // 5 > max(gifts):
        assert abs(sum(one.shown for one in found) - shown) <= len(gifts)
        assert max(one.shown for one in found) <= min(one.shown for one in found) * 1.04 + 2


def looked_at_daily(rng: Random, rates: list[float], matters: float, days: int) -> set[str]:
    """All answers but “go on” that an editor ever reads of experiments that look like that."""
    gifts, shown, found = [0] * len(rates), 0, set[str]()
    for _ in range(days):
        many = rng.randrange(300, 900)  # times that each is shown
        shown += many * len(rates)
        for number, rate in enumerate(rates):
            gifts[number] += sum(rng.random() < rate for _ in range(many))
        shares = weighed(3, shown, gifts)
        for one in shares[1:]:
            found.add(compare(shares[0], one, matters, len(rates) - 1).answer)
    return found - {Answer.OPEN}


@pytest.mark.parametrize("many", [2, 3, 4])
def test_who_compares_the_same_with_itself_every_day_finds_nothing(many: int) -> None:
    """In an experiment of two, three or four, whichever of them it would be."""
    rng = Random(11)
    walks = [looked_at_daily(rng, [0.02] * many, 0.001, days=30) for _ in range(60)]
    wrong = [found for found in walks if found & {Answer.MORE, Answer.LESS}]
    assert len(wrong) <= 60 * MISTAKES


def test_what_brings_more_is_found_among_four() -> None:
    rng = Random(12)
    found = [looked_at_daily(rng, [0.02, 0.02, 0.032, 0.02], 0.001, days=60) for _ in range(5)]
    assert all(Answer.MORE in answers for answers in found)


def test_gift_counts_for_what_was_shown(client, donor, told, experiment) -> None:
    first, second = begun(experiment, timezone.now()).drawn()
    donor.appeal = first.appeal

    def gives(email: str, **form) -> None:
        donor.gives(email, frequency="once", **form)

    gives("a@example.org", appeal=second.appeal_id, variant=second.pk)
    gives("b@example.org", appeal=second.appeal_id, variant=second.pk)
    gives("c@example.org", appeal=first.appeal_id, variant=first.pk)
    gives("d@example.org", appeal=first.appeal_id)  # no cookie: a part of nothing
    # What anybody may write there harms nothing, and counts for nothing.
    for number, bad in enumerate(
        [first.pk, 0, -1, "9" * 40, "1e3", "<b>", "²", "١", second.experiment_id + 99]
    ):
        gives(f"x{number}@example.org", appeal=second.appeal_id, variant=bad)
    gives("e@example.org", variant=second.pk)  # of no appeal
    handle(told())
    assert Contribution.objects.count() == 14
    lines = results_of(Experiment.objects.get(), timezone.now()).lines
    assert [(one.gave, one.came_back) for one in lines] == [(1, 0), (2, 0)]
    assert [(one.continued, one.shown) for one in lines] == [(1, 0), (2, 0)]


def test_form_counts_as_continued_once_however_often_it_is_sent(client, donor, experiment) -> None:
    first, second = begun(experiment, timezone.now()).drawn()
    form_id = str(uuid4())
    for amount in ("10", "10", "25"):  # twice, and back from Stripe for another amount
        donor.continues(
            appeal=second.appeal_id, variant=second.pk, checkout=form_id, own_amount=amount
        )
    donor.continues(appeal=first.appeal_id, variant=first.pk)
    donor.continues(appeal=first.appeal_id)  # a part of nothing
    lines = results_of(Experiment.objects.get(), timezone.now()).lines
    assert [one.continued for one in lines] == [1, 1]
    assert times_shown.since(timezone.localdate() - timedelta(days=3)) == 0


def test_what_recurs_counts_once_and_after_the_end_nothing_more_comes(
    client, donor, told, experiment
) -> None:
    first, second = begun(experiment, timezone.now()).drawn()
    donor.gives("m@example.org", appeal=second.appeal_id, variant=second.pk)
    donor.advance(40)
    handle(told())
    assert Contribution.objects.count() == 2
    second.appeal.unpublish()
    donor.gives("l@example.org", appeal=first.appeal_id, variant=first.pk)
    handle(told())
    assert Contribution.objects.count() == 3
    assert [one.gave for one in results_of(Experiment.objects.get(), timezone.now()).lines] == [
        0,
        1,
    ]


def test_who_comes_back_from_stripe_and_chooses_anew_stays_with_the_variant(
    client, donor, experiment
) -> None:
    second = begun(experiment, timezone.now()).drawn()[1]
    donor.continues(appeal=second.appeal_id, variant=second.pk)
    page = client.get(f"/support/back/{tokens.permanent('back', Checkout.objects.get().pk)}/")
    form = hidden(page)
    assert (form["variant"], form["appeal"]) == (str(second.pk), str(second.appeal_id))


def test_later_and_who_comes_back_count_too(client, donor, told, experiment, committing) -> None:
    first, second = begun(experiment, timezone.now()).drawn()
    url = "/support/remind-me/"
    client.post(url, {"when": "week", "variant": first.pk, "back": "/"})
    client.post(url, {"when": "week", "variant": "1<", "back": "/"})
    with committing():
        client.post(
            url, {"when": "week", "variant": second.pk, "email": "ann@example.org", "back": "/"}
        )
    deferral = Deferral.objects.get()
    assert (deferral.variant_id, deferral.appeal_id) == (second.pk, second.appeal_id)
    deferral.wait(deferral.due_at, frm=["asked"])

    def counted() -> list[tuple[int, int, int]]:
        lines = results_of(Experiment.objects.get(), timezone.now()).lines
        return [(one.gave, one.deferred, one.came_back) for one in lines]

    assert counted() == [(0, 1, 0), (0, 1, 0)]
    donor.gives("ann@example.org", frequency="once")
    handle(told())
    assert counted() == [(0, 1, 0), (0, 1, 1)]


def test_gift_from_the_box_after_later_counts_once(
    client, donor, told, experiment, committing
) -> None:
    second = begun(experiment, timezone.now()).drawn()[1]
    form = {"when": "week", "variant": second.pk, "email": "ann@example.org", "back": "/"}
    with committing():
        client.post("/support/remind-me/", form)
    deferral = Deferral.objects.get()
    deferral.wait(deferral.due_at, frm=["asked"])
    donor.gives("ann@example.org", frequency="once", appeal=second.appeal_id, variant=second.pk)
    handle(told())
    line = results_of(Experiment.objects.get(), timezone.now()).lines[1]
    assert (line.gave, line.came_back, line.gifts) == (1, 0, 1)


def test_shown_is_what_lasts_and_what_was_counted_since(site) -> None:
    planned_one = planned("One", "Two", "Three")
    now = timezone.now()
    experiment = begun(planned_one, now)
    ids = [one.pk for one in experiment.drawn()]
    key = f"{VARIANTS} {now:%Y-%m-%d}"
    words = {f"below {ids[0]} usd": 5, f"banner {ids[0]} eur": 2, f"below {ids[1]} usd": 3}
    store().hset(key, mapping=words | {"below 0 usd": 100, "below -1 usd": 4})
    times_shown.keep(now)
    store().hset(key, f"below {ids[1]} usd", 9)
    assert times_shown.of_variants(ids, now) == {ids[0]: 7, ids[1]: 9, ids[2]: 0}
    assert times_shown.of_variants(ids, now + timedelta(days=9)) == {
        ids[0]: 7,
        ids[1]: 3,
        ids[2]: 0,
    }
    assert times_shown.since(now.date()) == 114
    results = results_of(experiment, now)
    assert results.days_left is None and not results.is_over
    assert [one.answer for one in results.lines] == [
        "",
        "Go on with B: nothing can be said yet.",
        "Go on with C: nothing can be said yet.",
    ]
