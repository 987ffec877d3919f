"""Stripe's webhook: verify, store once, answer; a task does the rest."""

import logging

import stripe
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from donations.models import StripeEvent
from newsroom.core.jobs import after_commit
from newsroom.web.http import UNREADABLE

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """400 for what Stripe did not sign; 200 for the rest, also when we have it already, and when
    it is none of our business: Stripe would send it again for days."""
    try:
        event = verified_event(request.body, request.headers.get("Stripe-Signature"))
        row = StripeEvent.of(event)
    except (stripe.SignatureVerificationError, *UNREADABLE):
        return HttpResponse("Not signed by Stripe.", status=400, content_type="text/plain")
    if foreign(event):
        log.warning("Event %s is of another account or mode: ignored", row.pk)
        return HttpResponse("ignored", content_type="text/plain")
    with transaction.atomic():
        for new in StripeEvent.objects.take_in([row]):
            after_commit("donations.tasks.process_event", new)
    return HttpResponse("ok", content_type="text/plain")


def verified_event(payload: bytes, signature: str | None) -> stripe.Event:
    """The event in a webhook's body. Two secrets are tried while one is being replaced.

    Raises stripe.SignatureVerificationError or ValueError ("Webhooks": verify signatures).
    """
    *others, last = settings.STRIPE_WEBHOOK_SECRETS
    for secret in others:
        try:
            return stripe.Webhook.construct_event(payload, signature, secret)
        except stripe.SignatureVerificationError:
            continue
    return stripe.Webhook.construct_event(payload, signature, last)


def foreign(event: stripe.Event) -> bool:
    """Of a connected account, or of test mode while real money is at stake (or the other way
    round): its object can't be retrieved with our key."""
    live = settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
    return bool(getattr(event, "account", None)) or getattr(event, "livemode", live) != live
