"""Double entry for all that moves at Stripe, in the bank and by hand; and that it all agrees.

Uses the models and payments; finance shows it.
Begin with postings.py, then booking.py.
"""
