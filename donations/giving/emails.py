"""The mails to a donor: the words of each, and from a row's id to whom it goes, or None when it is
no longer due.

Neutral by default: a lock screen or a shared inbox must not tell that somebody gives. Editors may
choose other subjects (GivingWords).
"""

from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from donations import money
from donations.asking import may_ask
from donations.asking.may_ask import Asking
from donations.giving import recurring_changes
from donations.giving.links import manage_url, update_payment_url
from donations.models import (
    Checkout,
    Contribution,
    Dispute,
    Donor,
    Frequency,
    GivingWords,
    Receipt,
    RecurringChange,
    RecurringContribution,
)
from donations.models.recurring import UNDER_WAY, RecurringQuerySet
from donations.payments import gateway
from newsroom.core.privacy import list_index
from newsroom.mail.catalogue import Letter, NotYet, mail
from newsroom.models import Suppression
from newsroom.web.http import absolute_url

UPDATE_PAYMENT_SECONDS = 21 * 24 * 3600  # as long as Stripe may go on trying
AGAIN: dict[str, Any] = {
    Frequency.MONTHLY: _("It comes again every month."),
    Frequency.ANNUAL: _("It comes again every year."),
}


@mail(
    "thanks",
    subject=_("Thank you"),
    paragraphs=[
        _("Dear {name},"),
        _("We have received {amount} on {day}. Thank you: you keep us independent."),
        "{again}",
        _(
            "Your own page shows everything, and lets you change or end it. Your receipt {receipt} "
            "is there too."
        ),
    ],
    button=_("Open my page"),
    small=_("That link works for a day; a new one is at {page}"),
)
def thanks(contribution_id: int) -> Letter | None:
    """Raises NotYet while a dispute of it lasts: one that is won leaves a gift to thank for."""
    found = Contribution.objects.select_related("donor", "recurring", "receipt")
    contribution = found.filter(pk=contribution_id).first()
    if contribution is None or contribution.donor is None:
        return None
    if contribution.disputes.filter(status__in=Dispute.LASTS).exists():
        raise NotYet
    if contribution.status not in Contribution.STILL_THERE:
        return None
    about = {
        "name": contribution.donor.name,
        "amount": money.shown(contribution.amount, contribution.currency),
        "day": contribution.received_at or contribution.created_at,
        "again": AGAIN.get(contribution.frequency, ""),
        "receipt": contribution.receipt_number and contribution.receipt,
        "page": absolute_url("manage_request"),
    }
    return _to_donor("thanks", contribution.donor, about, manage_url(contribution.donor))


@mail(
    "contribution_failed",
    subject=_("A payment did not go through"),
    paragraphs=[
        _(
            "Your bank has not let your payment of {amount} through. Nothing was charged, and "
            "nothing is owed."
        ),
        _("Should you want to try again, perhaps another way:"),
    ],
    button=_("Try again"),
)
def contribution_failed(contribution_id: int) -> Letter | None:
    """A debit that the page called on its way was refused by the bank, days later."""
    found = Contribution.objects.select_related("donor").filter(pk=contribution_id)
    contribution = found.filter(status=Contribution.Status.FAILED).first()
    if contribution is None or contribution.donor is None:
        return None
    about = {"amount": money.shown(contribution.amount, contribution.currency)}
    return _to_donor("payment_failed", contribution.donor, about, absolute_url("support"))


@mail(
    "recovery",
    subject=_("You were not finished"),
    paragraphs=[
        _(
            "You were about to give, and something came between. If you like, go on where you left "
            "off. We won't ask again."
        )
    ],
    button=_("Go on"),
)
def recovery(checkout_id: int) -> Letter | None:
    """To who left Stripe's page and agreed there to be asked once, and has not given meanwhile.
    Their address is Stripe's: it is read now and not kept."""
    checkout = Checkout.objects.filter(pk=checkout_id).first()
    if checkout is None or not checkout.session_id:
        return None
    if Contribution.objects.filter(checkout__form_id=checkout.form_id).exists():
        return None
    session = gateway.session(checkout.session_id)
    email = session.customer_details.email if session.customer_details else None
    after = session.after_expiration
    url = after.recovery.url if after and after.recovery else None
    if not email or not url:
        return None
    since = checkout.created_at.replace(microsecond=0)  # Stripe tells whole seconds
    if may_ask.why_not(Asking(email, since, wished_on=timezone.localdate(since))):
        return None
    return Letter(email, checkout.language, url=url, subject=GivingWords.load().recovery)


@mail(
    "manage_link",
    awaited=True,
    subject=_("Your link"),
    paragraphs=[_("Here is the link to your own page. It works for a day.")],
    button=_("Open my page"),
    small=_("You did not ask for this? Then do nothing."),
)
def manage_link(donor_id: int) -> Letter | None:
    donor = Donor.objects.filter(pk=donor_id).first()
    if donor is None or Suppression.never_again(list_index(donor.email)):
        return None
    return _to_donor("manage_link", donor, {}, manage_url(donor))


@mail(
    "receipt_again",
    awaited=True,
    subject=_("Your receipt"),
    paragraphs=[_("Here is your receipt {receipt} again: it is on your own page.")],
    button=_("Open my page"),
    small=_("That link works for a day; a new one is at {page}"),
)
def receipt_again(receipt_id: int) -> Letter | None:
    found = Receipt.objects.select_related("contribution__donor").filter(pk=receipt_id).first()
    if found is None or found.contribution.donor is None:
        return None
    return _on_their_page(found.contribution.donor, {"receipt": str(found)})


@mail(
    "statement_again",
    awaited=True,
    subject=_("Your statement"),
    paragraphs=[_("Your statement of all that you gave in {year} is on your own page.")],
    button=_("Open my page"),
    small=_("That link works for a day; a new one is at {page}"),
)
def statement_again(donor_id: int, year: int) -> Letter | None:
    donor = Donor.objects.filter(pk=donor_id).first()
    return _on_their_page(donor, {"year": str(year)}) if donor else None


def _on_their_page(donor: Donor, about: dict[str, Any]) -> Letter:
    about |= {"page": absolute_url("manage_request")}
    return Letter(donor.email, donor.language, about, manage_url(donor))


# --- What is given regularly ----------------------------------------------------------------

CARD = _("You pay with {card}.")  # left out where we don't know it
LONGEST_AHEAD = 30  # days


@mail(
    "payment_failed",
    subject=_("A payment did not go through"),
    paragraphs=[
        _(
            "Your last payment of {amount} did not go through. That happens: cards expire, limits "
            "are reached, accounts are closed."
        ),
        CARD,
        _(
            "It is tried again in the next days. If your card or account has changed, please tell "
            "us here:"
        ),
    ],
    button=_("Check my card"),
)
def payment_failed(recurring_id: int) -> Letter | None:
    failed = RecurringContribution.objects.past_due()
    return _about_recurring("payment_failed", recurring_id, failed)


@mail(
    "action_required",
    subject=_("Your bank has a question"),
    paragraphs=[
        _("Your bank wants to hear from you before it lets your payment of {amount} through."),
        CARD,
        _("One press on the page behind this button is enough:"),
    ],
    button=_("Answer my bank"),
)
def action_required(recurring_id: int) -> Letter | None:
    failed = RecurringContribution.objects.past_due()
    return _about_recurring("action_required", recurring_id, failed)


@mail(
    "last_call",
    subject=_("A payment still does not go through"),
    paragraphs=[
        _(
            "Your payment of {amount} has failed several times. If it fails once more, what you "
            "give regularly ends by itself, and nothing is owed."
        ),
        CARD,
        _("If you would like it to go on, please check your card:"),
    ],
    button=_("Check my card"),
)
def last_call(recurring_id: int) -> Letter | None:
    failed = RecurringContribution.objects.past_due()
    return _about_recurring("last_call", recurring_id, failed)


@mail(
    "recurring_ended",
    subject=_("It has ended"),
    paragraphs=[
        _("What you gave regularly, {amount}, has ended. Nothing more is charged."),
        UNDER_WAY,
        _("Thank you for all of it."),
        "{again}",
    ],
    button=_("Give again"),
)
def recurring_ended(recurring_id: int) -> Letter | None:
    """It has to be said to everybody; whom no mail may ask is not asked by it, either."""
    ended = RecurringContribution.objects.filter(ended_at__isnull=False)
    letter = _about_recurring("recurring_ended", recurring_id, ended)
    if letter is None or may_ask.why_not(Asking(str(letter.to), timezone.now())):
        return letter
    again = _("Should you want to begin again, now or later:")
    return replace(letter, about={**letter.about, "again": again}, url=absolute_url("support"))


@mail(
    "card_expiring",
    subject=_("Your card will expire soon"),
    paragraphs=[
        _("The card with which you give {amount} is good until {expires} only: {card}."),
        _("Your bank may have told us about a new one already. If not, please enter it here:"),
    ],
    button=_("Check my card"),
)
def card_expiring(recurring_id: int) -> Letter | None:
    soon = RecurringContribution.objects.card_expires_soon(timezone.localdate())
    return _about_recurring("card_expiring", recurring_id, soon)


@mail(
    "renewal",
    subject=_("Before it renews"),
    paragraphs=[
        _("On {renews} {amount} is charged again, as each year."),
        CARD,
        _("You need not do anything. To change the amount, or to end it:"),
    ],
    button=_("Change or end it"),
)
def renewal(recurring_id: int) -> Letter | None:
    soon = RecurringContribution.objects.renews_soon(timezone.localdate(), LONGEST_AHEAD)
    return _about_recurring("renewal", recurring_id, soon)


@mail(
    "changed_for_you",
    subject=_("What you give regularly"),
    paragraphs=[
        _("We have changed what you give regularly, as you asked us to."),
        "{change}",
        _("Was it not you who asked? Then please answer this mail. Your page shows everything:"),
    ],
    button=_("Open my page"),
)
def changed_for_you(change_id: int) -> Letter | None:
    """A colleague did it for them."""
    found = RecurringChange.objects.select_related("recurring__donor").filter(pk=change_id)
    change = found.exclude(done_at=None).first()
    recurring = change.recurring if change else None
    if change is None or recurring is None or recurring.donor is None:
        return None
    amount = money.shown(recurring.amount, recurring.currency)
    words: Any = recurring_changes.CANCELLED
    if change.what == RecurringChange.What.AMOUNT:
        words = format_lazy(recurring_changes.FROM_NEXT_ON, amount=amount)
    donor = recurring.donor
    return Letter(donor.email, donor.language, {"change": words}, manage_url(donor))


def _about_recurring(name: str, pk: int, still: RecurringQuerySet) -> Letter | None:
    """``still``: among which it has to be at the moment of sending for the mail to make sense."""
    recurring = still.select_related("donor").filter(pk=pk).first()
    if recurring is None or recurring.donor is None:
        return None
    about = {
        "amount": money.shown(recurring.amount, recurring.currency),
        "card": recurring.card,
        "under_way": recurring.under_way,
        "again": "",
        "expires": recurring.card_expires_on or "",
        "renews": recurring.renews_at and timezone.localdate(recurring.renews_at),
    }
    if name == "recurring_ended":
        url = ""
    elif name == "renewal":
        url = manage_url(recurring.donor)
    else:
        url = update_payment_url(recurring)
    return _to_donor(name, recurring.donor, about, url)


def _to_donor(subject: str, donor: Donor, about: dict[str, Any], url: str) -> Letter:
    """``subject``: which of GivingWords may stand in its place."""
    chosen = getattr(GivingWords.load(), subject)
    return Letter(donor.email, donor.language, about, url, subject=chosen)
