"""The donor's own page, reached by a mailed link: contributions, receipts, changes, their data."""

import logging
from typing import Any

import stripe
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from donations import money
from donations.asking import ask_cookie, may_ask
from donations.giving import emails, erasure, receipts, recurring_changes
from donations.giving.data import held, in_words
from donations.giving.links import LINKS
from donations.giving.recurring_changes import RecurringChangeForm
from donations.models import (
    Contribution,
    Donor,
    Erasure,
    Frequency,
    Receipt,
    RecurringChange,
    RecurringContribution,
)
from donations.payments import gateway
from newsroom.core import paths
from newsroom.core.languages import spoken
from newsroom.core.privacy import giving_index, list_index
from newsroom.mail import asked, outbox
from newsroom.mail.addresses import AddressField
from newsroom.models import Suppression
from newsroom.web import proof_of_work
from newsroom.web.http import (
    INCOMPLETE,
    address_of,
    behind_link,
    dead_link,
    json_file,
    see_other,
)
from newsroom.web.public_forms import own_forms_only, refusal

log = logging.getLogger(__name__)

EXPIRED = _("This link has expired. Ask for a new one at /support/manage/.")
MANAGE_SECONDS = 24 * 3600
REFUSED = _("Our payment provider refuses this change. Please reload the page.")
NOT_TAKEN = _("Our payment provider did not take the change. Please try again.")
# What Stripe has deleted before it fell silent is gone.
NOT_ERASED = _(
    "Our payment provider does not answer, so not everything is erased yet. Please try again in a "
    "few minutes."
)


# Of a change: fields that one sees, and so where their errors stand.
AT_THEIR_FIELD = {"amount", "months", "day", "reason", "later"}


class AddressForm(forms.Form):
    email = AddressField(max_length=254)


@never_cache
@own_forms_only
@require_http_methods(["GET", "HEAD", "POST"])
def manage_request(request: HttpRequest) -> HttpResponse:
    """Mail a link to the donor's own page. The answer is the same for every address."""
    if request.method != "POST":
        sent = "sent" in request.GET
        return render(request, "donations/giving/manage_request.html", {"sent": sent})
    form = AddressForm(request.POST)
    refused = refusal(request, form, "link", **LINKS) or proof_of_work.first(
        asked.needs_work(request, form.cleaned_data["email"])
    )
    if refused:
        context = {"form": form} | refused._asdict()
        template = "donations/giving/manage_request.html"
        return render(request, template, context, status=refused.status)
    asked.ask("manage_link", form.cleaned_data["email"])
    return redirect(f"{reverse('manage_request')}?sent")


def asked_for_link(email: str) -> bool:
    """What the form's job does (newsroom/mail/asked.py). Who wants no mail ever again gets none,
    whoever types their address; who complained of a newsletter still reaches their page."""
    donor = Donor.objects.filter(email_index=giving_index(email)).first()
    if donor is None or Suppression.never_again(list_index(email)):
        return False
    return outbox.post("manage_link", donor.pk, key=f"{donor.pk}-{outbox.ten_minutes()}")


own = behind_link("manage", MANAGE_SECONDS, Donor, EXPIRED)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, donor: Donor, token: str) -> HttpResponse:
    """What was given, and what is given regularly: changed here; only the card is at Stripe."""
    said: dict[str, Any] = {}
    status, chosen = 200, None
    if request.method == "POST" and "asking" in request.POST:
        said, status = {"done": asking(donor, request.POST["asking"])}, 200
    elif request.method == "POST":
        number = paths.number_of(request.POST.get("recurring", ""))
        chosen = donor.recurring.filter(pk=number).first()
        if chosen is None:
            return redirect("manage", token)
        if "card" in request.POST:
            return to_stripe(request, chosen)
        form = RecurringChangeForm(request.POST, chosen)
        look = form.to_confirm() if form.is_valid() else None
        if look or form.readings:
            context = {"form": form, "recurring": chosen, "token": token, "look": look}
            status = 400 if form.readings else 200
            return render(request, "donations/giving/confirm_change.html", context, status=status)
        said, status = change(form)
    contributions = (
        donor.contributions.exclude(status=Contribution.Status.FAILED)
        .select_related("receipt")
        .prefetch_related("stripe_refunds")
    )
    shown: dict[str, Any] = {
        "token": token,
        "contributions": contributions[:200],
        "years": receipts.years_of(donor),
        "rows": [
            {
                "recurring": recurring,
                "lower": recurring_changes.lower(recurring),
                "under_way": recurring_changes.under_way(recurring),
                "offered": recurring_changes.offered(recurring),
                "other": other(recurring),
                "day": timezone.localtime(recurring.renews_at).day if recurring.renews_at else 1,
                "annual": recurring.frequency == Frequency.ANNUAL,
                "later_days": recurring.in_later_months(timezone.now()),
                "wrong": said.get("wrong", {}) if recurring == chosen else {},
            }
            for recurring in donor.recurring.order_by("-started_at")
        ],
        "reasons": recurring_changes.REASONS,
        "months": recurring_changes.MONTHS,
        "later": recurring_changes.LATER,
        "days": range(1, 29),
        "not_asked_since": donor.not_asked_since,
    }
    response = render(request, "donations/giving/manage.html", shown | said, status=status)
    if any(row["recurring"].going for row in shown["rows"]):  # a supporter is not asked
        until = timezone.now() + ask_cookie.AFTER_CONTRIBUTION["monthly"]
        ask_cookie.hide(request, response, until)
    return response


@own
@require_safe
def receipt(request: HttpRequest, donor: Donor, token: str, pk: int) -> HttpResponse:
    found = Receipt.objects.select_related("contribution__donor").filter(
        pk=pk, contribution__donor=donor
    )
    if one := found.first():
        return pdf(receipts.receipt(one), f"receipt-{one}")
    return dead_link(request, INCOMPLETE, 404)


@own
@require_safe
def statement(request: HttpRequest, donor: Donor, token: str, year: int) -> HttpResponse:
    document = receipts.statement(donor, year) if year < 10000 else None
    if document is None:
        return dead_link(request, _("You gave nothing in that year."), 404)
    return pdf(document, f"contributions-{year}")


def pdf(document: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return HttpResponse(document, content_type="application/pdf", headers=headers)


@own
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, donor: Donor, token: str) -> HttpResponse:
    """GET shows what we hold about them, POST gives it as JSON."""
    everything = held.everything_about(donor)
    if request.method == "POST":
        return json_file(everything, "my-data")
    return render(request, "own_data.html", {"told": in_words.OF_DONOR.of(everything)})


class EraseForm(forms.Form):
    form_id = forms.UUIDField(required=False)


def erased(request: HttpRequest) -> HttpResponse | None:
    """What the press was told that has erased them, for the same press again."""
    form = EraseForm(request.POST)
    form_id = form.cleaned_data["form_id"] if form.is_valid() else None
    if form_id is None or not Erasure.objects.filter(form_id=form_id).exists():
        return None
    return render(request, "donations/giving/erased.html")


@behind_link("manage", MANAGE_SECONDS, Donor, EXPIRED, gone=erased)
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, donor: Donor, token: str) -> HttpResponse:
    """GET says what goes and what stays; POST does it."""
    context: dict[str, Any] = {
        "going": [recurring for recurring in donor.recurring.all() if recurring.going]
    }
    if request.method != "POST":
        return render(request, "donations/giving/erase.html", context | {"token": token})
    form = EraseForm(request.POST)
    try:
        erasure.erase(donor, form.cleaned_data["form_id"] if form.is_valid() else None)
    except gateway.FAILURES as error:
        log.warning("Donor not erased: %s", type(error).__name__)
        context |= {"token": token, "problem": NOT_ERASED}
        return render(request, "donations/giving/erase.html", context, status=503)
    return render(request, "donations/giving/erased.html")


def asking(donor: Donor, may: str) -> Any:
    """They say whether we may ask them by mail; the answer to that. Whatever is not “yes” is no."""
    if may == "yes":
        may_ask.again([donor.pk])
        donor.not_asked_since = None
        return _("Thank you. We may write to you again.")
    now = timezone.now()
    may_ask.not_any_more([donor.pk], now)
    donor.not_asked_since = timezone.localdate(now)
    return _("From now on no mail asks you for support.")


def change(form: RecurringChangeForm) -> tuple[dict[str, Any], int]:
    """What to tell the donor about the change they asked for, and the status."""
    if not form.is_valid():
        shown = form["do"].value() in recurring_changes.offered(form.recurring)
        if shown and AT_THEIR_FIELD & form.errors.keys():
            return {"wrong": {form["do"].value(): form}}, 400
        problem = next(iter(form.errors.values()))[0]
        return {"problem": problem}, 400
    try:
        return {"done": recurring_changes.apply(form, timezone.now())}, 200
    except recurring_changes.NotChangeable:
        return {"problem": recurring_changes.NOT_CHANGEABLE}, 409
    except recurring_changes.Stale:
        return {"problem": recurring_changes.STALE}, 409
    except stripe.InvalidRequestError as error:
        log.warning("Stripe refuses a change: %s", error.code)
        return {"problem": REFUSED}, 409
    except gateway.FAILURES as error:
        log.warning("A recurring contribution was not changed: %s", type(error).__name__)
        return {"problem": NOT_TAKEN}, 503


def other(recurring: RecurringContribution) -> dict[str, Any] | None:
    """The other frequency, with an amount that comes to the same in a year; None when it can't be
    changed here."""
    if RecurringChange.What.FREQUENCY not in recurring_changes.offered(recurring):
        return None
    monthly = recurring.frequency == Frequency.MONTHLY
    amount = recurring.amount * 12 if monthly else recurring.amount // 12
    found = Frequency.ANNUAL if monthly else Frequency.MONTHLY
    return {"value": found.value, "amount": money.chargeable(amount, recurring.currency)}


def to_stripe(request: HttpRequest, recurring: RecurringContribution) -> HttpResponse:
    """Stripe's own pages: where an open renewal is paid or confirmed, else where the card is."""
    try:
        unpaid = recurring.status == "past_due"
        url = gateway.open_invoice_url(recurring.stripe_subscription) if unpaid else ""
        return see_other(
            url
            or gateway.stripe_portal_url(recurring.stripe_customer, address_of(request), spoken())
        )
    except stripe.StripeError:
        return render(request, "503.html", {"message": gateway.BUSY}, status=503)


@behind_link("update payment", emails.UPDATE_PAYMENT_SECONDS, RecurringContribution, EXPIRED)
@require_http_methods(["GET", "HEAD", "POST"])
def update_payment(
    request: HttpRequest, recurring: RecurringContribution, token: str
) -> HttpResponse:
    """From the mail about a failed payment: to the card and to nothing else, for three weeks."""
    if not recurring.going or recurring.donor_id is None:
        return dead_link(request, _("This contribution has ended: there is nothing to pay."), 410)
    if request.method == "POST":
        return to_stripe(request, recurring)
    return render(request, "donations/giving/update_payment.html", {"recurring": recurring})
