"""A mail provider that speaks Mailgun's API, with an inbox to look into. Its own process.

Uses nothing of ours, so that it is as strict as a stranger.
Begin with app.py.
"""
