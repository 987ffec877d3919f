"""What ``manage.py doctor`` looks at of giving."""

from collections.abc import Iterator
from datetime import timedelta

import stripe
from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from donations.models import CatchUp, StripeEvent
from donations.payments import gateway
from donations.payments.events import EVENTS
from newsroom.doctor import web
from newsroom.doctor.examination import Check, Finding, ok, unknown, warning, wrong
from newsroom.doctor.stores import clock_is_apart, waiting
from newsroom.doctor.table import PROXY, TABLES

PATH = "/webhooks/stripe/"
WEBHOOKS = "Stripe's dashboard, “Developers”, “Webhooks”"
LATE = timedelta(hours=3)  # it is read each hour


def checks() -> list[Check]:
    return [
        Check("Stripe's way in", webhook_is_reached, (PROXY,)),
        Check("Stripe's webhook", webhook_is_set_up, ("STRIPE_SECRET_KEY", "BASE_URL")),
        Check("Clock, by Stripe's", clock_is_right),
        Check("Events of Stripe", events_are_handled, (TABLES,)),
        Check("What Stripe knows", catch_up_runs, (TABLES,)),
    ]


def webhook_is_reached() -> Iterator[Finding]:
    yield web.hook_answers(PATH)


def webhook_is_set_up() -> Iterator[Finding]:
    try:
        yield judged(f"{settings.BASE_URL}{PATH}", gateway.webhook_endpoints())
    except stripe.AuthenticationError:
        yield wrong("Stripe refuses STRIPE_SECRET_KEY.", "Stripe's dashboard, “API keys”")
    except stripe.PermissionError:
        yield unknown("The restricted key may not ask for it.", f"look at {WEBHOOKS}")
    except gateway.FAILURES as error:
        words = f"Stripe gives no answer ({type(error).__name__})."
        yield wrong(words, "does a firewall close the way to api.stripe.com? status.stripe.com")


def judged(url: str, endpoints: list[stripe.WebhookEndpoint]) -> Finding:
    known = [one for one in endpoints if one.url == url]
    told = {name for one in known if one.status == "enabled" for name in one.enabled_events}
    missing = [] if "*" in told else sorted(EVENTS.keys() - told)
    if not known:
        return wrong(f"Stripe does not know {url}.", f"{WEBHOOKS}, “Add destination”")
    if not told:
        todo = f"mend what failed, then turn it on: {WEBHOOKS}"
        return wrong(f"Stripe has turned off {url}.", todo)
    if missing:
        words = f"Stripe does not tell of {', '.join(missing)}: we learn of it an hour late."
        return warning(words, f"add them, {WEBHOOKS}")
    return ok(f"Stripe tells {url}.")


def clock_is_right() -> Iterator[Finding]:
    seconds = web.seconds_apart(settings.STRIPE_SANDBOX or "https://api.stripe.com")
    yield (
        unknown("Stripe gives no answer.")
        if seconds is None
        else clock_is_apart("Stripe's", seconds)
    )


def events_are_handled() -> Iterator[Finding]:
    due = StripeEvent.objects.unhandled(timezone.now())
    oldest = due.aggregate(oldest=Min("next_try_at"))["oldest"]
    yield from waiting("An event of Stripe's", oldest, "worker")


def catch_up_runs() -> Iterator[Finding]:
    last = CatchUp.objects.order_by("-ran_at").values_list("ran_at", flat=True).first()
    if last and timezone.now() - last > LATE:
        hours = (timezone.now() - last).total_seconds() / 3600
        todo = "do the beat and “worker” run? manage.py stripe_catch_up reads it now"
        yield wrong(f"Its list was last read {hours:,.0f} hours ago.", todo)
