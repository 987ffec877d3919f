"""Webhooks: each event is sent until it is taken, at least once, in no promised order."""

import json
import logging
import threading
import time

import requests
import stripe

from .store import WEBHOOK_SECRET, WEBHOOK_URL, store

log = logging.getLogger("stripe-sandbox")

# Seconds until an undelivered event is sent again; Stripe goes on for three days.
RETRIES = [1, 5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600, 24 * 3600]


def deliver_for_ever() -> None:
    session = requests.Session()
    while True:
        due: list[tuple[str, int]] = []
        try:
            due = store.due_deliveries()
            for event_id, tries in due:
                deliver(session, event_id, tries)
        except Exception:
            log.exception("Delivery failed")
        if not due:
            time.sleep(0.1)


def deliver(session: requests.Session, event_id: str, tries: int) -> None:
    payload = json.dumps(store.get(event_id), indent=2)
    signature = stripe.WebhookSignature.generate_signature_header(payload, WEBHOOK_SECRET)
    try:
        answer = session.post(
            WEBHOOK_URL,
            data=payload.encode(),
            headers={"Stripe-Signature": signature, "Content-Type": "application/json"},
            timeout=10,
        )
        said, taken = str(answer.status_code), answer.ok
    except requests.RequestException as failure:
        said, taken = type(failure).__name__, False
    again = None
    if store.fact(f"send twice {event_id}"):
        store.set_fact(f"send twice {event_id}", "")
        again = store.now()
    elif not taken and tries < len(RETRIES):
        again = store.now() + RETRIES[tries]
    store.delivered(event_id, said, again)


def start() -> None:
    if WEBHOOK_URL:
        threading.Thread(target=deliver_for_ever, daemon=True).start()
