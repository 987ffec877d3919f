"""The database and what was uploaded, sealed into a folder or a bucket; and back again.

Uses hold, accounts, core.
Begin with backup.py, then restore.py.
"""
