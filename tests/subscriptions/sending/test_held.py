"""After a restore no issue goes out until somebody has decided about it."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from newsroom.hold import gate
from newsroom.hold.items import NotNow
from newsroom.hold.items import held as held_items
from newsroom.models import RunMark
from newsroom.release import after_restore
from subscriptions import tasks
from subscriptions.models import Batch, IssuePage, Mailing
from subscriptions.sending import claiming, freezing, held, reconcile
from tests.factories import make_article, make_frozen, make_issue, make_subscription
from tests.sending import received, send_all

Status = Mailing.Status


@pytest.fixture
def readers(site) -> list[str]:
    return [make_subscription(site.newsletter).subscriber.email for _ in range(4)]


@pytest.fixture
def issue(site, readers) -> IssuePage:
    return make_issue(site.newsletter, [make_article(site.section)])


def go_on() -> None:
    """What the beat does, and a worker."""
    tasks.keep_hours()
    for mailing in Mailing.objects.due(timezone.now()):
        tasks.start_mailing(mailing.pk)
    for hours in range(4):
        reconcile.run_due(timezone.now() + timedelta(hours=hours))
    held.go_on()
    send_all()
    Mailing.objects.close_done()


def item(mailing: Mailing):
    return next(one for one in held_items() if one.key == f"mailing {mailing.pk}")


def as_in_the_dump(mailing: Mailing) -> None:
    """Set back to before any call was made."""
    again = {"tries": 0, "tried_at": None, "first_tried_at": None, "provider": ""}
    Batch.objects.filter(mailing=mailing).update(status="pending", **again)
    Mailing.objects.filter(pk=mailing.pk).update(status="sending", finished_at=None)


def test_scheduled_issue_that_went_out_since_the_dump_is_dropped(issue, readers, inbox) -> None:
    mailing = freezing.approve(issue, None, timezone.now())
    gate.begin(gate.BY_HAND)
    assert not freezing.freeze(mailing, timezone.now())  # a job from before
    go_on()
    assert item(mailing).record() == "Mailgun has no mail of it."
    after_restore.decide(f"mailing {mailing.pk}", "drop")
    go_on()
    mailing.refresh_from_db()
    assert mailing.status == Status.CANCELLED
    assert received(inbox, readers).total() == 0


def test_scheduled_issue_goes_out_when_it_is_released_though_its_hour_is_long_over(
    issue, readers, inbox
) -> None:
    mailing = freezing.approve(issue, None, timezone.now() - timedelta(days=3))
    gate.begin(gate.BY_HAND)
    go_on()
    after_restore.decide(f"mailing {mailing.pk}", "release")
    go_on()
    mailing.refresh_from_db()
    assert mailing.status == Status.SENT
    assert set(received(inbox, readers).values()) == {1}


def test_half_sent_issue_goes_on_to_those_whom_the_provider_does_not_have(
    site, readers, inbox, monkeypatch
) -> None:
    monkeypatch.setattr("subscriptions.sending.claiming._fits", lambda *_: True)
    issue = make_issue(site.newsletter, [make_article(site.section)])
    mailing = make_frozen(issue)
    [batch] = mailing.batches.all()
    batch.split_off(batch.subscriber_ids[2:], "pending")
    last = mailing.batches.get(seq=1)
    Batch.objects.filter(pk=last.pk).update(next_try_at=timezone.now() + timedelta(hours=2))
    send_all()  # the first half
    assert received(inbox, readers).total() == 2
    as_in_the_dump(mailing)
    gate.begin(gate.BY_HAND)
    assert item(mailing).record() == "Mailgun has 2 mails of it."
    go_on()
    assert received(inbox, readers).total() == 2
    after_restore.decide(f"mailing {mailing.pk}", "release")
    go_on()
    Batch.objects.update(next_try_at=timezone.now())
    go_on()
    assert set(received(inbox, readers).values()) == {1}


def test_issue_that_the_provider_has_sent_to_all_is_over(issue, readers, inbox) -> None:
    mailing = make_frozen(issue)
    send_all()
    as_in_the_dump(mailing)
    gate.begin(gate.BY_HAND)
    after_restore.decide(f"mailing {mailing.pk}", "release")
    go_on()
    held.go_on()
    mailing.refresh_from_db()
    assert (mailing.status, mailing.held) == (Status.SENT, False)
    assert set(received(inbox, readers).values()) == {1}


def test_issue_that_went_out_in_calls_that_the_dump_lacks_is_decided_once_more(
    issue, readers, inbox
) -> None:
    """As when a call was cut anew: there are mails, and none under the numbers we ask for."""
    mailing = make_frozen(issue)
    send_all()
    as_in_the_dump(mailing)
    Batch.objects.filter(mailing=mailing).update(id=uuid.uuid4())
    gate.begin(gate.BY_HAND)
    after_restore.decide(f"mailing {mailing.pk}", "release")
    assert item(mailing).facts[-1] == "Mailgun is being asked; calls left: 1."
    with pytest.raises(NotNow, match="being asked"):
        after_restore.decide(f"mailing {mailing.pk}", "release")
    go_on()
    assert set(received(inbox, readers).values()) == {1}
    assert item(mailing).record() == "Mailgun has 4 mails of it."
    assert "0 readers have it, 4 have not" in item(mailing).facts[-2]
    after_restore.decide(f"mailing {mailing.pk}", "release")  # a person knows better
    Batch.objects.update(next_try_at=timezone.now())
    go_on()
    assert set(received(inbox, readers).values()) == {2}


def test_paused_issue_waits_for_both_who_resume_it_and_who_release_it(
    issue, readers, inbox
) -> None:
    mailing = make_frozen(issue)
    mailing.pause_by_hand()
    gate.begin(gate.BY_HAND)
    mailing.move(Status.SENDING)
    go_on()
    assert received(inbox, readers).total() == 0
    mailing.refresh_from_db()
    assert mailing.status == Status.SENDING and mailing.held


def test_claim_that_waited_while_the_database_was_put_back_takes_nothing(issue, readers) -> None:
    mailing = make_frozen(issue)
    assert not gate.look()
    RunMark.objects.update(table=1)  # the dump's, a moment after our look
    assert claiming.claim() is None
    mailing.refresh_from_db()
    assert mailing.held and mailing.batches.get().status == "pending"


def test_issue_that_is_approved_during_the_hold_is_decided_too(issue) -> None:
    gate.begin(gate.BY_HAND)
    assert freezing.approve(issue, None, timezone.now()).held
