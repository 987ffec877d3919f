"""What officers do with a review: whose it is, what is noted, and how it is decided.

Everything is done under the review's lock, and written into its history with it. Of two who press
at once one is first; the other hears what happened (NotDecided). Rows are locked in one order:
officer, contribution, review; so does whatever mirrors Stripe.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from donations import money
from donations.finance import refunds
from donations.finance.common.access import RULES
from donations.finance.review import blocking
from donations.models import Contribution, Dispute, Refund, Review, ReviewRules, StripeEvent

Status, Choice, Kind = Review.Status, Review.Choice, Review.Kind
FRAUDULENT = "fraudulent"  # Stripe's word ("Create a refund", reason)
FORMER = "a former colleague"
FURTHEST = timedelta(days=365)
BANKS = {Kind.INQUIRY, Kind.DISPUTE, Kind.APPEAL}  # whose deadline is a bank's


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
            raise NotDecided(f"{review.owner} has it. They can hand it over, or put it back.")
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


def set_deadline(pk: int, by: Any, day: date | None) -> None:
    """By its owner: until the end of that day. Raises NotDecided when it is past or too far off, or
    later than the day that a bank has set."""
    today = timezone.localdate()
    with transaction.atomic():
        review = _locked(pk, by)
        _is_waiting(review)
        if review.owner_id != by.pk:
            raise NotDecided("Who has a review sets its deadline. Take it first.")
        if day is None or not today <= day <= today + FURTHEST:
            raise NotDecided("Please choose a day from today on, within a year.")
        due_at = timezone.make_aware(datetime.combine(day, time(23, 59)))
        if bank := _banks_deadline(review):
            if day > timezone.localdate(bank):
                raise NotDecided(f"The bank waits until {_when(bank)}, and no longer.")
            due_at = min(due_at, bank)
        if review.due_at == due_at:
            return  # pressed twice
        review.due_at = due_at
        review.save(update_fields=["due_at"])
        review.steps.create(what="due", who=_login(by), text=f"Until {_when(due_at)}.")


def _banks_deadline(review: Review) -> datetime | None:
    disputes = Dispute.objects.filter(stripe_dispute=review.about)
    found = disputes.values_list("evidence_due_at", flat=True).first()
    return found if review.kind in BANKS else None


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


def may_approve(review: Review, by: Any) -> bool:
    return bool(review.kind != Kind.LIMIT or by.has_perm(RULES))


def approve(pk: int, by: Any, left: int) -> str:
    """The second person's word. Raises NotDecided, NotRefunded."""
    with transaction.atomic():
        review = _locked(pk, by)
        if _closed_by(review, by) and review.choice != Choice.DECLINE:
            return _came_of(review)  # pressed twice
        _is_proposed(review)
        if review.proposed_by_id == by.pk:
            raise NotDecided("Somebody else has to approve what you proposed.")
        if not may_approve(review, by):
            raise NotDecided("Only who may change the rules of review may approve this.")
        if refund := review.refund:
            refunds.approve(refund, by, left)
        _close(review, by, review.choice, _proposed_words(review), "approved")
    if refund:
        refunds.carry_out(refund)
    return _came_of(review)


def decline(pk: int, by: Any, words: str = "") -> str:
    """Not so: by a second person, or by who proposed it. The review is open again, unless there is
    nothing else to decide about it. Raises NotDecided."""
    with transaction.atomic():
        review = _locked(pk, by)
        if _closed_by(review, by) and review.choice == Choice.DECLINE:
            return _came_of(review)  # pressed twice
        _is_proposed(review)
        mine = review.proposed_by_id == by.pk
        step = "taken_back" if mine else "declined"
        if refund := review.refund:
            refund.move(Refund.Status.DECLINED, approved_by=None if mine else by)
        if review.kind in Review.OVER_WHEN_DECLINED:
            review.proposed_by = None
            said = words or ("Taken back." if mine else "By a second person.")
            _close(review, by, Choice.DECLINE, said, step, proposed_by=None)
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
    if review.kind == Kind.LIMIT and step == "approved":
        ReviewRules.set_limit(review)
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


def _closed_by(review: Review, by: Any) -> bool:
    return bool(review.status == Status.DECIDED and review.closed_by_id == by.pk)


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
    when = _when(review.closed_at)
    if review.status == Status.SETTLED:
        return f"It has settled itself already, {when}."
    by, what = review.closed_by or FORMER, review.get_choice_display()
    return f"{by} has decided already, {when}: “{what}”."


def _when(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def _came_of(review: Review) -> str:
    if review.status == Status.PROPOSED:
        return "It waits for a second person."
    return {
        str(Choice.REFUND): "Given back.",
        str(Choice.DECLINE): "Declined.",
        str(Choice.BLOCK): "On the block list. What comes from there is looked at.",
    }.get(review.choice, "Accepted.")


def _proposed_words(review: Review) -> str:
    step = review.steps.filter(what="proposed").last()
    return str(step.text if step else "") or "Approved."


def _login(by: Any) -> str:
    return str(by.get_username())[:150]
