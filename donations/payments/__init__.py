"""What Stripe knows, mirrored: its events are hints, the newest object wins.

Uses the models and newsroom; of subscriptions the readers. Only gateway.py calls Stripe.
Begin with webhook.py, then events.py, sync.py and mirror/.
"""
