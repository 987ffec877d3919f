"""The ask: when a visitor sees it, and “remind me later” by cookie or by mail.

Uses the models and newsroom.
Begin with deciding.py, then ask_cookie.py and reminders.py.
"""
