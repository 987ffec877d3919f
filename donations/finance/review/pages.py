"""The queue, and one review: whose it is, what was noted, and how it is decided."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access

from donations.finance import refunds
from donations.finance.common.access import (
    BLOCK_LIST,
    DECIDE,
    EXPLAIN_LINES,
    IDENTITIES,
    VIEW,
    who,
)
from donations.finance.common.saying import say
from donations.finance.review import blocking, deciding, watching, words
from donations.models import Review, ReviewStep
from newsroom.core import paths
from newsroom.staff.gate import needs_fresh_proof
from newsroom.staff.pages import AdminPage

SHOWN, LATELY = 200, 20
WORDS, NOTE = 300, 2000  # letters
MINE, NOBODYS = "mine", "nobodys"
PROPOSED = ReviewStep.What.PROPOSED


class Reviews(AdminPage):
    """Sorted by their deadlines; all, mine, or those that nobody has taken."""

    template_name = "donations/finance/review/queue.html"
    page_title = "Review"
    header_icon = "warning"
    permission_required = VIEW

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, whose = self.request.user, self.request.GET.get("whose", "")
        knows = user.has_perm(IDENTITIES)
        filters: dict[str, Any] = {MINE: {"owner": user.pk}, NOBODYS: {"owner": None}}
        of: dict[str, Any] = filters.get(whose, {})
        waiting = Review.objects.waiting()
        rows = waiting.filter(**of).select_related(
            "contribution__donor", "contribution__checkout", "contribution__offline",
            "owner", "proposed_by",
        )  # fmt: skip
        closed = Review.objects.closed().select_related("closed_by").order_by("-closed_at")
        return super().get_context_data(**kwargs) | {
            "rows": [
                {
                    "review": one,
                    "why": words.why(one, knows),
                    "who": who(one.contribution, self.request) if one.contribution else "",
                }
                for one in rows[:SHOWN]
            ],
            "closed": [
                (one, words.why(one, knows), words.decision(one, knows)) for one in closed[:LATELY]
            ],
            "overdue": waiting.filter(due_at__lt=timezone.now()).count(),
            "more": max(waiting.filter(**of).count() - SHOWN, 0),
            "whose": whose if of else "",
            "may_decide": user.has_perm(DECIDE),
            "may_block": user.has_perm(BLOCK_LIST),
            "now": timezone.now(),
        }


class ReviewPage(AdminPage):
    template_name = "donations/finance/review/one.html"
    header_icon = "warning"
    permission_required = VIEW
    breadcrumbs_items = [
        *AdminPage.breadcrumbs_items,
        {"url": reverse_lazy("reviews"), "label": "Review"},
    ]

    def get_page_title(self) -> str:
        return str(self.review)

    @cached_property
    def review(self) -> Review:
        return _review(self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        review, user = self.review, self.request.user
        knows = user.has_perm(IDENTITIES)
        given, may = review.contribution, user.has_perm(DECIDE)
        left, steps = refunds.most(given) if given else 0, list(review.steps.all())
        fraud = review.kind == Review.Kind.FRAUD_WARNING
        there = watching.from_there(review)
        others = list(there[:SHOWN])
        return super().get_context_data(**kwargs) | {
            "review": review,
            "why": words.why(review, knows),
            "decision": words.decision(review, knows),
            "who": who(given, self.request) if given else "",
            "sides": words.sides(review, user.has_perm(EXPLAIN_LINES)),
            "others": [(one, who(one, self.request)) for one in others],
            "more": there.count() - SHOWN if len(others) == SHOWN else 0,
            "forgotten": review.kind == Review.Kind.MANY_SMALL and not others,
            "steps": [(one, words.of_step(one, knows)) for one in steps],
            "proposed": next(
                (words.of_step(one, knows) for one in reversed(steps) if one.what == PROPOSED), ""
            ),
            "may_decide": may,
            "choices": deciding.choices(review) if may else [],
            "two": [one for one in Review.Choice.values if deciding.needs_second(review, one, user)]
            if may
            else [],
            "marks": blocking.in_words(given) if given else [],
            "left": left,
            "going_back": review.refund.amount if review.refund else left,
            "fraud": fraud,
            "form_id": uuid4(),
            "officers": deciding.officers().exclude(pk=review.owner_id) if may else [],
            "may_approve": may and deciding.may_approve(review, user),
            "now": timezone.now(),
            "today": timezone.localdate(),
        }


def again(request: HttpRequest, pk: int, text: str, field: str, status: int = 409) -> HttpResponse:
    """The review as it is by now, with what was typed: whoever comes second loses no word of it.
    ``field``: which form they typed it into; when that is gone it can become a note."""
    page = ReviewPage()
    page.setup(request, pk=pk)
    there = page.get_context_data(pk=pk)
    offered = {"decide": there["choices"], "decline": page.review.status == Review.Status.PROPOSED}
    kept = {field if offered.get(field) else "note": text}
    return page.render_to_response(there | {"kept": kept, "was": field}, status=status)


class DecisionForm(forms.Form):
    """What, why; and, once it was confirmed, what was left to give back then."""

    do = forms.ChoiceField(
        choices=Review.Choice,
        error_messages={"required": "Choose what to do.", "invalid_choice": "Choose what to do."},
    )
    words = forms.CharField(
        max_length=WORDS,
        error_messages={"required": "Please write in a few words what was decided."},
    )
    form_id = forms.UUIDField(required=False)
    confirmed = forms.IntegerField(required=False)


@require_admin_access
@permission_required(DECIDE, raise_exception=True)
@require_POST
@needs_fresh_proof
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept at once; refund and block are shown once more first. Much is proposed."""
    review, form = _review(pk), DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return again(request, pk, typed(request, "words"), "decide", 400)
    asked, given = form.cleaned_data, review.contribution
    choice, left = asked["do"], refunds.most(given) if given else 0
    if "back" in request.POST:
        return again(request, pk, asked["words"], "decide", 200)
    if choice != Review.Choice.ACCEPT and asked["confirmed"] is None:
        if choice not in deciding.choices(review):
            messages.error(request, _why_not(review))
            return again(request, pk, asked["words"], "decide")
        context = {
            "review": review,
            "contribution": given,
            "choice": choice,
            "words": asked["words"],
            "left": left,
            "marks": blocking.in_words(given) if given else [],
            "two": deciding.needs_second(review, choice, request.user),
            "fraud": review.kind == Review.Kind.FRAUD_WARNING,
            "form_id": uuid4(),
            "who": who(given, request) if given else "",
        }
        return render(request, "donations/finance/review/confirm.html", context)
    done = say(
        request,
        lambda: deciding.decide(
            pk,
            request.user,
            choice,
            asked["words"],
            form_id=asked["form_id"] or uuid4(),
            left=asked["confirmed"] or 0,
        ),
    )
    if not done:
        return again(request, pk, asked["words"], "decide")
    messages.success(request, done)
    return redirect("review", pk)


def _why_not(review: Review) -> str:
    if review.status != Review.Status.OPEN:
        return deciding.what_happened(review)
    return "That can't be done any more: nothing is left to give back, or nothing is known of them."


@require_admin_access
@permission_required(DECIDE, raise_exception=True)
@require_POST
@needs_fresh_proof
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person's word: do=approve, with what was ``left`` on their page; do=decline, which
    takes one's own proposal back."""
    _review(pk)
    text = typed(request, "words")
    if len(text) > WORDS:
        messages.error(request, f"Please use fewer than {WORDS + 1} letters. Nothing was done.")
        return again(request, pk, text, "decline", 400)
    left = paths.number_of(request.POST.get("left", ""))
    do: Callable[[], str] | None = {
        "approve": lambda: deciding.approve(pk, request.user, left),
        "decline": lambda: deciding.decline(pk, request.user, text),
    }.get(request.POST.get("do", ""))
    if do is None:
        messages.error(request, "Approve it, or decline it.")
    elif done := say(request, do):
        messages.success(request, done)
    elif text:
        return again(request, pk, text, "decline")
    return redirect("review", pk)


@require_admin_access
@permission_required(DECIDE, raise_exception=True)
@require_POST
def own(request: HttpRequest, pk: int) -> HttpResponse:
    """do=take, do=let_go, do=hand_over with ``to``, do=due with ``until``."""
    _review(pk)
    until = day_of(request.POST.get("until", ""))
    to = deciding.officers().filter(pk=paths.number_of(request.POST.get("to", ""))).first()
    do: Callable[[], None] | None = {
        "take": lambda: deciding.take(pk, request.user),
        "let_go": lambda: deciding.let_go(pk, request.user),
        "hand_over": lambda: deciding.hand_over(pk, request.user, to),
        "due": lambda: deciding.set_deadline(pk, request.user, until),
    }.get(request.POST.get("do", ""))
    if do is None:
        messages.error(request, "Take it, put it back, or hand it over.")
    elif say(request, do):
        messages.success(request, "Done.")
    return redirect("review", pk)


@require_admin_access
@permission_required(DECIDE, raise_exception=True)
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    _review(pk)
    text = typed(request, "text")
    if not text:
        messages.error(request, "Please write the note first.")
    elif len(text) > NOTE:
        messages.error(request, f"Not noted: it has {len(text):,} letters, and {NOTE:,} fit.")
        return again(request, pk, text, "note", 400)
    else:
        deciding.note(pk, request.user, text)
        messages.success(request, "Noted.")
    return redirect("review", pk)


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def typed(request: HttpRequest, field: str) -> str:
    """As it was counted while it was typed: browsers send two signs for the end of a line."""
    return request.POST.get(field, "").replace("\0", "").replace("\r\n", "\n").strip()


def _review(pk: int) -> Review:
    return get_object_or_404(deciding.with_people(), pk=pk)
