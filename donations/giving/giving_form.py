"""What the giving form shows, on its own page and under an article."""

from typing import Any

from django.http import HttpRequest

from donations import money
from donations.asking import reminders
from donations.asking.goal import goal_of
from donations.asking.words import words_of
from donations.currencies import OFFERED, currency_of
from donations.giving import methods
from donations.giving.checkout import GiveForm
from donations.models import Appeal, Country, Frequency, Variant
from newsroom.core.languages import spoken
from subscriptions.readers import signup


def giving(
    typed: Any,
    languages: str,
    form: GiveForm | None = None,
    *,
    sent: bool = False,
    appeal: Appeal | None = None,
    variant: Variant | None = None,
) -> dict[str, Any]:
    """What the giving form shows: amounts of the running appeal, and what was chosen before.

    ``typed`` is the query of a link or the fields of a form that was ``sent``, ``languages`` what
    the browser accepts: it chooses the currency until the reader does. An appeal that a link or a
    form names is asked while it runs; ``variant`` of an experiment was shown, or a form says so.
    """
    variant = variant or Variant.shown(typed.get("variant", ""))
    appeal = appeal or Appeal.named(typed.get("appeal", "")) or (variant and variant.appeal)
    appeal = appeal or Appeal.current()
    if variant and appeal and variant.appeal_id != appeal.pk:
        variant = None
    currencies = appeal.currencies() if appeal else []
    wanted = currency = typed.get("currency", "").lower()
    # An amount that was typed keeps its currency, though the appeal be over that offered it.
    if currency not in (OFFERED if sent else currencies):
        currency = currency_of(languages, currencies) or next(iter(currencies), "usd")
    frequency = typed.get("frequency", "")
    if frequency not in Frequency.values:
        frequency = appeal.frequency if appeal else Frequency.MONTHLY
    suggestions = appeal.suggestions(currency) if appeal else {}
    asked = {value: typed.get(f"amount_{value}", "") for value in Frequency.values}
    amount = typed.get("own_amount") or asked[frequency] or typed.get("amount") or ""
    if not sent and wanted not in ("", currency):
        amount = ""  # from a link: a hundred kronor are no hundred dollars
    asked[frequency] = amount
    own = own_amount(suggestions.get(frequency), amount)
    country = Country.objects.named(typed.get("country", ""))
    ticked = typed if sent else {}  # a link, which anybody can make, ticks nothing
    return {
        "appeal": appeal,
        "variant": variant.pk if variant else "",
        "words": words_of(appeal, currency) if appeal else None,
        "goal": goal_of(appeal) if appeal else None,
        "currency": OFFERED[currency],
        "habit": money.habit(spoken()),
        "fee_percent": f"{money.FEE_SHARE * 100:f}",
        "currencies": currencies,
        "frequency": frequency,
        "options": [
            option(value, suggestions.get(value), value == frequency, asked[value], own)
            for value in Frequency.values
        ],
        "own_amount": own,
        "chosen": ticked,
        "country": country,
        "offers_newsletter": signup.is_offered(),
        "closed": bool(appeal and appeal.closed_for(country)),
        "methods": methods.shown(),
        "reminder": typed.get("reminder", ""),
        # Pages come from a cache: the id of one press is made in the browser (give.js).
        "checkout_id": ticked.get("checkout", ""),
        "later": reminders.choices(),
        "form": form,
    }


def option(value: str, row: Any, chosen: bool, asked: str, own: str) -> dict[str, Any]:
    """One frequency with its suggested amounts: marked is the asked-for one, else the suggested
    one, or none beside an amount of the reader's own."""
    choices = row.choices() if row else []
    known = [choice["value"] for choice in choices]
    suggested = next((choice["value"] for choice in choices if choice["suggested"]), "")
    marked = "" if own else asked if asked in known else suggested
    return {
        "value": value,
        "label": Frequency(value).label,
        "chosen": chosen,
        "choices": [choice | {"chosen": choice["value"] == marked} for choice in choices],
        "marked": marked,
    }


def own_amount(row: Any, asked: str) -> str:
    """An amount from a link that is none of those suggested goes into the free field."""
    known = {choice["value"] for choice in row.choices()} if row else set()
    return "" if asked in known else asked[:40]


def languages(request: HttpRequest) -> str:
    return request.headers.get("Accept-Language", "")
