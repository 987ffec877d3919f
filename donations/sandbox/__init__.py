"""A local Stripe, as strict as the contract in the installed package. Its own process.

Uses nothing of ours, so that it is as strict as a stranger.
Begin with app.py, then api.py; contract.py holds requests and objects to Stripe's types.
"""
