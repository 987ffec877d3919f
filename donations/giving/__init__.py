"""From “Continue” to thanks, and all that a donor does afterwards on their own page.

Uses asking, payments, the models and newsroom; of subscriptions only readers.
Begin with views.py and checkout.py; portal.py is the donor's own page.
"""
