"""After a restore no money goes back until somebody has decided about it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from donations.finance import refunds
from donations.finance.review import deciding
from donations.models import Contribution, Refund, Review
from donations.payments import gateway
from donations.tasks import carry_out_refunds
from newsroom.hold import gate
from newsroom.hold.items import Item, held
from newsroom.release import after_restore
from tests.donations.conftest import give_back, two_people_above
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.costly]


def gone_back(contribution: Contribution) -> list[int]:
    """What Stripe itself has given back."""
    of_it = {"payment_intent": contribution.stripe_payment_intent}
    return [one.amount for one in gateway.client().v1.refunds.list(params=of_it).data]


def later() -> Refund:
    """What the beat does with all that is approved."""
    Refund.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    carry_out_refunds()
    return Refund.objects.get()


def item() -> Item:
    [found] = [one for one in held() if one.key.startswith("refund ")]
    return found


def test_refund_that_is_asked_for_while_all_is_held_goes_when_it_is_released(
    client, contribution
) -> None:
    gate.begin(gate.BY_HAND)
    client.force_login(make_user("Finance"))
    assert "It waits: after a restore" in give_back(client, contribution, "20").text
    assert later().status == "approved" and gone_back(contribution) == []
    assert item().record() == "Stripe has given back nothing of this contribution."
    after_restore.decide(item().key, "release")
    assert later().status == later().status == "done"
    assert gone_back(contribution) == [2000]


def test_refund_of_before_that_stripe_has_made_since_is_dropped(
    client, officer, contribution
) -> None:
    give_back(client, contribution, "20")
    Refund.objects.update(status="approved", stripe_refund="")  # as in the dump
    gate.begin(gate.BY_HAND)
    assert item().record() == "Stripe has given back $20 of $50."
    with pytest.raises(refunds.NotRefunded, match="after a restore"):
        refunds.carry_out(Refund.objects.get())
    assert later().status == "approved"
    after_restore.decide(item().key, "drop")
    assert later().status == "failed" and gone_back(contribution) == [2000]


def test_second_persons_word_alone_releases_nothing(client, officer, contribution) -> None:
    two_people_above(10)
    give_back(client, contribution, "50")
    gate.begin(gate.BY_HAND)
    with pytest.raises(refunds.NotRefunded, match="after a restore"):
        deciding.approve(Review.objects.get().pk, make_user("Finance"), left=5000)
    assert later().status == "approved" and gone_back(contribution) == []
    after_restore.decide(item().key, "release")
    assert later().status == "done" and gone_back(contribution) == [5000]


def test_request_that_is_dropped_leaves_nothing_to_decide(client, officer, contribution) -> None:
    two_people_above(10)
    give_back(client, contribution, "50")
    gate.begin(gate.BY_HAND)
    after_restore.decide(item().key, "drop")
    assert later().status == "declined" and not Review.objects.waiting().exists()
