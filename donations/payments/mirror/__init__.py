"""From an object that Stripe holds now to our rows. Only sync.py calls this, under a lease.

Nothing here asks Stripe. A value that Stripe has added since opens a review; it breaks nothing.
"""
