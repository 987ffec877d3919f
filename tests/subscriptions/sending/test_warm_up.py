"""Whom an import brought gets their first issue last, in steps, and a bad list stops at one."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from anymail.signals import AnymailTrackingEvent
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from newsroom.mail import providers
from subscriptions.demo import make_readers
from subscriptions.issues import checks
from subscriptions.issues.proof import Proof
from subscriptions.models import (
    Consent,
    Mailing,
    Newsletter,
    ReaderCount,
    ReaderImport,
    Segment,
    Subscription,
)
from subscriptions.models.issue import OtherSubject
from subscriptions.sending import engine, warm_up
from subscriptions.tasks import follow_events, keep_hours
from subscriptions.tracking import inbox as provider_inbox
from subscriptions.transfer import undoing
from tests.factories import make_frozen, make_issue, make_user
from tests.sending import send_all

OLD, NEW, PER_CALL = 30, 100, 8
STEPS = [20, 40, 40]


@given(st.integers(0, 10_000_000))
def test_steps_hold_everybody_and_grow(newcomers: int) -> None:
    steps = warm_up.steps_for(newcomers)
    if newcomers <= warm_up.FIRST:
        assert steps == [] == warm_up.first_of(steps)
        return
    assert sum(steps) == newcomers and steps[0] == warm_up.FIRST
    assert all(b == a * warm_up.GROWS for a, b in pairwise(steps[:-1]))
    assert 0 < steps[-1] <= steps[-2] * warm_up.GROWS
    assert warm_up.first_of(steps) == [1 + sum(steps[:place]) for place in range(len(steps))]
    assert len(steps) <= 8  # of one working day


@pytest.fixture
def _small(monkeypatch) -> None:
    provider = replace(providers.current(), per_call=PER_CALL)
    monkeypatch.setattr(providers, "current", lambda: provider)
    monkeypatch.setattr(warm_up, "FIRST", STEPS[0])
    monkeypatch.setattr(warm_up, "GROWS", 2)


@pytest.fixture
def newsletter(site, _small) -> Newsletter:
    """With OLD readers, and NEW ones of an import."""
    make_readers(site.newsletter, OLD)
    brought(site.newsletter, NEW, first=OLD + 1)
    return site.newsletter


def brought(newsletter: Newsletter, count: int, first: int) -> ReaderImport:
    """As transfer/importing.py leaves it."""
    now = timezone.now() - timedelta(minutes=1)
    made = ReaderImport.objects.create(
        newsletter=newsletter, file_name="x.csv", status="done", started_at=now, finished_at=now,
        counts={"added": count},
    )  # fmt: skip
    there = set(Subscription.objects.values_list("pk", flat=True))
    make_readers(newsletter, count, first=first)
    came = Subscription.objects.exclude(pk__in=there)
    came.update(source=made.source)
    Consent.objects.filter(subscription__in=came).update(how=made.source)
    return made


def froze(newsletter: Newsletter, **fields) -> Mailing:
    return make_frozen(make_issue(newsletter, [], letter="<p>Hello</p>", **fields))


def sent_to(mailing: Mailing) -> int:
    send_all()
    mailing.refresh_from_db()
    return mailing.progress()["accepted"]


def after(pauses: float) -> datetime:
    return timezone.now() + pauses * warm_up.PAUSE


def of_import(newsletter: Newsletter) -> set[int]:
    rows = newsletter.subscriptions.filter(source__startswith="import ")
    return set(rows.values_list("subscriber", flat=True))


def bounce(mailing: Mailing, step: int, count: int) -> None:
    """So many of that step's readers, as the provider tells of it."""
    ids = [
        (batch, pk)
        for batch in mailing.batches.filter(step=step).order_by("seq")
        for pk in batch.subscriber_ids
    ]
    subscriptions = Subscription.objects.select_related("subscriber").filter(
        newsletter=mailing.newsletter
    )
    emails = {one.subscriber_id: one.subscriber.email for one in subscriptions}
    for batch, pk in ids[:count]:
        event = AnymailTrackingEvent(
            event_type="bounced",
            event_id=f"bounced {pk}",
            recipient=emails[pk],
            metadata={"batch": str(batch.pk)},
            mta_response="5.1.1 No such user",
            esp_event={
                "event-data": {
                    "event": "failed", "severity": "permanent", "reason": "bounce",
                    "delivery-status": {"code": 550, "message": "5.1.1 No such user"},
                }
            },
        )  # fmt: skip
        provider_inbox.take_in(providers.get("mailgun"), [event])
    follow_events()
    mailing.refresh_from_db()


@pytest.mark.parametrize("canary", [0, 3])
def test_newcomers_are_in_steps_of_their_own_and_nobody_is_in_two_batches(
    newsletter, monkeypatch, canary
) -> None:
    monkeypatch.setattr(Newsletter, "CANARY", canary or 1000)
    Newsletter.objects.update(canary_minutes=10)
    newsletter.refresh_from_db()
    one_of_them = newsletter.subscriptions.filter(source__startswith="import ").first()
    Subscription.objects.filter(pk=one_of_them.pk).update(seed=True)
    mailing = froze(newsletter)
    batches = list(mailing.batches.order_by("seq"))
    assert [batch.seq for batch in batches] == list(range(len(batches)))
    everybody = Counter(pk for batch in batches for pk in batch.subscriber_ids)
    assert everybody == Counter(newsletter.subscriptions.values_list("subscriber", flat=True))
    sizes: Counter[int] = Counter()
    for batch in batches:
        assert 0 < batch.size == len(batch.subscriber_ids) <= PER_CALL
        assert batch.subscriber_ids == sorted(batch.subscriber_ids)
        sizes[batch.step] += batch.size
    assert sizes == {0: OLD + 1, 1: 20, 2: 40, 3: NEW - 61}
    assert mailing.steps == [20, 40, NEW - 61] and mailing.audience == OLD + NEW
    assert [batch.step for batch in batches] == sorted(batch.step for batch in batches)
    in_steps = {pk for batch in batches if batch.step for pk in batch.subscriber_ids}
    assert in_steps == of_import(newsletter) - {one_of_them.subscriber_id}
    first = [batch for batch in batches if batch.next_try_at == mailing.frozen_at]
    assert canary == 0 or sum(batch.size for batch in first) == canary + 1


def test_steps_go_one_after_another_with_a_pause_and_the_next_issue_goes_at_once(
    newsletter,
) -> None:
    mailing = froze(newsletter)
    assert sent_to(mailing) == OLD
    for done, step in ((OLD, 20), (OLD + 20, 40), (OLD + 60, 40)):
        if done > OLD:  # everybody else's copies are waited for by nobody
            warm_up.release_due(after(0.9))
            assert sent_to(mailing) == done
        assert mailing.status == "sending"
        warm_up.release_due(after(1.1))
        warm_up.release_due(after(1.1))  # that is not out yet
        assert sent_to(mailing) == done + step
    assert mailing.status == "sent"
    again = froze(newsletter, subject="The next one")
    assert again.steps == [] and sent_to(again) == OLD + NEW


def test_few_newcomers_go_with_the_others(newsletter) -> None:
    of_them = newsletter.subscriptions.filter(source__startswith="import ").order_by("pk")
    for one in of_them[STEPS[0] :]:
        one.delete()
    mailing = froze(newsletter)
    assert mailing.steps == [] and sent_to(mailing) == OLD + STEPS[0]
    assert mailing.status == "sent"


@pytest.mark.usefixtures("_small")
def test_list_that_is_all_new_begins_by_itself(site) -> None:
    brought(site.newsletter, NEW, first=1)
    mailing = froze(site.newsletter)
    assert sent_to(mailing) == 0 and mailing.status == "sending"
    keep_hours()
    assert sent_to(mailing) == 20


def test_two_who_release_a_step_release_one(newsletter) -> None:
    mailing = froze(newsletter)
    sent_to(mailing)
    other = Mailing.objects.get(pk=mailing.pk)
    assert warm_up.release(mailing, timezone.now()) and not warm_up.release(other, timezone.now())


def test_grace_does_not_end_between_two_steps(newsletter) -> None:
    Newsletter.objects.update(grace_hours=1)
    mailing = froze(newsletter)
    sent_to(mailing)
    warm_up.release_due(timezone.now())
    mailing.refresh_from_db()
    assert mailing.not_after > after(1.9)


def test_bad_list_stops_its_warm_up_however_many_good_readers_there_are(newsletter) -> None:
    make_readers(newsletter, 200, first=1000)
    mailing = froze(newsletter)
    assert sent_to(mailing) == 200 + OLD
    warm_up.release_due(timezone.now())
    assert sent_to(mailing) == 220 + OLD
    bounce(mailing, 1, 9)
    assert mailing.status == "sending"
    bounce(mailing, 1, 10)  # 4 % of all who have it, half of the newcomers
    assert mailing.status == "paused"
    assert "10 of the first 20 who came by an import bounced (50.0%" in mailing.problem
    warm_up.release_due(after(5))
    assert sent_to(mailing) == 220 + OLD


def test_good_list_goes_on_though_old_readers_bounce_late(newsletter) -> None:
    mailing = froze(newsletter)
    sent_to(mailing)
    engine.resume(mailing, timezone.now())
    warm_up.release_due(timezone.now())
    sent_to(mailing)
    bounce(mailing, 0, 15)
    assert mailing.status == "sending"


def test_old_readers_who_bounce_stop_them_and_what_follows_is_judged_anew(newsletter) -> None:
    mailing = froze(newsletter)
    mailing.batches.filter(step=0, seq__gt=0).update(next_try_at=after(1))
    assert sent_to(mailing) == PER_CALL
    bounce(mailing, 0, 10)
    assert mailing.status == "paused" and "of the first 8 readers" in mailing.problem
    mailing.batches.update(next_try_at=timezone.now())
    assert engine.resume(mailing, timezone.now()) and not mailing.thresholds_on
    sent_to(mailing)
    warm_up.release_due(timezone.now())
    sent_to(mailing)
    bounce(mailing, 1, 10)
    assert mailing.status == "paused"


def test_who_pauses_it_by_hand_leaves_the_thresholds_on(newsletter) -> None:
    mailing = froze(newsletter)
    sent_to(mailing)
    warm_up.release_due(timezone.now())
    mailing.refresh_from_db()
    assert mailing.pause_by_hand()
    assert sent_to(mailing) == OLD
    assert engine.resume(mailing, timezone.now()) and mailing.thresholds_on
    assert sent_to(mailing) == OLD + 20


def stopped(newsletter: Newsletter) -> Mailing:
    mailing = froze(newsletter)
    sent_to(mailing)
    warm_up.release_due(timezone.now())
    sent_to(mailing)
    bounce(mailing, 1, 12)
    assert mailing.status == "paused"
    return mailing


def test_import_of_a_stopped_warm_up_is_undone_but_for_who_got_the_issue(newsletter) -> None:
    mailing = stopped(newsletter)
    made, reached = ReaderImport.objects.get(), set(mailing.batches.filter(step=1).reached())
    undoing.begin(made)
    undoing.work(made)
    assert made.status == "undone" and of_import(newsletter) == reached
    assert engine.resume(mailing, timezone.now())
    for _ in range(3):
        warm_up.release_due(after(1.1))
        sent_to(mailing)
    assert mailing.status == "sent" and mailing.progress()["accepted"] == OLD + 20


def test_import_is_not_undone_while_an_issue_is_on_its_way(newsletter) -> None:
    mailing, made = froze(newsletter), ReaderImport.objects.get()
    assert "pause that first" in undoing.why_not(made)
    undoing.forget(timezone.now())
    mailing.pause_by_hand()
    assert undoing.why_not(made) == ""


def test_whom_a_cancelled_issue_did_not_reach_the_next_one_warms_up(newsletter) -> None:
    mailing = stopped(newsletter)
    assert engine.cancel(mailing)
    reached = set(mailing.batches.filter(step=1).reached())
    again = froze(newsletter, subject="Once more")
    assert sum(again.steps) == NEW - 20
    waiting = {pk for batch in again.batches.filter(step__gt=0) for pk in batch.subscriber_ids}
    assert waiting == of_import(newsletter) - reached


def test_issue_to_a_part_of_them_leaves_the_others_new(newsletter) -> None:
    made = ReaderImport.objects.get()
    part = Segment.objects.create(
        newsletter=newsletter, name="some", sources=[made.source], readers=30
    )
    others = newsletter.subscriptions.filter(source=made.source).order_by("pk")[30:]
    Subscription.objects.filter(pk__in=[one.pk for one in others]).update(source="site")
    mailing = froze(newsletter, segment=part, segment_readers=30)
    Subscription.objects.filter(pk__in=[one.pk for one in others]).update(source=made.source)
    assert mailing.steps == [20, 10]
    for _ in range(2):
        warm_up.release_due(after(1.1))
        sent_to(mailing)
    assert (mailing.status, mailing.progress()["accepted"]) == ("sent", 30)
    assert sum(froze(newsletter, subject="To all").steps) == NEW - 30


def test_who_left_between_freeze_and_step_gets_nothing(newsletter) -> None:
    mailing = froze(newsletter)
    sent_to(mailing)
    newsletter.subscriptions.filter(source__startswith="import ").update(status="unsubscribed")
    for _ in STEPS:
        warm_up.release_due(after(1.1))
        sent_to(mailing)
    assert (mailing.status, mailing.progress()["accepted"]) == ("sent", OLD)


def test_desk_says_what_comes_what_goes_and_what_to_do(
    client, newsletter, inbox, committing
) -> None:
    editor = make_user()
    client.force_login(editor)
    issue = make_issue(newsletter, [], letter="<p>Hello</p>")
    desk = reverse("issue_desk", args=[issue.pk])
    before = client.get(desk).text
    assert "Up to <strong>100</strong> of them came by an import" in before
    assert "in 3 steps over about 2 hours" in before
    mailing = make_frozen(issue)
    assert "100 readers came by an import" in client.get(desk).text
    sent_to(mailing)
    warm_up.release_due(timezone.now())
    sent_to(mailing)
    page = client.get(desk).text
    assert "Warm-up, step 1 of 3" in page and "The next one goes at" in page
    client.post(reverse("issue_act", args=[issue.pk, "release"]))
    client.post(reverse("issue_act", args=[issue.pk, "release"]))  # that one is not out yet
    assert sent_to(mailing) == OLD + 60
    with committing():
        bounce(mailing, 2, 12)
    page = client.get(desk).text
    assert "who came by an import bounced" in page and "undo the import" in page
    assert reverse("reader_import", args=[ReaderImport.objects.get().pk]) in page
    [mail] = inbox.to(editor.email)
    assert mail["subject"].startswith("Stopped:") and "came by an import bounced" in mail["text"]


def test_who_has_to_settle_in_is_a_newcomer_still_after_an_issue_to_the_others(newsletter) -> None:
    Newsletter.objects.update(settle_days=7)
    newsletter.refresh_from_db()
    came = newsletter.subscriptions.filter(source__startswith="import ")
    newsletter.subscriptions.update(confirmed_on=timezone.localdate() - timedelta(days=8))
    came.update(confirmed_on=timezone.localdate())
    first = froze(newsletter)
    assert sent_to(first) == OLD and first.status == "sent"
    assert ReaderImport.objects.not_mailed().exists()
    came.update(confirmed_on=timezone.localdate() - timedelta(days=8))  # a week later
    assert froze(newsletter, slug="next").steps == STEPS


def test_checklist_knows_that_newcomers_are_in_no_subject_test(newsletter) -> None:
    issue = make_issue(newsletter, [], letter="<p>Hello</p>")
    issue.other_subjects.add(OtherSubject(subject="Another"))
    assert "Each subject goes to 3 readers" in checks.sample_is_large_enough(Proof(issue))
    newsletter.subscriptions.exclude(source__startswith="import ").delete()
    ReaderCount.objects.mend()
    words = checks.sample_is_large_enough(Proof(issue))
    assert "Each subject goes to 0 readers; all get the issue’s own. Up to 100 who came" in words
    issue.save_revision()
    assert make_frozen(issue).subjects == []  # as it says


def test_desk_counts_who_gets_the_issue_and_its_hours_are_the_newsletters(
    client, newsletter
) -> None:
    Newsletter.objects.update(time_zone="Asia/Kathmandu")
    newsletter.refresh_from_db()
    client.force_login(make_user())
    mailing = froze(newsletter)
    old = newsletter.subscriptions.exclude(source__startswith="import ")
    old.update(status="unsubscribed")  # since the freeze
    ReaderCount.objects.mend()
    sent_to(mailing)
    warm_up.release_due(timezone.now())
    sent_to(mailing)
    due = warm_up.next_at(mailing)
    assert due
    words = f"The next one goes at {due.astimezone(newsletter.zone):%H:%M}"
    page = client.get(reverse("issue_desk", args=[mailing.issue_id])).text
    assert f"for <strong>{OLD + NEW}</strong> readers" in page and words in page
    assert words in client.get(reverse("issue_progress", args=[mailing.issue_id])).text
