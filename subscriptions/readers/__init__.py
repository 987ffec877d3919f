"""A reader's way onto a list and off it, their own page, and the mails about it.

Uses the models and newsroom (mail, core).
Begin with signup.py: sign up, confirm, unsubscribe.
"""
