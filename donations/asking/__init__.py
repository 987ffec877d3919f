"""The ask: when a visitor sees it, and “remind me later” by cookie or by mail.

Uses the models and newsroom.
Begin with deciding.py and ask_cookie.py, then reminders.py and reminding.py.
"""
