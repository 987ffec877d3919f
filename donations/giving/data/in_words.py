"""What a donor's page of their own data says: the words for each key of
``held.everything_about``. Newsletters are said as their readers have them."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from donations.giving.recurring_changes import REASONS
from donations.models.asking.amounts import CHARGED, Frequency
from newsroom.core.kept.in_words import Row, Words
from subscriptions.readers.data.in_words import DONE, NEWSLETTER, is_on_the_list, language, way

RECEIVED = {
    "processing": _("on its way"),
    "succeeded": _("arrived"),
    "failed": _("failed"),
    "partly_refunded": _("partly returned"),
    "refunded": _("returned"),
    "disputed": _("taken back by the bank"),
}
GOES_ON = {
    "active": _("goes on"),
    "trialing": _("goes on"),
    "past_due": _("The last payment failed."),
    "canceled": _("It has ended"),
    "paused": _("Paused."),
    **dict.fromkeys(("incomplete", "incomplete_expired", "unpaid"), _("Not active.")),
}
CHANGED = {
    "amount": _("Change the amount"),
    "frequency": _("Change the frequency"),
    "day": _("Change the day"),
    "pause": _("Pause"),
    "resume": _("Go on now"),
    "cancel": pgettext_lazy("what is given regularly", "Cancel"),
    "keep": _("Let it go on"),
}
REMINDED = {
    "asked": _("Not confirmed yet."),
    "waiting": _("waits"),
    "reminded": _("reminded"),
    "given": _("ended by a gift"),
    "lapsed": _("This reminder is over"),
    "cancelled": _("Reminder cancelled"),
}


def detail(value: str, row: Row) -> str:
    """Of a change, as ``recurring_changes`` writes it down for staff."""
    if row["what"] == "cancel":
        return str(dict(REASONS).get(value, value))
    if value.startswith("until "):
        day = date_format(date.fromisoformat(value.removeprefix("until ")))
        return now("Paused until %(day)s.") % {"day": day}
    if row["what"] == "day" and "-" in value:  # of an annual one
        return " → ".join(date_format(date.fromisoformat(day)) for day in value.split(" to "))
    for frequency, label in Frequency.choices:
        value = value.replace(f" {frequency}", f" {label}")
    return value.replace(" to ", " → ")


def code(value: str, row: Row) -> str:
    return value.upper()


OF_DONOR = Words(
    labels=NEWSLETTER
    | {
        "email": _("Your e-mail address"),
        "name": _("Name"),
        "language": _("Language"),
        "known_since": _("Known since %(day)s."),
        "contributions": _("Your contributions"),
        "begun_at": _("Begun on"),
        "received_at": _("Received on"),
        "amount": _("Amount"),
        "currency": _("Currency"),
        "returned": _("Returned"),
        "kept": _("What stayed with us"),
        "frequency": _("How often"),
        "paid_with": _("Paid with"),
        "receipt": _("Receipt"),
        "message": _("A word to us"),
        "company": _("Company"),
        "address": _("Postal address"),
        "purpose": _("Purpose"),
        "in_honour_of": _("In honour of"),
        "note": _("Note"),
        "not_asked_since": _(
            "Since %(day)s no mail asks you. If you begin to give again, or ask for a reminder, we "
            "take that as a yes."
        ),
        "recurring_contributions": _("What you give regularly"),
        "started_at": _("Begun on"),
        "ended_at": _("Ended on %(day)s."),
        "card": _("Card"),
        "changes": _("Changes that you asked for"),
        "detail": _("Details"),
        "at": _("Date"),
        "reminders": _("Reminders"),
        "remind_on": _("Date"),
        "zone": _("Time zone"),
        "yearly": _("Then every year."),
        "newsletters": _("Your newsletters"),
        "consents": _("What you agreed to"),
        "action": _("What"),
    },
    values={
        "language": language,
        "currency": code,
        "contributions.status": RECEIVED,
        "frequency": dict(CHARGED),
        "recurring_contributions.status": GOES_ON,
        "changes.what": CHANGED,
        "detail": detail,
        "reminders.status": REMINDED,
        "newsletters.status": is_on_the_list,
        "action": DONE,
        "how": way,
    },
    titles={"newsletters": "newsletter", "recurring_contributions": "what"},
)
