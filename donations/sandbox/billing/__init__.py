"""Subscriptions, what they sell and for how much, their invoices and renewals."""
