"""What officers do with a review: whose it is, what is noted, and how it is decided.

Everything is done under the review's lock, and written into its history with it. Of two who press
at once one is first; the other hears what happened (NotDecided). Rows are locked in one order:
officer, contribution, review; so does whatever mirrors Stripe.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from donations import money
from donations.finance import refunds
from donations.finance.review import blocking
from donations.models import Contribution, Refund, Review, StripeEvent

Status, Choice, Kind = Review.Status, Review.Choice, Review.Kind
FRAUDULENT = "fraudulent"  # Stripe's word ("Create a refund", reason)
FORMER = "a former colleague"


class NotDecided(refunds.NotRefunded):
    """Why not, and what happened instead; the message is for finance."""


def choices(review: Review) -> list[str]:
    """What may be chosen now. A refund's own review is approved or declined, nothing else."""
    if review.status != Status.OPEN:
        return []
    found = [Choice.ACCEPT]
    given = review.contribution
    if given and refunds.most(given):
        found.append(Choice.REFUND)
    if given and blocking.marks_of(given):
        found.append(Choice.BLOCK)
    return [str(one) for one in found]


def needs_second(review: Review, choice: str, by: Any) -> bool:
    """Does it take two people? What is about no sum takes one."""
    given = review.contribution
    if choice == Choice.REFUND and given:
        return refunds.needs_second(given, refunds.most(given), by)
    return review.amount is not None and refunds.is_much(
        money.worth(review.amount, review.currency)
    )


# --- Whose it is ----------------------------------------------------------------------------------


def take(pk: int, by: Any) -> None:
    """Raises NotDecided when somebody else has it."""
    with transaction.atomic():
        review = _locked(pk, by)
        if review.owner_id not in (None, by.pk):
            raise NotDecided(f"{review.owner} has it. They can hand it over, or give it back.")
        _is_waiting(review)
        _own(review, by, "taken", by)


def let_go(pk: int, by: Any) -> None:
    with transaction.atomic():
        review = _locked(pk, by)
        if review.owner_id is None:
            return
        if review.owner_id != by.pk:
            raise NotDecided(f"{review.owner} has it, not you.")
        _own(review, None, "let_go", by)


def hand_over(pk: int, by: Any, to: Any) -> None:
    """To somebody who may decide; by whoever may, as its owner may be away."""
    if to is None or not officers().filter(pk=to.pk).exists():
        raise NotDecided("They may not decide reviews.")
    with transaction.atomic():
        review = _locked(pk, by)
        _is_waiting(review)
        _own(review, to, "handed_over", by, to=to.get_username()[:150])


def officers() -> Any:
    """Who may decide."""
    may = Q(groups__permissions__codename="decide_review") | Q(is_superuser=True)
    return get_user_model().objects.filter(may, is_active=True).distinct().order_by("pk")


def _own(review: Review, owner: Any, step: str, by: Any, **fields: Any) -> None:
    if review.owner_id == (owner.pk if owner else None):
        return  # pressed twice
    review.owner = owner
    review.save(update_fields=["owner"])
    review.steps.create(what=step, who=_login(by), **fields)


def note(pk: int, by: Any, text: str) -> None:
    """Also of what is decided: one may learn more later."""
    Review.objects.get(pk=pk).steps.create(what="noted", who=_login(by), text=text)


# --- What is decided ------------------------------------------------------------------------------


def decide(pk: int, by: Any, choice: str, words: str, *, form_id: UUID, left: int) -> str:
    """Do it, or propose it to a second person; what came of it, in words. ``form_id`` is the press,
    ``left`` what was left to give back when it was confirmed. Raises NotDecided, NotRefunded."""
    refund: Refund | None = None
    with transaction.atomic():
        review = _locked(pk, by)
        if review.choice == choice and by.pk in (review.closed_by_id, review.proposed_by_id):
            return _came_of(review)  # pressed twice
        _is_open(review)
        if choice not in choices(review):
            raise NotDecided("That can't be done any more. Please look once more.")
        two = needs_second(review, choice, by)
        if choice == Choice.REFUND:
            refund, two = _refund(review, by, words, form_id, left)
        if two:
            review.move(
                Status.PROPOSED, "proposed", who=_login(by), text=words, choice=choice,
                proposed_by=by, refund=refund,
            )  # fmt: skip
        else:
            _close(review, by, choice, words, "decided", refund=refund)
    if refund and not two:
        refunds.carry_out(refund)
    return _came_of(review)


def _refund(review: Review, by: Any, words: str, form_id: UUID, left: int) -> tuple[Refund, bool]:
    assert review.contribution
    why = FRAUDULENT if review.kind == Kind.FRAUD_WARNING else ""
    given = review.contribution
    refund, new = refunds.begin(
        given, refunds.most(given), words, by, form_id=form_id, left=left, stripe_reason=why
    )
    if not new:
        raise NotDecided("This form was used already. Please open the page again.")
    return refund, refund.status == Refund.Status.WAITING


def approve(pk: int, by: Any, left: int) -> str:
    """The second person's word. Raises NotDecided, NotRefunded."""
    with transaction.atomic():
        review = _locked(pk, by)
        if review.status == Status.DECIDED and review.closed_by_id == by.pk:
            return _came_of(review)  # pressed twice
        _is_proposed(review)
        if review.proposed_by_id == by.pk:
            raise NotDecided("Somebody else has to approve what you proposed.")
        if refund := review.refund:
            refunds.approve(refund, by, left)
        _close(review, by, review.choice, _proposed_words(review), "approved")
    if refund:
        refunds.carry_out(refund)
    return _came_of(review)


def decline(pk: int, by: Any, words: str = "") -> str:
    """Not so: by a second person, or by who proposed it. The review is open again; a refund's own
    review is over. Raises NotDecided."""
    with transaction.atomic():
        review = _locked(pk, by)
        _is_proposed(review)
        mine = review.proposed_by_id == by.pk
        step = "taken_back" if mine else "declined"
        if refund := review.refund:
            refund.move(Refund.Status.DECLINED, approved_by=None if mine else by)
        if review.kind == Kind.REFUND_WAITS:
            review.proposed_by = None
            said = words or ("Taken back." if mine else "Declined.")
            _close(review, by, Choice.ACCEPT, said, step, proposed_by=None)
        else:
            again: dict[str, Any] = {"proposed_by": None, "refund": None, "choice": ""}
            review.move(Status.OPEN, step, who=_login(by), text=words, **again)
    return "Taken back." if mine else "Declined."


def _close(review: Review, by: Any, choice: str, words: str, step: str, **fields: Any) -> None:
    now = timezone.now()
    closed = {"closed_at": now, "closed_by": by, "decision": words[:300]}
    review.move(
        Status.DECIDED, step, who=_login(by), text=words[:300], choice=choice, **closed, **fields
    )
    if choice == Choice.BLOCK:
        _block(review, by)
    if review.kind == Kind.EVENT:  # given up: it is not tried again
        StripeEvent.objects.filter(pk=review.about).update(handled_at=now)


def _block(review: Review, by: Any) -> None:
    given = review.contribution
    if given is None or not blocking.put(given, review, _login(by)):
        raise NotDecided("Nothing is known any more of who gave it: there is nothing to block.")


# --- Rows, and what is said of them ---------------------------------------------------------------


def with_people() -> QuerySet[Review]:
    """Each with whom it is about, and who had to do with it."""
    return Review.objects.select_related(
        "contribution__donor",
        "contribution__checkout",
        "owner",
        "proposed_by",
        "closed_by",
        "refund",
    )


def _locked(pk: int, by: Any) -> Review:
    get_user_model().objects.select_for_update().get(pk=by.pk)
    given = Review.objects.filter(pk=pk).values("contribution")
    list(Contribution.objects.select_for_update().filter(pk__in=given))
    Review.objects.select_for_update().get(pk=pk)
    return with_people().get(pk=pk)


def _is_waiting(review: Review) -> None:
    if not review.waits:
        raise NotDecided(what_happened(review))


def _is_open(review: Review) -> None:
    if review.status != Status.OPEN:
        raise NotDecided(what_happened(review))


def _is_proposed(review: Review) -> None:
    if review.status != Status.PROPOSED:
        raise NotDecided(what_happened(review))


def what_happened(review: Review) -> str:
    """For who comes second."""
    if review.status == Status.PROPOSED:
        by, what = review.proposed_by or FORMER, review.get_choice_display()
        return f"{by} has proposed already: “{what}”. It waits for a second person."
    if review.status == Status.OPEN:
        return "What was proposed is taken back or declined already."
    when = date_format(timezone.localtime(review.closed_at), "DATETIME_FORMAT")
    if review.status == Status.SETTLED:
        return f"It has settled itself already, {when}."
    by, what = review.closed_by or FORMER, review.get_choice_display()
    return f"{by} has decided already, {when}: “{what}”."


def _came_of(review: Review) -> str:
    if review.status == Status.PROPOSED:
        return "It waits for a second person."
    return {
        str(Choice.REFUND): "Given back.",
        str(Choice.BLOCK): "On the block list. What comes from there is looked at.",
    }.get(review.choice, "Accepted.")


def _proposed_words(review: Review) -> str:
    step = review.steps.filter(what="proposed").last()
    return step.text if step else "Approved."


def _login(by: Any) -> str:
    return str(by.get_username())[:150]
