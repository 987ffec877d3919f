"""Stripe's webhook: verify, store once, answer; a task does the rest."""

import stripe
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from donations import gateway
from donations.catch_up import row_of
from donations.models import StripeEvent
from donations.tasks import process_event
from newsroom.jobs import after_commit


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """400 for what Stripe did not sign; 200 for the rest, also when we have it already."""
    try:
        event = gateway.verified_event(request.body, request.headers.get("Stripe-Signature"))
        row = row_of(event)
    except (stripe.SignatureVerificationError, ValueError, KeyError, AttributeError, TypeError):
        return HttpResponse("Not signed by Stripe.", status=400, content_type="text/plain")
    with transaction.atomic():
        if StripeEvent.objects.bulk_create([row], ignore_conflicts=True):
            after_commit(process_event, row.pk)
    return HttpResponse("ok", content_type="text/plain")
