"""The database and what was uploaded, sealed into a folder; and back again.

Uses hold, accounts, core.
Begin with backup.py, then restore.py.
"""
