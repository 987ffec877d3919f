"""Whatever officers do with a review, in whatever order, and whatever happens meanwhile: who
proposed it has not approved it, what is decided stays decided, and its history tells all of it.

EXAMPLES sets how many stories are played (`make chaos` plays more).
"""

import os
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donations.finance.review import deciding
from donations.models import BlockedMark, Review
from tests.donations.conftest import two_people_above
from tests.factories import make_user

EXAMPLES = int(os.environ.get("EXAMPLES", "25"))
KIND = "large"
STEPS = st.tuples(
    st.sampled_from(
        ["take", "let_go", "hand_over", "note", "accept", "block", "approve", "decline", "settle",
         "open"]
    ),
    st.integers(0, 2),
)  # fmt: skip


class Desk:
    """Three officers at one review."""

    def __init__(self, about: str, officers: list[Any], limit: int) -> None:
        self.about, self.officers, self.limit = about, officers, limit

    @property
    def review(self) -> Review:
        return Review.objects.get(kind=KIND, about=self.about)

    def do(self, what: str, number: int) -> None:
        before, by = self.review, self.officers[number]
        steps = list(before.steps.values_list("pk", "what", "who"))
        with suppress(deciding.NotDecided), transaction.atomic():
            self.press(what, by, self.officers[number - 1])
        after = self.review
        now = list(after.steps.values_list("pk", "what", "who"))
        assert now[: len(steps)] == steps  # it only grows
        if after.status != before.status:
            assert after.status in Review.Status.values
            assert before.status in Review.MOVES[after.status]
            assert len(now) == len(steps) + 1
        if before.status == "decided":
            assert (after.status, after.choice, after.closed_by) == (
                "decided", before.choice, before.closed_by
            )  # fmt: skip
        self.check(before, after, what, by)

    def press(self, what: str, by: Any, other: Any) -> None:
        pk = self.review.pk
        match what:
            case "accept" | "block":
                deciding.decide(pk, by, what, "why", form_id=uuid4(), left=0)
            case "approve":
                deciding.approve(pk, by, 0)
            case "hand_over":
                deciding.hand_over(pk, by, other)
            case "note":
                deciding.note(pk, by, "seen")
            case "settle":
                Review.settle(KIND, self.about, "over")
            case "open":
                Review.open(KIND, self.about, "again")
            case _:
                getattr(deciding, what)(pk, by)

    def check(self, before: Review, after: Review, what: str, by: Any) -> None:
        if before.status == "proposed" and after.status == "decided":
            assert what == "approve" and by != before.proposed_by
            assert (after.proposed_by, after.closed_by) == (before.proposed_by, by)
            assert after.choice == before.choice
        if before.status == "open" and after.status == "decided":
            assert self.limit >= 50 and after.proposed_by is None
        if after.status == "proposed":
            assert self.limit < 50
        blocked = BlockedMark.objects.filter(review=after).exists()
        assert blocked is (after.status == "decided" and after.choice == "block")
        assert bool(after.closed_at) is not after.waits


@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(limit=st.sampled_from([10, 50]), story=st.lists(STEPS, min_size=3, max_size=14))
def test_any_story_of_a_review(limit: int, story: Any, make_gift: Any, officers: Any) -> None:
    with transaction.atomic():
        two_people_above(limit)
        contribution = make_gift(card=str(uuid4()), email=f"{uuid4()}@example.org")
        Review.open(KIND, str(contribution.pk), "much", contribution=contribution)
        desk = Desk(str(contribution.pk), officers, limit)
        for what, number in story:
            desk.do(what, number)
        assert all(step.is_intact for step in desk.review.steps.all())


@pytest.fixture
def make_gift(request: Any) -> Any:
    return request.getfixturevalue("given")  # hypothesis has that name


@pytest.fixture
def officers(two_officers: Any) -> list[Any]:
    return [*two_officers, make_user("Finance leads")]
